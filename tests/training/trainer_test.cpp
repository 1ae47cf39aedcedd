#include "training/trainer.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <atomic>
#include <cmath>
#include <csignal>

#include "diagnostics/diagnostic.h"
#include "files/files.h"
#include "network/forward.h"
#include "temporary_folder.h"
#include "tiny.h"
#include "training/checkpoint.h"
#include "training/evaluate.h"
#include "training/machine.h"
#include "training/outputs.h"
#include "training/safetensors.h"
#include "training/train_epoch.h"

namespace rxrun {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Watcher final : public TrainingObserver {
 public:
  void on_step(const StepProgress& step) override { steps.push_back(step); }
  void on_epoch(const EpochMetrics& metrics) override { epochs.push_back(metrics); }
  void on_warning(const std::string& text) override { warnings.push_back(text); }
  std::vector<std::string> warnings;
  std::vector<StepProgress> steps;
  std::vector<EpochMetrics> epochs;
};

// Asks for a stop at the first progress of an epoch.
class Stopper final : public TrainingObserver {
 public:
  explicit Stopper(std::int64_t epoch) : epoch_(epoch) {}
  void on_step(const StepProgress& step) override {
    if (step.epoch == epoch_) stop = SIGTERM;
  }
  std::atomic<int> stop = 0;

 private:
  std::int64_t epoch_;
};

class TrainerTest : public ::testing::Test {
 protected:
  void SetUp() override { set_up_machine(experiment.machine, experiment.training.precision); }

  TrainingResult run(const std::filesystem::path& folder, bool resume = false) {
    Network network = tiny::network();
    return train(network, dataset, experiment, {.folder = folder, .resume = resume, .identity = "tiny"}, watcher);
  }

  // All tensors of last.safetensors, optimizer state and average included.
  static std::map<std::string, std::string> tensors(const std::filesystem::path& folder,
                                                    const char* file = "last.safetensors") {
    std::map<std::string, std::string> bytes;
    const Safetensors content = read_safetensors(folder / file);
    for (const auto& [name, tensor] : content.tensors) bytes[name] = std::string(tensor.bytes);
    return bytes;
  }

  std::string message_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      EXPECT_EQ(error.failure(), Failure::run);
      return error.what();
    }
    return "no error";
  }

  // An epoch whose `fuse`-th batch gives infinities, and of whose first batches no progress is told.
  TrainedEpoch::End end_of_epoch_read_late(std::int64_t fuse, const std::atomic<int>* stop) {
    Network network = tiny::network(6, fuse);
    prepare(network, 1, "cpu");
    return end_of_epoch(network, stop);
  }

  TrainedEpoch::End end_of_epoch(Network& network, const std::atomic<int>* stop) {
    const Loss loss({}, {1, 1}, "cpu");
    const Setting setting{network, dataset, experiment, loss, "cpu"};
    Optimizer optimizer({}, trainable_parameters(network));
    const Schedule schedule({}, 0.01, 1, 4);
    Progress progress(watcher);
    progress.begin(1, 1, Part::train, 33);
    progress.add(0, [] { return 0.0; });
    EpochProgress under_way;
    Outputs outputs;
    return train_epoch(setting, {optimizer, schedule, nullptr, stop}, 1, LossCheck::late, under_way, outputs, progress)
        .end;
  }

  Dataset dataset = tiny::dataset();
  Experiment experiment = tiny::experiment();
  Watcher watcher;
  TemporaryFolder a, b;
};

TEST_F(TrainerTest, LearnsAndTells) {
  experiment.training.epochs = 15;
  const TrainingResult result = run(a.path());
  EXPECT_EQ(result.end, TrainingResult::End::finished);
  EXPECT_EQ(result.reached.epochs, 15);
  EXPECT_EQ(result.reached.batches, 0);
  ASSERT_EQ(watcher.epochs.size(), 15u);
  EXPECT_GT(result.test.at("test_accuracy"), 0.8);
  EXPECT_EQ(result.test_predictions->labels.size(), 9u);
  EXPECT_EQ(result.test_predictions->samples.front(), 43);
  EXPECT_EQ(result.test_predictions->probabilities.size(), 18u);
  EXPECT_LT(watcher.epochs.back().values.at("train_loss"), watcher.epochs.front().values.at("train_loss"));
  const EpochMetrics& best = watcher.epochs[static_cast<std::size_t>(result.best_epoch - 1)];
  EXPECT_TRUE(best.best);
  EXPECT_EQ(best.values, result.best);
  for (const EpochMetrics& epoch : watcher.epochs) {
    EXPECT_LE(epoch.values.at("validation_accuracy"), result.best.at("validation_accuracy"));
    EXPECT_GT(epoch.images_per_second, 0.0);
    EXPECT_GE(epoch.share_waiting, 0.0);
    EXPECT_LE(epoch.share_waiting, 1.0);
  }
  EXPECT_EQ(watcher.steps.back().part, Part::test);
  EXPECT_EQ(watcher.steps.back().images_done, 9);
}

