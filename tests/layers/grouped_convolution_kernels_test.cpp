#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "kernels/grouped_convolution.h"

namespace rxrun::kernels {
namespace {

using Numbers = std::vector<double>;

struct Case {
  std::int64_t batch, channels, group, height, width, kernel_height, kernel_width, stride, padding_height,
      padding_width;

  GroupedConvolution shape() const {
    return {batch,
            channels,
            group,
            height,
            width,
            (height + 2 * padding_height - kernel_height) / stride + 1,
            (width + 2 * padding_width - kernel_width) / stride + 1,
            kernel_height,
            kernel_width,
            stride,
            padding_height,
            padding_width};
  }
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.batch << " images of " << c.channels << "×" << c.height << "×" << c.width << ", groups of " << c.group
             << ", kernel " << c.kernel_height << "×" << c.kernel_width << ", stride " << c.stride << ", padding "
             << c.padding_height << "×" << c.padding_width;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {3, 32, 1, 9, 7, 3, 3, 1, 1, 1},   {2, 48, 2, 16, 16, 3, 3, 1, 1, 1}, {5, 64, 4, 8, 8, 3, 3, 1, 1, 1},
      {9, 32, 8, 4, 4, 3, 3, 1, 1, 1},   {40, 32, 16, 2, 2, 3, 3, 1, 1, 1}, {3, 64, 32, 7, 7, 3, 3, 1, 1, 1},
      {2, 16, 1, 17, 15, 3, 3, 2, 1, 1}, {2, 32, 2, 16, 16, 3, 3, 2, 1, 1}, {3, 32, 4, 15, 14, 3, 3, 2, 1, 1},
      {3, 32, 8, 8, 7, 3, 3, 2, 1, 1},   {3, 32, 16, 4, 4, 3, 3, 2, 1, 1},  {2, 32, 32, 5, 6, 3, 3, 2, 1, 1},
      {2, 16, 1, 9, 10, 7, 7, 1, 3, 3},  {2, 16, 2, 9, 10, 5, 5, 2, 2, 2},  {2, 16, 4, 6, 5, 1, 1, 1, 0, 0},
      {2, 16, 4, 6, 5, 1, 1, 2, 0, 0},   {2, 16, 8, 6, 5, 2, 4, 1, 0, 1},   {2, 16, 2, 6, 9, 2, 3, 2, 1, 0},
      {2, 16, 16, 1, 1, 3, 3, 1, 1, 1},  {1, 16, 4, 3, 1, 3, 3, 2, 1, 1},   {2, 16, 4, 5, 5, 3, 3, 1, 4, 3},
      {2, 16, 2, 30, 31, 3, 3, 1, 0, 0}, {70, 16, 8, 3, 5, 3, 2, 1, 1, 1},
  };
  return list;
}

std::int64_t channel_of_group(const GroupedConvolution& s, std::int64_t k, std::int64_t c) {
  return k / s.group_channels * s.group_channels + c;
}

// Calls product(index of x, index of w, index of y) for each product of the definition. The weight is dense in its
// order.
template <typename Product>
void each_product(const GroupedConvolution& s, const Product& product) {
  for (std::int64_t n = 0; n < s.batch; ++n)
    for (std::int64_t i = 0; i < s.out_height; ++i)
      for (std::int64_t j = 0; j < s.out_width; ++j)
        for (std::int64_t u = 0; u < s.kernel_height; ++u)
          for (std::int64_t v = 0; v < s.kernel_width; ++v) {
            const std::int64_t a = s.stride * i + u - s.padding_height, b = s.stride * j + v - s.padding_width;
            if (a < 0 || a >= s.height || b < 0 || b >= s.width) continue;
            for (std::int64_t k = 0; k < s.channels; ++k)
              for (std::int64_t c = 0; c < s.group_channels; ++c) {
                product(((n * s.height + a) * s.width + b) * s.channels + channel_of_group(s, k, c),
                        ((k * s.group_channels + c) * s.kernel_height + u) * s.kernel_width + v,
                        ((n * s.out_height + i) * s.out_width + j) * s.channels + k);
              }
          }
}

// A tensor of either type, and its values.
struct Tensor {
  NumberType type;
  std::vector<float> floats;
  std::vector<Bfloat16> halves;

