// A convolution behind a batch norm and a ReLU keeps what its input is made of, and computes as if it had kept the
// input.
#include <c10/util/intrusive_ptr.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "kernels/instruction_set.h"
#include "rxrun/layers/batch_norm.h"
#include "rxrun/layers/conv.h"
#include "src/pointwise.h"

namespace rxrun::layers {
namespace {

using torch::Tensor;

struct Case {
  std::string name;
  Conv::Options conv;
};

class RectifiedTest : public testing::TestWithParam<std::tuple<Case, torch::ScalarType>> {
 protected:
  static constexpr std::int64_t kChannels = 128;
  RectifiedTest() : norm_({}, {kChannels, 8, 8}), conv_(std::get<0>(GetParam()).conv, {kChannels, 8, 8}) {
    norm_.materialize(1, at::kCPU);
    conv_.materialize(2, at::kCPU);
    norm_.set_training(true);
    torch::manual_seed(3);
    x_ = (at::randn({6, kChannels, 8, 8}) + 0.5)
             .to(std::get<1>(GetParam()))
             .contiguous(at::MemoryFormat::ChannelsLast)
             .requires_grad_();
  }
  // Elsewhere the kernels are not used, and the input is kept.
  void SetUp() override {
    if (kernels::best_instruction_set() == kernels::InstructionSet::portable) GTEST_SKIP();
    const bool one = conv_.window().kernel == Extent{1, 1};
    if (one && !is_pointwise(x_, conv_.weight(), {}, conv_.window(), 1)) GTEST_SKIP();
  }

  // The result, and the gradients of x and of all weights for `gradient` of the result.
  struct Answer {
    Tensor y;
    std::vector<Tensor> gradients;
  };
  template <typename Forward>
  Answer answer(const Forward& forward) {
    const Tensor y = forward(norm_.rectify(x_));
    torch::manual_seed(4);
    const std::vector<Tensor> of = {x_, conv_.weight(), *norm_.tensors()[0].slot, *norm_.tensors()[1].slot};
    return {y, torch::autograd::grad({y}, of, {at::randn_like(y)})};
  }

  BatchNorm norm_;
  Conv conv_;
  Tensor x_;
};

TEST_P(RectifiedTest, ComputesTheSameBits) {
  const Answer again = answer([&](const Rectified& input) { return conv_.forward(input); });
  const Answer kept = answer([&](const Rectified& input) { return conv_.forward(input.y); });
  EXPECT_TRUE(again.y.equal(kept.y));
  for (std::size_t i = 0; i < kept.gradients.size(); ++i)
    EXPECT_TRUE(again.gradients[i].equal(kept.gradients[i])) << "gradient " << i;
}

TEST_P(RectifiedTest, DoesNotKeepItsInput) {
  Rectified input = norm_.rectify(x_);
  ASSERT_TRUE(input.x.defined());
  const c10::weak_intrusive_ptr<c10::StorageImpl> pixels(
      c10::intrusive_ptr<c10::StorageImpl>::reclaim_copy(input.y.storage().unsafeGetStorageImpl()));
  const Tensor y = conv_.forward(input);
  EXPECT_FALSE(pixels.expired());
  input = {};
  EXPECT_TRUE(pixels.expired());
}

Conv::Options grouped(std::int64_t stride) {
  Conv::Options options;
  options.channels = 128;
  options.groups = 32;
  options.stride = {stride, stride};
  return options;
}

Conv::Options pointwise() {
  Conv::Options options;
  options.channels = 256;
  options.kernel = {1, 1};
  return options;
}

INSTANTIATE_TEST_SUITE_P(All, RectifiedTest,
                         testing::Combine(testing::Values(Case{"grouped", grouped(1)}, Case{"strided", grouped(2)},
                                                          Case{"pointwise", pointwise()}),
                                          testing::Values(at::kFloat, at::kBFloat16)),
                         [](const auto& test) {
                           return std::get<0>(test.param).name + "_" + c10::toString(std::get<1>(test.param));
                         });

}  // namespace
}  // namespace rxrun::layers
