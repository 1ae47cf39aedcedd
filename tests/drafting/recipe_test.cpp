#include "drafting/recipe.h"

#include <gmock/gmock.h>

namespace rxrun {
namespace {

using testing::HasSubstr;
using testing::Not;

RecipeFacts facts(std::int64_t size, std::int64_t train) {
  return {.image_size = size, .train = train, .validation = train / 5, .mirrored = true};
}

TEST(Recipe, ABatchIsNoLargerThanTheTrainingPart) {
  for (const std::int64_t size : {8, 28, 64, 224})
    for (std::int64_t train = 2; train < 100'000; train = train * 3 / 2 + 1) {
      const std::int64_t batch = recipe_for(facts(size, train)).batch;
      EXPECT_LE(batch, train);
      EXPECT_GE(batch, std::min<std::int64_t>(train, 8));
      EXPECT_LE(batch, 128);
    }
}

TEST(Recipe, TheNetworkFollowsTheSizeOfTheImagesAndTheirNumber) {
  EXPECT_EQ(recipe_for(facts(28, 500)).stages.size(), 3u);
  EXPECT_EQ(recipe_for(facts(64, 500)).stages.size(), 4u);
  EXPECT_THAT(recipe_for(facts(28, 500)).stem, Not(HasSubstr("stride")));
  EXPECT_THAT(recipe_for(facts(224, 500)).stem, HasSubstr("max_pool"));
  EXPECT_THAT(recipe_for(facts(224, 500)).stages.front(), HasSubstr("depth: 1"));
  EXPECT_THAT(recipe_for(facts(224, 5'000)).stages.front(), HasSubstr("depth: 2"));
}

TEST(Recipe, ManyImagesTakeFewerEpochs) {
  EXPECT_GT(recipe_for(facts(64, 500)).epochs, recipe_for(facts(64, 5'000)).epochs);
  EXPECT_GT(recipe_for(facts(64, 5'000)).epochs, recipe_for(facts(64, 50'000)).epochs);
}

TEST(Recipe, UnequalClassesWeighAlike) {
  RecipeFacts unequal = facts(64, 500);
  EXPECT_EQ(recipe_for(unequal).loss, "");
  unequal.imbalance = 4.0;
  EXPECT_THAT(recipe_for(unequal).loss, HasSubstr("balanced"));
  EXPECT_THAT(recipe_for(unequal).keep_best, HasSubstr("validation_balanced_accuracy"));
  EXPECT_THAT(recipe_for(unequal).training_reason, HasSubstr("4.0 times"));
}

TEST(Recipe, AnEpochIsChosenByManyImagesOnly) {
  EXPECT_THAT(recipe_for(facts(64, 500)).keep_best, HasSubstr("weights: last"));
  EXPECT_THAT(recipe_for(facts(64, 50'000)).keep_best, Not(HasSubstr("weights: last")));
  EXPECT_TRUE(recipe_for(facts(64, 500)).average_weights);
  EXPECT_FALSE(recipe_for(facts(64, 20)).average_weights) << "of too few steps";
  EXPECT_FALSE(recipe_for(facts(64, 50'000)).average_weights);
}

TEST(Recipe, WhatIsNotMirroredIsNotScoredMirrored) {
  RecipeFacts sides = facts(64, 500);
  EXPECT_THAT(recipe_for(sides).augment, HasSubstr("horizontal_flip"));
  EXPECT_TRUE(recipe_for(sides).mirrored_scoring);
  sides.mirrored = false;
  EXPECT_THAT(recipe_for(sides).augment, Not(HasSubstr("flip")));
  EXPECT_FALSE(recipe_for(sides).mirrored_scoring);
}

}  // namespace
}  // namespace rxrun
