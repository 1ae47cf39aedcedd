#include "training/test_time_augmentation.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "network/forward.h"
#include "tiny.h"
#include "training/evaluate.h"

namespace rxrun {
namespace {

class TestTimeAugmentationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    prepare(network, 1, "cpu");
    set_training(network, false);
    pixels = torch::rand({3, network.input.at(0), network.input.at(1), network.input.at(2)})
                 .contiguous(at::MemoryFormat::ChannelsLast);
  }
  at::Tensor scores(const at::Tensor& x, TestTimeAugmentation augmentation) {
    return logits_of(network, x, augmentation).softmax(1);
  }

  at::NoGradGuard no_gradient;
  Network network = tiny::network();
  at::Tensor pixels;
};

TEST_F(TestTimeAugmentationTest, NoneIsTheNetwork) {
  EXPECT_TRUE(at::equal(logits_of(network, pixels, TestTimeAugmentation::none), forward(network, pixels)));
}

TEST_F(TestTimeAugmentationTest, MirroredIsTheMeanOfTwo) {
  const at::Tensor mirror = pixels.flip({3}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor mean = (scores(pixels, TestTimeAugmentation::none) + scores(mirror, TestTimeAugmentation::none)) / 2;
  EXPECT_TRUE(at::allclose(scores(pixels, TestTimeAugmentation::mirrored), mean, 1e-4, 1e-5));
  EXPECT_FALSE(at::equal(scores(pixels, TestTimeAugmentation::none), scores(mirror, TestTimeAugmentation::none)));
}

TEST_F(TestTimeAugmentationTest, DihedralDoesNotSeeHowAnImageLies) {
  const at::Tensor turned = pixels.rot90(1, {2, 3}).flip({2}).contiguous(at::MemoryFormat::ChannelsLast);
  EXPECT_TRUE(at::allclose(scores(pixels, TestTimeAugmentation::dihedral),
                           scores(turned, TestTimeAugmentation::dihedral), 1e-4, 1e-5));
  EXPECT_FALSE(
      at::allclose(scores(pixels, TestTimeAugmentation::none), scores(turned, TestTimeAugmentation::none), 1e-4, 1e-5));
}

}  // namespace
}  // namespace rxrun
