#include "network/naming.h"

#include <gmock/gmock.h>

namespace rxrun {
namespace {

using testing::ElementsAre;

TEST(LayerNames, StemLayersAreNumberedByPrefix) {
  LayerNames names;
  EXPECT_EQ(names.stem("conv"), "conv1");
  EXPECT_EQ(names.stem("bn"), "bn1");
  EXPECT_EQ(names.stem("conv"), "conv2");
}

TEST(LayerNames, BlocksCountStagesFromOneAndBlocksFromZero) {
  LayerNames names;
  EXPECT_EQ(names.block(1, 0), "layer1.0");
  EXPECT_EQ(names.block(4, 2), "layer4.2");
}

TEST(LayerNames, HeadLayersHaveNumbersOnlyWhereThereAreSeveral) {
  LayerNames names;
  EXPECT_THAT(names.head({"global_average_pool", "fc"}), ElementsAre("global_average_pool", "fc"));
  LayerNames others;
  EXPECT_THAT(others.head({"fc", "relu", "fc"}), ElementsAre("fc1", "relu", "fc2"));
}

TEST(LayerNames, NoNameIsGivenTwice) {
  LayerNames names;
  names.stem("conv");
  EXPECT_THAT(names.head({"conv", "fc", "conv"}), ElementsAre("conv2", "fc", "conv3"));

  LayerNames clash;  // "a" number 11 and "a1" number 1
  for (int i = 0; i < 11; ++i) clash.stem("a");
  EXPECT_EQ(clash.stem("a1"), "a12");

  LayerNames stage;  // a layer that is named as a stage is
  stage.block(1, 0);
  EXPECT_THAT(stage.head({"layer", "layer"}), ElementsAre("layer2", "layer3"));
  LayerNames stem_first;
  EXPECT_EQ(stem_first.stem("layer"), "layer1");
}

}  // namespace
}  // namespace rxrun
