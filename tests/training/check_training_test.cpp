#include "training/check_training.h"

#include <gmock/gmock.h>

#include "diagnostics/render.h"

namespace rxrun {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// What is told of a training on these images of each part and class.
std::string told(const Experiment& experiment, const ClassImages& images) {
  try {
    return render(check_training(experiment, images));
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::usage);
    return render(error.diagnostics());
  }
}

const ClassImages whole = {{{32, 32}, {8, 8}, {8, 8}}}, partly = {{{32, 32}, {8, 0}, {8, 8}}};

Experiment watching(const std::string& metric) {
  Experiment experiment;
  experiment.training.keep_best = {metric, true};
  return experiment;
}

TEST(CheckTraining, SaysNothingOfWhatCanBeDone) {
  Experiment experiment = watching("validation_auc");
  experiment.training.loss.class_weights = {1.0, 2.0};
  EXPECT_EQ(told(experiment, whole), "");
  experiment.training.keep_best.metric = "validation_accuracy";
  EXPECT_EQ(told(experiment, partly), "");
}

TEST(CheckTraining, ClassWeightsAreOneAClass) {
  Experiment experiment;
  experiment.training.written = {{"loss", {"x.yaml", 3, 5, 1, ""}}};
  experiment.training.loss.class_weights = {1.0, 2.0, 3.0};
  EXPECT_THAT(told(experiment, whole),
              HasSubstr("x.yaml:3:5: error: training.loss.class_weights has 3 values, the data "
                        "has 2 classes"));
}

TEST(CheckTraining, AnAucThatIsWatchedNeedsEveryClassInItsPart) {
  Experiment experiment = watching("validation_auc");
  experiment.training.written = {{"keep_best.metric", {"x.yaml", 7, 3, 1, ""}}};
  EXPECT_THAT(
      told(experiment, partly),
      HasSubstr("x.yaml:7:3: error: training.keep_best.metric is validation_auc, but validation has no image of "
                "one of the classes"));
  experiment.training.keeps_last_epoch = true;
  EXPECT_THAT(told(experiment, partly), HasSubstr("validation has no image of one of the classes"));

  Experiment stopping;
  stopping.training.early_stopping = EarlyStoppingSpec{.goal = {"validation_auc", true}};
  stopping.training.schedule.metric = "validation_auc";
  EXPECT_THAT(told(stopping, partly), AllOf(HasSubstr("training.early_stopping.metric is validation_auc"),
                                            ::testing::Not(HasSubstr("schedule"))));
  stopping.training.schedule.kind = ScheduleSpec::Kind::reduce_on_plateau;
  EXPECT_THAT(told(stopping, partly), AllOf(HasSubstr("training.early_stopping.metric is validation_auc"),
                                            HasSubstr("training.schedule.reduce_on_plateau.metric is validation_auc")));
}

TEST(CheckTraining, AnAucOfTooManyProbabilitiesIsNotMeasured) {
  const std::int64_t many = std::int64_t{1} << 25;
  EXPECT_THAT(told(watching("train_auc"), {{{many, many}, {8, 8}, {8, 8}}}),
              HasSubstr("it is not measured for 67108864 images of 2 classes"));
  EXPECT_EQ(told(watching("train_auc"), whole), "");
}

TEST(CheckTraining, WhatABatchLeavesOverIsTold) {
  Experiment experiment;
  experiment.data.written = {{"batch", {"x.yaml", 9, 3, 1, ""}}};
  const auto of = [&](std::int64_t images, std::int64_t batch) {
    experiment.data.batch = batch;
    return told(experiment, {{{images - 1, 1}, {8, 8}, {8, 8}}});
  };
  EXPECT_EQ(of(64, 64), "");
  EXPECT_EQ(of(66, 64), "");
  EXPECT_EQ(of(5, 1), "");
  EXPECT_THAT(of(65, 64),
              HasSubstr("x.yaml:9:3: warning: the training part has 65 images, of which batches of 64 leave "
                        "one over"));
  EXPECT_THAT(of(63, 64), HasSubstr("data.batch is 64, but the training part has 63 images"));
}

}  // namespace
}  // namespace rxrun