// The last layer's weights have moved when the first layer's gradient comes.
TEST_F(TrainerTest, WeightsMoveDuringTheBackwardPass) {
  Network network = tiny::network();
  prepare(network, 1, "cpu");
  const NamedTensors parameters = trainable_parameters(network);
  const at::Tensor first = parameters.front().second, last = parameters.back().second;
  at::Tensor before = last.detach().clone();
  std::vector<bool> moved;
  first.register_hook([&](const at::Tensor&) {
    moved.push_back(!last.equal(before));
    before = last.detach().clone();
  });
  EXPECT_EQ(end_of_epoch(network, nullptr), TrainedEpoch::End::finished);
  ASSERT_GT(moved.size(), 2u);
  moved.erase(moved.begin());  // in the first step they move after it
  EXPECT_THAT(moved, ::testing::Each(true));
}

TEST_F(TrainerTest, TheTestPartIsLeftAloneUnlessAskedFor) {
  Network network = tiny::network();
  const TrainingResult result =
      train(network, dataset, experiment, {.folder = a.path(), .identity = "tiny", .score_test = false}, watcher);
  EXPECT_EQ(result.end, TrainingResult::End::finished);
  EXPECT_FALSE(result.test_predictions);
  EXPECT_TRUE(result.test.empty());
  for (const StepProgress& step : watcher.steps) EXPECT_NE(step.part, Part::test);
  EXPECT_EQ(score(result.validation_predictions).at("accuracy"), result.best.at("validation_accuracy"));
}

TEST_F(TrainerTest, EvaluateGivesWhatTrainingFound) {
  const TrainingResult result = run(a.path());
  Network network = tiny::network();
  const auto scored = [&](Part part) {
    return evaluate(network, dataset, experiment, a.path() / "best.safetensors", class_counts(dataset), part);
  };
  EXPECT_EQ(scored(Part::test).probabilities, result.test_predictions->probabilities);
  EXPECT_EQ(score(scored(Part::validation)).at("loss"), result.best.at("validation_loss"));
}

// Of data with no training part, or with another one, the loss is that of the weights' own.
TEST_F(TrainerTest, EvaluateWeighsClassesAsTheTrainingDid) {
  experiment.training.loss.balanced = true;
  const TrainingResult result = run(a.path());
  Network network = tiny::network();
  const std::vector<std::int64_t> counts = class_counts(dataset);
  dataset.parts[static_cast<std::size_t>(Part::train)].clear();
  const Predictions predictions =
      evaluate(network, dataset, experiment, a.path() / "best.safetensors", counts, Part::validation);
  EXPECT_EQ(score(predictions).at("loss"), result.best.at("validation_loss"));
}

TEST_F(TrainerTest, EvaluateEndsWhenItIsAskedToStop) {
  run(a.path());
  Network network = tiny::network();
  const std::atomic<int> stop = 15;
  try {
    evaluate(network, dataset, experiment, a.path() / "best.safetensors", class_counts(dataset), Part::test, &stop);
    FAIL() << "it went on";
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(error.failure()), 128 + 15);
  }
}

TEST_F(TrainerTest, TheSameRunTwiceGivesTheSameBits) {
  run(a.path());
  run(b.path());
  EXPECT_EQ(tensors(a.path()), tensors(b.path()));
  EXPECT_EQ(tensors(a.path(), "best.safetensors"), tensors(b.path(), "best.safetensors"));
  experiment.seed = 8;
  run(b.path());
  EXPECT_NE(tensors(a.path()), tensors(b.path()));
}

TEST_F(TrainerTest, LoaderThreadsChangeNoBit) {
  run(a.path());
  experiment.machine.loader_threads = 4;
  run(b.path());
  EXPECT_EQ(tensors(a.path()), tensors(b.path()));
}

