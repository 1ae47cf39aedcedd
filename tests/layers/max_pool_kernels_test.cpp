#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "kernels/max_pool.h"

namespace rxrun::kernels {
namespace {

// Numbers that both types hold to the digit; many are equal.
std::vector<float> whole_numbers(std::int64_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<float> numbers(static_cast<std::size_t>(count));
  for (float& number : numbers) number = static_cast<float>(static_cast<int>(engine() % 41) - 20);
  return numbers;
}

class MaxPoolKernel : public testing::TestWithParam<std::tuple<InstructionSet, NumberType>> {
 protected:
  void SetUp() override {
    if (!has_instruction_set(std::get<0>(GetParam()))) GTEST_SKIP() << "not an instruction set of this processor";
  }
  const MaxPoolKernels& kernels() const { return max_pool_kernels(std::get<0>(GetParam())); }
  NumberType type() const { return std::get<1>(GetParam()); }

  std::vector<std::uint8_t> bytes(const std::vector<float>& numbers) const {
    const std::size_t size = type() == NumberType::float32 ? 4 : 2;
    std::vector<std::uint8_t> raw(numbers.size() * size);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const std::uint32_t bits = std::bit_cast<std::uint32_t>(numbers[i]) >> (size == 4 ? 0 : 16);
      std::memcpy(&raw[i * size], &bits, size);
    }
    return raw;
  }
  std::vector<float> floats(const std::vector<std::uint8_t>& raw) const {
    const std::size_t size = type() == NumberType::float32 ? 4 : 2;
    std::vector<float> numbers(raw.size() / size);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &raw[i * size], size);
      numbers[i] = std::bit_cast<float>(bits << (size == 4 ? 0 : 16));
    }
    return numbers;
  }
};

MaxPooling pooling(std::int64_t height, std::int64_t width, std::int64_t kernel, std::int64_t stride,
                   std::int64_t padding, std::int64_t channels, NumberType type) {
  return {.batch = 2,
          .channels = channels,
          .height = height,
          .width = width,
          .out_height = (height + 2 * padding - kernel) / stride + 1,
          .out_width = (width + 2 * padding - kernel) / stride + 1,
          .kernel_height = kernel,
          .kernel_width = kernel,
          .stride_height = stride,
          .stride_width = stride,
          .padding_height = padding,
          .padding_width = padding,
          .type = type};
}

struct Expected {
  std::vector<float> y, dx;
};

// By the definition, a number at a time.
Expected expected(const MaxPooling& p, const std::vector<float>& x, const std::vector<float>& dy) {
  Expected result{{}, std::vector<float>(x.size())};
  for (std::int64_t n = 0; n < p.batch; ++n)
    for (std::int64_t oh = 0; oh < p.out_height; ++oh)
      for (std::int64_t ow = 0; ow < p.out_width; ++ow)
        for (std::int64_t c = 0; c < p.channels; ++c) {
          float largest = -std::numeric_limits<float>::infinity();
          std::size_t place = 0;
          bool found = false;
          for (std::int64_t i = 0; i < p.kernel_height; ++i)
            for (std::int64_t j = 0; j < p.kernel_width; ++j) {
              const std::int64_t h = oh * p.stride_height - p.padding_height + i,
                                 w = ow * p.stride_width - p.padding_width + j;
              if (h < 0 || h >= p.height || w < 0 || w >= p.width) continue;
              const auto at = static_cast<std::size_t>(((n * p.height + h) * p.width + w) * p.channels + c);
              if (!found || x[at] > largest) largest = x[at], place = at;
              found = true;
            }
          result.dx[place] += dy[result.y.size()];
          result.y.push_back(largest);
        }
  return result;
}

TEST_P(MaxPoolKernel, TakesTheFirstLargestAndGivesItTheGradient) {
  const MaxPooling poolings[] = {pooling(8, 7, 3, 2, 1, 32, type()), pooling(9, 6, 2, 2, 0, 16, type()),
                                 pooling(5, 5, 3, 1, 1, 48, type()), pooling(11, 8, 2, 3, 1, 16, type()),
                                 pooling(16, 16, 16, 16, 0, 16, type())};
  for (const MaxPooling& p : poolings) {
    ASSERT_TRUE(kernels().takes(p));
    const std::vector<float> x = whole_numbers(p.batch * p.height * p.width * p.channels, 1);
    const std::vector<float> dy = whole_numbers(p.batch * p.out_height * p.out_width * p.channels, 2);
    const Expected right = expected(p, x, dy);
    std::vector<std::uint8_t> y = bytes(std::vector<float>(dy.size(), 99.0f)),
                              dx = bytes(std::vector<float>(x.size(), 99.0f));
    std::vector<std::uint8_t> places(dy.size());
    // In two halves, the second first.
    const std::int64_t rows = p.batch * p.out_height, in_rows = p.batch * p.height;
    kernels().forward(p, bytes(x).data(), y.data(), places.data(), rows / 2, rows);
    kernels().forward(p, bytes(x).data(), y.data(), places.data(), 0, rows / 2);
    EXPECT_EQ(floats(y), right.y);
    kernels().input_gradient(p, bytes(dy).data(), places.data(), dx.data(), in_rows / 2, in_rows);
    kernels().input_gradient(p, bytes(dy).data(), places.data(), dx.data(), 0, in_rows / 2);
    EXPECT_EQ(floats(dx), right.dx);
    std::vector<std::uint8_t> alone = bytes(std::vector<float>(dy.size(), 99.0f));
    kernels().forward(p, bytes(x).data(), alone.data(), nullptr, 0, rows);
    EXPECT_EQ(alone, y);
  }
}

TEST_P(MaxPoolKernel, NotANumberWinsAndInfinitiesHaveAPlace) {
  const MaxPooling p = pooling(4, 4, 2, 2, 0, 16, type());
  std::vector<float> x(2 * 4 * 4 * 16, -std::numeric_limits<float>::infinity());
  x[0] = std::nanf("");
  std::vector<std::uint8_t> y = bytes(std::vector<float>(2 * 2 * 2 * 16)), places(2 * 2 * 2 * 16, 77);
  kernels().forward(p, bytes(x).data(), y.data(), places.data(), 0, 4);
  EXPECT_TRUE(std::isnan(floats(y)[0]));
  EXPECT_EQ(floats(y)[1], -std::numeric_limits<float>::infinity());
  EXPECT_THAT(places, testing::Each(0));
}

TEST_P(MaxPoolKernel, RefusesWhatItsPlacesCannotHold) {
  EXPECT_FALSE(kernels().takes(pooling(64, 64, 17, 1, 0, 16, type())));
  EXPECT_FALSE(kernels().takes(pooling(8, 8, 2, 2, 0, 24, type())));
}

INSTANTIATE_TEST_SUITE_P(All, MaxPoolKernel,
                         testing::Combine(testing::ValuesIn(kInstructionSets),
                                          testing::Values(NumberType::float32, NumberType::bfloat16)));

}  // namespace
}  // namespace rxrun::kernels