  Tensor(NumberType the_type, std::size_t size) : type(the_type) {
    // Not a number, so that what is not written shows.
    floats.assign(type == NumberType::float32 ? size : 0, std::nanf(""));
    halves.assign(type == NumberType::bfloat16 ? size : 0, {0x7fc0});
  }
  void* data() { return type == NumberType::float32 ? static_cast<void*>(floats.data()) : halves.data(); }
  std::size_t size() const { return floats.size() + halves.size(); }
  double at(std::size_t i) const {
    return type == NumberType::float32 ? floats[i]
                                       : std::bit_cast<float>(static_cast<std::uint32_t>(halves[i].bits) << 16);
  }
  Numbers values() const {
    Numbers values(size());
    for (std::size_t i = 0; i < size(); ++i) values[i] = at(i);
    return values;
  }
};

// Eighths between -2 and 2: exact in bfloat16.
Tensor random_tensor(NumberType type, std::size_t size, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int> eighths(-16, 16);
  Tensor tensor(type, size);
  for (std::size_t i = 0; i < size; ++i) {
    const float value = static_cast<float>(eighths(engine)) / 8.0f;
    if (type == NumberType::float32)
      tensor.floats[i] = value;
    else
      tensor.halves[i].bits = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
  }
  return tensor;
}

void expect_close(const Numbers& actual, const Numbers& expected, double tolerance, const char* what) {
  double scale = 1.0, apart = 0.0;
  for (const double value : expected) scale = std::max(scale, std::abs(value));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(actual[i] - expected[i]);
    apart = difference <= apart ? apart : difference;  // not-a-number too
  }
  EXPECT_LE(apart, tolerance * scale) << what;
}

class GroupedConvolutionKernel : public testing::TestWithParam<std::tuple<InstructionSet, NumberType>> {
 protected:
  void SetUp() override {
    if (!has_instruction_set(std::get<0>(GetParam()))) GTEST_SKIP() << "not an instruction set of this processor";
  }
  const GroupedConvolutionKernels& kernels() const { return grouped_convolution_kernels(std::get<0>(GetParam())); }
  NumberType type() const { return std::get<1>(GetParam()); }
  // Sums of products of eighths are exact in float32 at these sizes; bfloat16 rounds once.
  double tolerance() const { return type() == NumberType::float32 ? 0.0 : 1.0 / 256; }
};

struct Tensors {
  Tensors(const GroupedConvolution& s, NumberType type)
      : x(random_tensor(type, static_cast<std::size_t>(s.batch * s.height * s.width * s.channels), 1)),
        w(random_tensor(NumberType::float32,
                        static_cast<std::size_t>(s.channels * s.group_channels * s.kernel_height * s.kernel_width), 2)),
        dy(random_tensor(type, static_cast<std::size_t>(s.batch * s.out_height * s.out_width * s.channels), 3)) {}
  Tensor x, w, dy;
};

WeightStrides dense(const GroupedConvolution& s) {
  const std::int64_t area = s.kernel_height * s.kernel_width;
  return {s.group_channels * area, area, s.kernel_width, 1};
}

TEST_P(GroupedConvolutionKernel, MatchesItsDefinition) {
  for (const Case& test : cases()) {
    SCOPED_TRACE(testing::Message() << test);
    const GroupedConvolution s = test.shape();
    ASSERT_TRUE(kernels().takes(s));
    Tensors t(s, type());
    Numbers y(t.dy.size()), dx(t.x.size()), dw(t.w.size());
    const Numbers x = t.x.values(), w = t.w.values(), dy = t.dy.values();
    each_product(s, [&](std::int64_t at_x, std::int64_t at_w, std::int64_t at_y) {
      y[at_y] += x[at_x] * w[at_w];
      dx[at_x] += dy[at_y] * w[at_w];
      dw[at_w] += dy[at_y] * x[at_x];
    });

    Tensor actual_y(type(), y.size()), actual_dx(type(), dx.size()), actual_dw(NumberType::float32, dw.size());
    kernels().forward(s, type(), t.x.data(), t.w.floats.data(), dense(s), actual_y.data(), 0, kernels().tasks(s));
    expect_close(actual_y.values(), y, tolerance(), "y");
    kernels().input_gradient(s, type(), t.dy.data(), t.w.floats.data(), dense(s), actual_dx.data(), 0,
                             kernels().tasks(s));
    expect_close(actual_dx.values(), dx, tolerance(), "gradient of x");
    std::vector<float> partial(static_cast<std::size_t>(kernels().partial_size(s)), std::nanf(""));
    kernels().partial_weight_gradient(s, type(), t.x.data(), t.dy.data(), partial.data(), 0,
                                      kernels().partial_tasks(s));
    kernels().sum_weight_gradient(s, partial.data(), actual_dw.floats.data(), dense(s), 0, kernels().sum_tasks(s));
    expect_close(actual_dw.values(), dw, 0.0, "gradient of the weight");
  }
}