// Everything that has a state or draws: interrupted in epoch 3 and continued, against one go.
TEST_F(TrainerTest, ResumedToTheSameBits) {
  experiment.training.schedule = {
      .kind = ScheduleSpec::Kind::reduce_on_plateau, .factor = 0.5, .patience = 0, .warm_up = 1.5};
  experiment.training.early_stopping = EarlyStoppingSpec{.goal = {}, .patience = 50, .minimum_change = 0.0};
  experiment.training.average_weights = 0.9;
  experiment.training.mixup = 0.4;
  experiment.training.clip_gradient_norm = 1.0;
  experiment.training.optimizer.weight_decay = 0.01;
  for (const Precision precision : {Precision::float32, Precision::bfloat16}) {
    experiment.training.precision = precision;
    watcher.epochs.clear();
    const TrainingResult whole = run(a.path());
    const std::vector<EpochMetrics> in_one_go = watcher.epochs;

    Stopper stopper(3);
    Network network = tiny::network();
    const TrainingResult half =
        train(network, dataset, experiment, {.folder = b.path(), .stop = &stopper.stop, .identity = "tiny"}, stopper);
    EXPECT_EQ(half.end, TrainingResult::End::interrupted);
    EXPECT_EQ(half.reached.epochs, 2);
    EXPECT_GT(half.reached.batches, 0);
    EXPECT_TRUE(half.test.empty());
    watcher.epochs.clear();
    const TrainingResult rest = run(b.path(), true);
    EXPECT_EQ(rest.end, TrainingResult::End::finished);
    // The checkpoint's own epoch is told again, then those that were left.
    ASSERT_EQ(watcher.epochs.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(watcher.epochs[i].epoch, in_one_go[i + 1].epoch);
      EXPECT_EQ(watcher.epochs[i].values, in_one_go[i + 1].values);
      EXPECT_EQ(watcher.epochs[i].learning_rate, in_one_go[i + 1].learning_rate);
      EXPECT_EQ(watcher.epochs[i].best, in_one_go[i + 1].best);
    }
    EXPECT_EQ(tensors(a.path()), tensors(b.path()));
    EXPECT_EQ(tensors(a.path(), "best.safetensors"), tensors(b.path(), "best.safetensors"));
    EXPECT_EQ(whole.test, rest.test);
    EXPECT_EQ(whole.validation_predictions.probabilities, rest.validation_predictions.probabilities);
    EXPECT_EQ(whole.best_epoch, rest.best_epoch);
  }
}

TEST_F(TrainerTest, ResumedAfterTheEndOnlyScores) {
  const TrainingResult first = run(a.path());
  const EpochMetrics last = watcher.epochs.back();
  watcher.epochs.clear();
  const TrainingResult again = run(a.path(), true);
  EXPECT_EQ(watcher.epochs, std::vector<EpochMetrics>{last});
  EXPECT_EQ(again.test, first.test);
  EXPECT_EQ(again.best, first.best);
}

TEST_F(TrainerTest, ResumeOfAnotherRunIsRefused) {
  run(a.path());
  Network network = tiny::network();
  EXPECT_THROW(train(network, dataset, experiment, {.folder = a.path(), .resume = true, .identity = "other"}, watcher),
               Error);
}

TEST_F(TrainerTest, InterruptedWhileTesting) {
  class StopInTest final : public TrainingObserver {
   public:
    void on_step(const StepProgress& step) override {
      if (step.part == Part::validation) stop = SIGINT;
    }
    std::atomic<int> stop = 0;
  } observer;
  Network network = tiny::network();
  const TrainingResult result =
      train(network, dataset, experiment, {.folder = a.path(), .stop = &observer.stop, .identity = "tiny"}, observer);
  EXPECT_EQ(result.end, TrainingResult::End::interrupted);
  EXPECT_EQ(result.reached.epochs, 0);
  EXPECT_EQ(result.reached.batches, result.reached.batches_per_epoch);
  EXPECT_GT(result.seconds, 0.0) << "of the epoch that it was stopped in";
  run(b.path());
  watcher.steps.clear();
  run(a.path(), true);
  EXPECT_EQ(watcher.steps.front().part, Part::validation) << "the epoch's training was done";
  EXPECT_EQ(tensors(a.path()), tensors(b.path()));
}

// A process for each batch, as where a scheduler takes the machine away more often than once an epoch.
TEST_F(TrainerTest, StoppedAfterEachBatchItGetsToTheSameEnd) {
  class StopInTraining final : public TrainingObserver {
   public:
    void on_step(const StepProgress& step) override {
      if (step.part == Part::train) stop = SIGTERM;
    }
    std::atomic<int> stop = 0;
  };
  experiment.training.mixup = 0.4;
  experiment.training.epochs = 2;
  const TrainingResult whole = run(a.path());
  TrainingResult result;
  int processes = 0;
  do {
    StopInTraining observer;
    Network network = tiny::network();
    result = train(network, dataset, experiment,
                   {.folder = b.path(), .resume = processes > 0, .stop = &observer.stop, .identity = "tiny"}, observer);
    ASSERT_LT(++processes, 50);
  } while (result.end == TrainingResult::End::interrupted);
  const auto images = static_cast<std::int64_t>(dataset.part(Part::train).size());
  EXPECT_GT(processes,
            steps_per_epoch(images, experiment.data.batch));  // progress is told too seldom to stop each batch of both
  EXPECT_EQ(tensors(a.path()), tensors(b.path()));
  EXPECT_EQ(whole.best, result.best);
  EXPECT_EQ(whole.test, result.test);
}

