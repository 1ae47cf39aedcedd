#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "kernels/batch_norm.h"

namespace rxrun::kernels {
namespace {

using Numbers = std::vector<double>;

// {pixels, channels} of either type; `values` are what the tensor really holds.
struct Tensor {
  NumberType type;
  std::vector<float> floats;
  std::vector<Bfloat16> halves;

  Tensor(NumberType the_type, std::size_t size) : type(the_type) {
    floats.assign(type == NumberType::float32 ? size : 0, std::nanf(""));
    halves.assign(type == NumberType::bfloat16 ? size : 0, {0x7fc0});
  }
  Tensor(NumberType the_type, std::size_t size, unsigned seed, float mean) : Tensor(the_type, size) {
    std::mt19937 engine(seed);
    std::normal_distribution<float> normal(mean, 1.0f);
    for (std::size_t i = 0; i < size; ++i) {
      const float value = normal(engine);
      if (type == NumberType::float32)
        floats[i] = value;
      else
        halves[i].bits = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
    }
  }
  void* data() { return type == NumberType::float32 ? static_cast<void*>(floats.data()) : halves.data(); }
  void clear(std::size_t i) {
    if (type == NumberType::float32)
      floats[i] = 0.0f;
    else
      halves[i].bits = 0;
  }
  double operator[](std::size_t i) const {
    return type == NumberType::float32 ? floats[i]
                                       : std::bit_cast<float>(static_cast<std::uint32_t>(halves[i].bits) << 16);
  }
};

class BatchNormKernel : public testing::TestWithParam<std::tuple<InstructionSet, NumberType>> {
 protected:
  void SetUp() override {
    if (!has_instruction_set(std::get<0>(GetParam()))) GTEST_SKIP() << "not an instruction set of this processor";
  }
  const BatchNormKernels& kernels() const { return batch_norm_kernels(std::get<0>(GetParam())); }
  NumberType type() const { return std::get<1>(GetParam()); }
  double tolerance() const { return type() == NumberType::float32 ? 2e-6 : 1.0 / 256; }
  // More than one block and a rest of channels; several tasks and a rest of pixels; less than one of each.
  std::vector<NormalizedTensor> shapes() const {
    return {{5003, 80, type()}, {1, 16, type()}, {65, 144, type()}, {1024, 64, type()}};
  }
  void expect_near(double actual, double expected, double scale = 1.0) const {
    EXPECT_LE(std::abs(actual - expected), tolerance() * (scale + std::abs(expected)))
        << actual << " in place of " << expected;
  }
};

std::size_t size_of(const NormalizedTensor& t) { return static_cast<std::size_t>(t.pixels * t.channels); }

std::vector<float> numbers(const NormalizedTensor& t, unsigned seed) {
  return Tensor(NumberType::float32, static_cast<std::size_t>(t.channels), seed, 0.25f).floats;
}

TEST_P(BatchNormKernel, SumsAreExactWhereTheMeanIsLarge) {
  for (const NormalizedTensor& t : shapes()) {
    SCOPED_TRACE(t.pixels);
    Tensor x(type(), size_of(t), 1, 3e4f);  // with a deviation of 1, or what bfloat16 leaves of it
    std::vector<float> origin(t.channels, std::nanf(""));
    std::vector<double> sums(kernels().sums_size(t), std::nan("")), first(t.channels), second(t.channels);
    kernels().origin(t, x.data(), origin.data());
    kernels().sum(t, x.data(), origin.data(), sums.data(), 0, kernels().tasks(t));
    kernels().total(t, sums.data(), first.data(), second.data());
    for (std::int64_t c = 0; c < t.channels; ++c) {
      double mean = 0.0, variance = 0.0;
      for (std::int64_t i = 0; i < t.pixels; ++i) mean += x[i * t.channels + c] / static_cast<double>(t.pixels);
      for (std::int64_t i = 0; i < t.pixels; ++i)
        variance += std::pow(x[i * t.channels + c] - mean, 2) / static_cast<double>(t.pixels);
      const double apart = first[c] / static_cast<double>(t.pixels);
      ASSERT_NEAR(origin[c] + apart, mean, 1e-4);
      ASSERT_NEAR(second[c] / static_cast<double>(t.pixels) - apart * apart, variance, 1e-5 * (1.0 + variance));
    }
  }
}

TEST_P(BatchNormKernel, NormalizesAddsAndClips) {
  for (const NormalizedTensor& t : shapes()) {
    Tensor x(type(), size_of(t), 1, 0.0f), residual(type(), size_of(t), 2, 0.0f);
    const std::vector<float> scale = numbers(t, 3), shift = numbers(t, 4);
    for (const auto& [with_residual, relu] : {std::pair{false, false}, {false, true}, {true, true}}) {
      Tensor y(type(), size_of(t));
      kernels().normalize(t, x.data(), scale.data(), shift.data(), with_residual ? residual.data() : nullptr, relu,
                          y.data(), 0, kernels().tasks(t));
      for (std::size_t i = 0; i < size_of(t); ++i) {
        const std::size_t c = i % static_cast<std::size_t>(t.channels);
        const double value = x[i] * scale[c] + shift[c] + (with_residual ? residual[i] : 0.0);
        expect_near(y[i], relu ? std::max(value, 0.0) : value);
        if (HasFailure()) return;
      }
    }
  }
}

TEST_P(BatchNormKernel, NotANumberIsNotClipped) {
  const NormalizedTensor t{1, 16, type()};
  Tensor x(type(), 16), y(type(), 16, 1, 0.0f);
  const std::vector<float> ones(16, 1.0f);
  kernels().normalize(t, x.data(), ones.data(), ones.data(), nullptr, true, y.data(), 0, kernels().tasks(t));
  for (std::size_t i = 0; i < 16; ++i) EXPECT_TRUE(std::isnan(y[i]));
}

TEST_P(BatchNormKernel, GradientsPassTheMask) {
  for (const NormalizedTensor& t : shapes()) {
    Tensor x(type(), size_of(t), 1, 0.5f), dy(type(), size_of(t), 2, 0.0f), y(type(), size_of(t), 3, 0.0f);
    for (std::size_t i = 0; i < size_of(t); i += 3) y.clear(i);  // as ReLU leaves them
    const std::vector<float> scale = numbers(t, 4), shift = numbers(t, 5), mean = numbers(t, 6);
    const std::vector<float> by_gradient = numbers(t, 7), by_input = numbers(t, 8), constant = numbers(t, 9);
    for (const Mask mask : {Mask::none, Mask::by_input, Mask::by_output}) {
      const BatchNormKernels::Gradient gradient{mask,         dy.data(),    x.data(),   y.data(),
                                                scale.data(), shift.data(), mean.data()};
      Tensor masked(type(), size_of(t)), dx(type(), size_of(t));
      std::vector<double> sums(kernels().sums_size(t), std::nan("")), first(t.channels), second(t.channels);
      kernels().sum_gradients(t, gradient, masked.data(), sums.data(), 0, kernels().tasks(t));
      kernels().total(t, sums.data(), first.data(), second.data());
      if (mask != Mask::by_output) {
        kernels().input_gradient(t, gradient, by_gradient.data(), by_input.data(), constant.data(), dx.data(), 0,
                                 kernels().tasks(t));
      }
      Numbers expected_first(t.channels), expected_second(t.channels);
      for (std::size_t i = 0; i < size_of(t); ++i) {
        const std::size_t c = i % static_cast<std::size_t>(t.channels);
        const bool open =
            mask == Mask::none ||
            (mask == Mask::by_input ? std::fma(static_cast<float>(x[i]), scale[c], shift[c]) > 0.0f : y[i] > 0.0);
        const double g = open ? dy[i] : 0.0;
        expected_first[c] += g;
        expected_second[c] += g * (x[i] - mean[c]);
        if (mask == Mask::by_output)
          ASSERT_EQ(masked[i], g);
        else
          expect_near(dx[i], by_gradient[c] * g + by_input[c] * (x[i] - mean[c]) + constant[c]);
      }
      for (std::int64_t c = 0; c < t.channels; ++c) {
        EXPECT_NEAR(first[c], expected_first[c], 1e-6 * static_cast<double>(t.pixels));
        EXPECT_NEAR(second[c], expected_second[c], 1e-6 * static_cast<double>(t.pixels));
      }
      if (HasFailure()) return;
    }
  }
}

TEST_P(BatchNormKernel, TasksMayRunInAnyOrder) {
  const NormalizedTensor t = shapes()[0];
  const std::int64_t tasks = kernels().tasks(t);
  ASSERT_GT(tasks, 3);
  Tensor x(type(), size_of(t), 1, 5.0f);
  std::vector<float> origin(t.channels);
  kernels().origin(t, x.data(), origin.data());
  std::vector<double> whole(kernels().sums_size(t)), parts(kernels().sums_size(t));
  kernels().sum(t, x.data(), origin.data(), whole.data(), 0, tasks);
  for (std::int64_t task = tasks; task-- > 0;) kernels().sum(t, x.data(), origin.data(), parts.data(), task, task + 1);
  EXPECT_EQ(whole, parts);
}

TEST_P(BatchNormKernel, TakesWholeVectors) {
  EXPECT_TRUE(kernels().takes({1, 48, type()}));
  EXPECT_FALSE(kernels().takes({1, 24, type()}));
  EXPECT_FALSE(kernels().takes({0, 48, type()}));
}

std::string parameter_name(const testing::TestParamInfo<BatchNormKernel::ParamType>& info) {
  const char* const sets[] = {"portable", "avx2", "avx512", "avx512_bfloat16"};
  const auto [set, type] = info.param;
  return std::string(sets[static_cast<int>(set)]) + (type == NumberType::float32 ? "_float32" : "_bfloat16");
}

INSTANTIATE_TEST_SUITE_P(All, BatchNormKernel,
                         testing::Combine(testing::ValuesIn(kInstructionSets),
                                          testing::Values(NumberType::float32, NumberType::bfloat16)),
                         parameter_name);

}  // namespace
}  // namespace rxrun::kernels