TEST_P(GroupedConvolutionKernel, TasksMayRunInAnyOrder) {
  const GroupedConvolution s = Case{5, 64, 4, 8, 8, 3, 3, 1, 1, 1}.shape();
  Tensors t(s, type());
  Tensor whole(type(), t.dy.size()), parts(type(), t.dy.size());
  const std::int64_t tasks = kernels().tasks(s);
  ASSERT_GT(tasks, 3);
  kernels().forward(s, type(), t.x.data(), t.w.floats.data(), dense(s), whole.data(), 0, tasks);
  for (std::int64_t task = tasks; task-- > 0;)
    kernels().forward(s, type(), t.x.data(), t.w.floats.data(), dense(s), parts.data(), task, task + 1);
  EXPECT_EQ(whole.values(), parts.values());
}

TEST_P(GroupedConvolutionKernel, TakesWeightsInChannelsLastMemory) {
  const GroupedConvolution s = Case{2, 32, 8, 5, 6, 3, 3, 2, 1, 1}.shape();
  const WeightStrides last = {9 * s.group_channels, 1, 3 * s.group_channels, s.group_channels};
  Tensors t(s, type());
  std::vector<float> moved(t.w.floats.size());
  for (std::int64_t k = 0; k < s.channels; ++k)
    for (std::int64_t c = 0; c < s.group_channels; ++c)
      for (std::int64_t tap = 0; tap < 9; ++tap)
        moved[k * last.channel + c + tap * last.column] = t.w.floats[(k * s.group_channels + c) * 9 + tap];
  Tensor plain(type(), t.dy.size()), channels_last(type(), t.dy.size());
  kernels().forward(s, type(), t.x.data(), t.w.floats.data(), dense(s), plain.data(), 0, kernels().tasks(s));
  kernels().forward(s, type(), t.x.data(), moved.data(), last, channels_last.data(), 0, kernels().tasks(s));
  EXPECT_EQ(plain.values(), channels_last.values());
}

TEST_P(GroupedConvolutionKernel, RefusesWhatItWasNotMadeFor) {
  const GroupedConvolution good = Case{2, 32, 8, 5, 6, 3, 3, 2, 1, 1}.shape();
  ASSERT_TRUE(kernels().takes(good));
  const auto changed = [&](auto change) {
    GroupedConvolution shape = good;
    change(shape);
    return kernels().takes(shape);
  };
  EXPECT_FALSE(changed([](GroupedConvolution& s) { s.stride = 3; }));
  EXPECT_FALSE(changed([](GroupedConvolution& s) { s.channels = 24; }));
  EXPECT_FALSE(changed([](GroupedConvolution& s) { s.group_channels = 3; }));
  EXPECT_FALSE(changed([](GroupedConvolution& s) { s.group_channels = 64; }));
  EXPECT_FALSE(changed([](GroupedConvolution& s) { s.kernel_width = 12; }));
  EXPECT_FALSE(changed([](GroupedConvolution& s) { s.out_height = 0; }));
  EXPECT_FALSE(changed([](GroupedConvolution& s) { s.height = s.width = 600; }));
}

TEST_P(GroupedConvolutionKernel, RoundsToNearestEven) {
  if (type() != NumberType::bfloat16) GTEST_SKIP();
  const GroupedConvolution s = Case{1, 16, 1, 1, 1, 1, 1, 1, 0, 0}.shape();
  Tensor x(type(), 16), y(type(), 16);
  std::vector<float> w(16);
  for (int k = 0; k < 16; ++k) x.halves[k].bits = 0x3f80;  // 1
  // Exactly between two neighbours, a little above, and what must stay as it is.
  const std::uint32_t bits[] = {0x3f808000, 0x3f818000, 0x3f808001, 0x3f807fff,
                                0x7fc00001, 0x7f800000, 0xff800000, 0x80000000};
  const std::uint16_t expected[] = {0x3f80, 0x3f82, 0x3f81, 0x3f80, 0x7fc0, 0x7f80, 0xff80};
  for (int k = 0; k < 16; ++k) w[k] = std::bit_cast<float>(bits[k % 8]);
  kernels().forward(s, type(), x.data(), w.data(), dense(s), y.data(), 0, kernels().tasks(s));
  for (int k = 0; k < 16; ++k) {
    if (k % 8 == 7) continue;
    EXPECT_EQ(y.halves[k].bits, expected[k % 8]) << k;
  }
}

std::string parameter_name(const testing::TestParamInfo<GroupedConvolutionKernel::ParamType>& info) {
  const char* const sets[] = {"portable", "avx2", "avx512", "avx512_bfloat16"};
  const auto [set, type] = info.param;
  return std::string(sets[static_cast<int>(set)]) + (type == NumberType::float32 ? "_float32" : "_bfloat16");
}

INSTANTIATE_TEST_SUITE_P(All, GroupedConvolutionKernel,
                         testing::Combine(testing::ValuesIn(kInstructionSets),
                                          testing::Values(NumberType::float32, NumberType::bfloat16)),
                         parameter_name);

}  // namespace
}  // namespace rxrun::kernels
