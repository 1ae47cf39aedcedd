#include "training/training_state.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rxrun {
namespace {

TEST(TrainingState, ComesBackToTheBit) {
  TrainingState state;
  state.epoch = 17;
  state.best_epoch = 12;
  state.best = {{"validation_accuracy", 0.1 + 0.2}, {"validation_loss", std::numeric_limits<double>::infinity()}};
  state.keep_best = {1.0 / 3.0, 5};
  state.early_stopping = {std::nullopt, 3};
  state.plateau = {true, 5e-324, 2, 1e-4 * 0.1};
  state.average_updates = 1234;
  state.under_way = {.batches = 7, .images = 224, .seconds = 1.1, .seconds_waited = 0.3};
  state.threads = 2;
  state.last = {.epoch = 17,
                .learning_rate = 1e-5,
                .values = {{"train_loss", 0.1}},
                .seconds = 3.3,
                .images_per_second = 201.7,
                .share_waiting = 0.01,
                .best = true};
  state.seconds = 98.765432109876543;
  EXPECT_EQ(state_from_json(to_json(state)), state);
}

TEST(TrainingState, NotANumberComesBack) {
  TrainingState state;
  state.best["validation_loss"] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(state_from_json(to_json(state)).best.at("validation_loss")));
}

TEST(TrainingState, OtherTextIsAnError) {
  for (const char* text : {"", "{}", "[]", "{\"epoch\":\"x\"}", "null"})
    EXPECT_THROW(state_from_json(text), Error) << text;
}

TEST(Watch, CountsEpochsWithoutImprovement) {
  Watch watch;
  EXPECT_TRUE(watch.improves(0.5, true, 0.0));
  EXPECT_FALSE(watch.improves(0.5, true, 0.0));
  EXPECT_FALSE(watch.improves(0.4, true, 0.0));
  EXPECT_EQ(watch.epochs_since, 2);
  EXPECT_TRUE(watch.improves(0.6, true, 0.0));
  EXPECT_EQ(watch.epochs_since, 0);
  EXPECT_FALSE(watch.improves(0.65, true, 0.1));
  EXPECT_FALSE(watch.improves(std::nan(""), true, 0.0));
  Watch loss;
  EXPECT_FALSE(loss.improves(std::nan(""), false, 0.0));
  EXPECT_TRUE(loss.improves(2.0, false, 0.0));
  EXPECT_TRUE(loss.improves(1.0, false, 0.0));
}

}  // namespace
}  // namespace rxrun