TEST_F(TrainerTest, GoesOnWithTheThreadsThatItBeganWith) {
  run(a.path());
  experiment.machine.threads = 1;
  set_up_machine(experiment.machine, experiment.training.precision);
  Stopper stopper(3);
  Network network = tiny::network();
  train(network, dataset, experiment, {.folder = b.path(), .stop = &stopper.stop, .identity = "tiny"}, stopper);
  experiment.machine.threads = 2;
  set_up_machine(experiment.machine, experiment.training.precision);
  run(b.path(), true);
  EXPECT_EQ(at::get_num_threads(), 1);
}

TEST_F(TrainerTest, BestWeightsThatAreNotTheRunsAreRefusedBeforeTraining) {
  const auto stopped = [&](const std::filesystem::path& folder) {
    Stopper stopper(3);
    Network network = tiny::network();
    train(network, dataset, experiment, {.folder = folder, .stop = &stopper.stop, .identity = "tiny"}, stopper);
    watcher.steps.clear();
  };
  const auto refusal = [&](const std::filesystem::path& folder) -> std::string {
    try {
      run(folder, true);
    } catch (const Error& error) {
      EXPECT_EQ(error.failure(), Failure::usage);
      EXPECT_TRUE(watcher.steps.empty()) << "trained first";
      return error.what();
    }
    return "no error";
  };
  stopped(a.path());
  Network other = tiny::network();
  prepare(other, 3, "cpu");
  const std::filesystem::path best = a.path() / "best.safetensors";
  save_weights(best, other, "other", 2);
  EXPECT_THAT(refusal(a.path()), HasSubstr("to another run"));
  save_weights(best, other, "tiny", 40);
  EXPECT_THAT(refusal(a.path()), HasSubstr("those of epoch 40"));
  std::filesystem::resize_file(best, 100);
  EXPECT_THAT(refusal(a.path()), HasSubstr("best.safetensors"));
  std::filesystem::remove(best);
  EXPECT_THAT(refusal(a.path()), HasSubstr("cannot be finished"));
}

TEST_F(TrainerTest, TellsALossThatGrewPastAllBoundsInFewDigits) {
  experiment.training.optimizer.lr = 1e6;
  experiment.training.loss.label_smoothing = 0.5;  // no logits are right
  Network network = tiny::network(6, 7);
  const std::string message =
      message_of([&] { train(network, dataset, experiment, {.folder = a.path(), .identity = "tiny"}, watcher); });
  EXPECT_THAT(message, testing::ContainsRegex("last finite loss was [0-9.]+e[+][0-9]+$"));
}

TEST_F(TrainerTest, StopsWhereTheLossIsNotFinite) {
  // Four batches an epoch (33 images, batch 8, the last single one left out): the seventh is batch 3 of epoch 2.
  Network network = tiny::network(6, 7);
  const std::string message =
      message_of([&] { train(network, dataset, experiment, {.folder = a.path(), .identity = "tiny"}, watcher); });
  EXPECT_THAT(message, AllOf(HasSubstr("epoch 2, batch 3"), HasSubstr("`bomb`"), HasSubstr("last finite loss was 0.")));
  EXPECT_EQ(watcher.epochs.size(), 1u);
  EXPECT_TRUE(std::filesystem::exists(a.path() / "last.safetensors"));
}

TEST_F(TrainerTest, ARateFarTooHighIsTold) {
  experiment.training.optimizer = {.kind = OptimizerSpec::Kind::sgd, .lr = 1e30};
  EXPECT_THAT(message_of([&] { run(a.path()); }), AllOf(HasSubstr("the loss is "), HasSubstr("epoch 1, batch ")));
}

// What a GPU does: the loss is read late, and the epoch repeated to find where the fault is.
TEST_F(TrainerTest, ALossReadLateIsFoundToo) {
  EXPECT_EQ(end_of_epoch_read_late(2, nullptr), TrainedEpoch::End::late_not_finite);
}

