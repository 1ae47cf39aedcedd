#include "training/training_state.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace rxrun {
namespace {

TEST(TrainingState, ComesBackToTheBit) {
  TrainingState state;
  state.epoch = 17;
  state.best_epoch = 12;
  state.best = {{"validation_accuracy", 0.1 + 0.2}, {"validation_loss", std::numeric_limits<double>::infinity()}};
  state.best_accuracy = {.epoch = 11, .value = 0.1 + 0.7};
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

// As rxrun 0.1 wrote it: no mark of its words, in which the part that is scored every epoch is `test`, and no best
// accuracy.
TEST(TrainingState, OfRxrun01GetsTheWordsOfTodayAndTheAccuracyOfItsKeptEpoch) {
  TrainingState state;
  state.epoch = 5;
  state.best_epoch = 3;
  state.best = {{"test_accuracy", 0.75}, {"test_loss", 0.5}, {"train_accuracy", 0.25}};
  state.last.values = {{"test_accuracy", 0.625}, {"train_loss", 0.125}};
  nlohmann::json old = nlohmann::json::parse(to_json(state));
  old.erase("words");
  old.erase("best_accuracy");
  TrainingState now = state;
  now.best = {{"validation_accuracy", 0.75}, {"validation_loss", 0.5}, {"train_accuracy", 0.25}};
  now.last.values = {{"validation_accuracy", 0.625}, {"train_loss", 0.125}};
  now.best_accuracy = {.epoch = 3, .value = 0.75};
  EXPECT_EQ(state_from_json(old.dump()), now);

  old["best"]["test_accuracy"] = "nan";
  EXPECT_EQ(state_from_json(old.dump()).best_accuracy, BestAccuracy()) << "none was measured";
  old["best"] = nlohmann::json::object();
  EXPECT_EQ(state_from_json(old.dump()).best_accuracy, BestAccuracy()) << "stopped within the first epoch";
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