// So that no checkpoint is made of weights that are not numbers.
TEST_F(TrainerTest, ALossReadLateIsReadBeforeAStop) {
  const std::atomic<int> stop = SIGTERM;
  EXPECT_EQ(end_of_epoch_read_late(1, &stop), TrainedEpoch::End::late_not_finite);
  EXPECT_EQ(end_of_epoch_read_late(2, &stop), TrainedEpoch::End::stopped);
}

TEST_F(TrainerTest, ARecordedStepIsForGpus) {
  experiment.machine.cuda_graph = true;
  run(a.path());
  EXPECT_THAT(watcher.warnings,
              ::testing::ElementsAre("machine.cuda_graph has no effect: the run computes on the CPU"));
}

TEST_F(TrainerTest, EarlyStopping) {
  experiment.training.epochs = 50;
  experiment.training.optimizer.lr =
      0.0;  // the weights stay, and the statistics of batch norm alone improve nothing for long
  experiment.training.early_stopping =
      EarlyStoppingSpec{.goal = {"validation_accuracy", true}, .patience = 3, .minimum_change = 1.0};
  const TrainingResult result = run(a.path());
  EXPECT_EQ(result.end, TrainingResult::End::stopped_early);
  EXPECT_EQ(result.reached.epochs, 4);
  EXPECT_FALSE(result.test.empty());
}

TEST_F(TrainerTest, AveragedWeightsAreWhatIsKept) {
  experiment.training.average_weights = 0.99;
  run(a.path());
  const auto last = tensors(a.path());
  EXPECT_NE(last.at("conv1.weight"), last.at("average/conv1.weight"));
  EXPECT_EQ(last.at("bn1.running_mean"), last.at("average/bn1.running_mean"));
  experiment.training.epochs = 1;
  run(b.path());
  EXPECT_EQ(tensors(b.path(), "best.safetensors").at("conv1.weight"), tensors(b.path()).at("average/conv1.weight"));
}

TEST_F(TrainerTest, KeepsTheLastEpochWhereNoMetricIsToChoose) {
  experiment.training.epochs = 5;
  experiment.training.keep_best = {"train_loss", true};  // which falls
  ASSERT_LT(run(b.path()).best_epoch, 5) << "this training does not tell the two apart";
  experiment.training.keeps_last_epoch = true;
  watcher.epochs.clear();
  const TrainingResult result = run(a.path());
  EXPECT_EQ(result.best_epoch, 5);
  EXPECT_EQ(result.best, watcher.epochs.back().values);
  const TemporaryFolder partly;
  experiment.training.epochs = 3;
  run(partly.path());
  experiment.training.epochs = 5;
  const TrainingResult resumed = run(partly.path(), true);
  EXPECT_EQ(resumed.best_epoch, 5);
  std::filesystem::remove(Checkpoints(partly.path(), "tiny", {}).best());
  EXPECT_THROW(run(partly.path(), true), Error) << "what is to be scored is gone";
}

TEST_F(TrainerTest, AMetricThatCannotBeMeasuredIsAnErrorBeforeTheFirstEpoch) {
  std::erase_if(dataset.parts[1], [](std::int64_t sample) { return sample % 2 == 1; });
  experiment.training.keep_best = {"validation_auc", true};
  EXPECT_THROW(run(a.path()), Error);
  EXPECT_TRUE(watcher.epochs.empty());
}

TEST_F(TrainerTest, EachOptimizerAndScheduleTrains) {
  using O = OptimizerSpec::Kind;
  using S = ScheduleSpec::Kind;
  experiment.training.epochs = 2;
  experiment.training.optimizer.momentum = 0.9;
  for (const O optimizer : {O::sgd, O::adam, O::adamw, O::rmsprop}) {
    for (const S schedule : {S::constant, S::cosine, S::one_cycle}) {
      experiment.training.optimizer.kind = optimizer;
      experiment.training.schedule.kind = schedule;
      watcher.epochs.clear();
      run(a.path());
      ASSERT_EQ(watcher.epochs.size(), 2u);
      EXPECT_TRUE(std::isfinite(watcher.epochs.back().values.at("train_loss")));
    }
  }
}

TEST(StepsPerEpoch, LeavesOutASingleLastImage) {
  EXPECT_EQ(steps_per_epoch(64, 32), 2);
  EXPECT_EQ(steps_per_epoch(65, 32), 2);
  EXPECT_EQ(steps_per_epoch(66, 32), 3);
  EXPECT_EQ(steps_per_epoch(5, 1), 5);
  EXPECT_EQ(steps_per_epoch(1, 8), 1);
  EXPECT_EQ(steps_per_epoch(1, 1), 1);
}

}  // namespace
}  // namespace rxrun
