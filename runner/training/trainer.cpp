#include "training/trainer.h"

#include <ATen/Parallel.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <utility>

#include "diagnostics/render.h"
#include "machine/cores.h"
#include "training/average.h"
#include "training/check_training.h"
#include "training/checkpoint.h"
#include "training/evaluate.h"
#include "training/machine.h"
#include "training/outputs.h"
#include "training/step_graph.h"
#include "training/train_epoch.h"
#include "training/translate.h"

namespace rxrun {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

void add_scores(std::map<std::string, double>& values, const std::string& part, const Predictions& predictions) {
  for (const auto& [name, value] : score(predictions)) values[part + "_" + name] = value;
}

// A training under way: the parts that live from the first epoch to the last.
class Training {
 public:
  Training(Network& network, const Dataset& dataset, const Experiment& experiment, const TrainingOptions& options,
           TrainingObserver& observer)
      : spec_(experiment.training),
        options_(options),
        observer_(observer),
        device_(choose_device(experiment.machine.device)),
        loss_(spec_.loss, class_counts(dataset), device_),
        setting_{network,
                 dataset,
                 experiment,
                 loss_,
                 device_,
                 choose_precision(spec_.precision, device_),
                 choose_loader_threads(experiment.machine)},
        schedule_(spec_.schedule, spec_.optimizer.lr, spec_.epochs,
                  steps_per_epoch(images(Part::train), experiment.data.batch)),
        checkpoints_(options.folder, options.identity,
                     [&observer](const std::string& text) { observer.on_warning(text); }),
        progress_(observer),
        records_steps_(can_record_steps()),
        outputs_(Outputs::affordable(images(Part::train), network.classes)) {
    check_training(experiment, class_images(dataset.classes, dataset.source->samples(), dataset.parts));
    begin(options.resume);
    if (!options.resume) return;
    keep_threads();
    if (!spec_.keeps_last_epoch || is_over()) checkpoints_.check_best(state_);  // or the next epoch writes them anew
    observer_.on_resume(reached());
    if (state_.epoch > 0) observer_.on_epoch(state_.last);
  }

  TrainingResult run() {
    while (!is_over()) {
      const auto began = Clock::now();
      const double seconds_before = state_.under_way.seconds;
      const std::int64_t epoch = state_.epoch + 1;
      const TrainedEpoch trained = train(epoch);
      if (trained.end == TrainedEpoch::End::stopped) return stop_within_epoch();
      std::optional<Predictions> validated = validate(epoch);
      if (!validated) return stop_within_epoch();
      const TrainingState before = state_;
      if (!finish(epoch, trained, std::move(*validated), seconds_before + seconds_since(began))) {
        state_ = before;  // as on the disk, without the epoch that was under way
        state_.under_way = {};
        return result(TrainingResult::End::interrupted);
      }
    }
    return score_best();
  }

 private:
  // As machine.cuda_graph asks; where it cannot be, that is told.
  bool can_record_steps() {
    if (!setting_.experiment.machine.cuda_graph) return false;
    std::string obstacle = device_ == "cpu" ? "the run computes on the CPU" : why_not_recorded(spec_, setting_.network);
    if (obstacle.empty() && make_cuda_graph() == nullptr) obstacle = "rxrun was built with a LibTorch without CUDA";
    if (!obstacle.empty()) observer_.on_warning("machine.cuda_graph has no effect: " + obstacle);
    return obstacle.empty();
  }

  // Fresh weights, or those of the checkpoint.
  void begin(bool from_checkpoint) {
    prepare(setting_.network, setting_.experiment.seed, device_);
    if (options_.initial) fill(setting_.network, *options_.initial);
    optimizer_.emplace(spec_.optimizer, trainable_parameters(setting_.network));
    graph_.reset();
    if (records_steps_) graph_.emplace(setting_.network, setting_.experiment.data.batch, make_cuda_graph());
    average_.reset();
    if (spec_.average_weights > 0.0) average_.emplace(setting_.network, spec_.average_weights);
    state_ = {};
    kept_.reset();
    outputs_.clear();
    state_.plateau = schedule_.initial_plateau();
    state_.threads = options_.threads > 0 ? options_.threads : at::get_num_threads();
    if (from_checkpoint) checkpoints_.load(trained());
    schedule_.restore(state_.plateau);
  }

  // The number of threads decides how sums round, so a run ends with the one that it began with.
  void keep_threads() {
    if (state_.threads < 1 || state_.threads == at::get_num_threads()) return;
    const std::string slow = device_ == "cpu" ? too_many_threads(state_.threads) : "";
    observer_.on_warning("the run started with " + counted(state_.threads, "thread") +
                         " and continues with as many, so that its results stay the same" +
                         (slow.empty() ? ""
                                       : "; " + slow +
                                             ": `rxrun rerun RUN machine.threads=" + std::to_string(available_cores()) +
                                             "` is fast, but starts over, and its results are rounded differently"));
    at::set_num_threads(state_.threads);
  }

  TrainedEpoch train(std::int64_t epoch) {
    const auto pass = [&](LossCheck check) {
      progress_.begin(epoch, spec_.epochs, Part::train, images(Part::train), state_.under_way.images);
      return train_epoch(setting_, {*optimizer_, schedule_, average(), options_.stop, graph_ ? &*graph_ : nullptr},
                         epoch, check, state_.under_way, outputs_, progress_);
    };
    TrainedEpoch trained = pass(device_ == "cpu" ? LossCheck::at_once : LossCheck::late);
    if (trained.end != TrainedEpoch::End::late_not_finite) return trained;
    // The epoch once more, from the weights that it began with, to find where the fault is.
    begin(epoch > 1 || options_.resume);
    return pass(LossCheck::at_once);
  }

  std::optional<Predictions> validate(std::int64_t epoch) {
    const AveragedWeights averaged(average());
    progress_.begin(epoch, spec_.epochs, Part::validation, images(Part::validation));
    return evaluate_part(setting_, Part::validation, TestTimeAugmentation::none, progress_, options_.stop);
  }

  // A checkpoint after the last whole batch: a run that is stopped more often than once an epoch still gets on.
  TrainingResult stop_within_epoch() {
    if (state_.under_way.batches > 0) save([&] { checkpoints_.save(trained()); });
    return result(TrainingResult::End::interrupted);
  }

  // Waits for a disk that is full. False when the run is to stop meanwhile: the checkpoint before stays.
  bool save(const std::function<void()>& write) {
    try {
      patiently(options_.patience, write);
      return true;
    } catch (const Error& error) {
      if (!may_pass(error) || options_.stop == nullptr || options_.stop->load() == 0) throw;
      observer_.on_warning(std::string(error.what()) + "; the run stops with the checkpoint that it has");
      return false;
    }
  }

  // False when it had to stop before the epoch was on the disk.
  bool finish(std::int64_t epoch, const TrainedEpoch& trained, Predictions validated, double seconds) {
    EpochMetrics metrics;
    metrics.epoch = epoch;
    add_scores(metrics.values, "train", trained.predictions);
    add_scores(metrics.values, "validation", validated);
    schedule_.after_epoch(metrics.values);
    metrics.learning_rate = schedule_.rate(epoch, 0);
    const bool improved = state_.keep_best.improves(watched(metrics.values, spec_.keep_best.metric, "keep_best"),
                                                    spec_.keep_best.maximize, 0.0);
    // A first epoch whose metric is not a number is still better than none.
    metrics.best = improved || state_.best_epoch == 0;
    if (const double accuracy = metrics.values.at("validation_accuracy");
        state_.best_accuracy.epoch == 0 ? !std::isnan(accuracy) : accuracy > state_.best_accuracy.value)
      state_.best_accuracy = {epoch, accuracy};
    if (const auto& stopping = spec_.early_stopping) {
      state_.early_stopping.improves(watched(metrics.values, stopping->goal.metric, "early_stopping"),
                                     stopping->goal.maximize, stopping->minimum_change);
    }
    metrics.images_per_second = static_cast<double>(trained.progress.images) / trained.progress.seconds;
    metrics.share_waiting = trained.progress.seconds_waited / trained.progress.seconds;
    metrics.seconds = seconds;

    state_.epoch = epoch;
    state_.under_way = {};
    outputs_.clear();
    state_.seconds += metrics.seconds;
    state_.plateau = schedule_.plateau();
    if (metrics.best || spec_.keeps_last_epoch) {
      state_.best_epoch = epoch;
      state_.best = metrics.values;
      kept_ = std::move(validated);
      const AveragedWeights averaged(average());
      if (!save([&] { save_weights(checkpoints_.best(), setting_.network, options_.identity, epoch); })) return false;
    }
    state_.last = metrics;
    // After the best weights: killed between the two, the epoch is trained again and writes the same best weights.
    if (!save([&] { checkpoints_.save(this->trained()); })) return false;
    observer_.on_epoch(metrics);
    return true;
  }

  TrainingResult score_best() {
    TrainingResult end = result(given_up() ? TrainingResult::End::stopped_early : TrainingResult::End::finished);
    load_best_weights(checkpoints_.best(), setting_.network, options_.identity, state_.best_epoch);
    std::optional<Predictions> validation = kept_predictions();
    if (!validation) return result(TrainingResult::End::interrupted);
    end.validation_predictions = std::move(*validation);
    if (!options_.score_test) return end;
    end.test_predictions = score_kept(Part::test);
    if (!end.test_predictions) return result(TrainingResult::End::interrupted);
    add_scores(end.test, "test", *end.test_predictions);
    return end;
  }

  // Those of the kept epoch stand for the kept weights unless these are scored in another way, or the epoch was another
  // process's.
  std::optional<Predictions> kept_predictions() {
    if (kept_ && spec_.test_time_augmentation == TestTimeAugmentation::none) return std::move(kept_);
    return score_kept(Part::validation);
  }

  std::optional<Predictions> score_kept(Part part) {
    progress_.begin(state_.epoch, spec_.epochs, part, images(part));
    return evaluate_part(setting_, part, spec_.test_time_augmentation, progress_, options_.stop);
  }

  TrainingResult result(TrainingResult::End end) const {
    TrainingResult result;
    result.end = end;
    result.reached = reached();
    result.best_epoch = state_.best_epoch;
    result.best = state_.best;
    result.best_accuracy = state_.best_accuracy;
    result.seconds = state_.seconds + state_.under_way.seconds;
    return result;
  }

  Reached reached() const {
    return {state_.epoch, state_.under_way.batches,
            steps_per_epoch(images(Part::train), setting_.experiment.data.batch)};
  }

  bool is_over() const { return state_.epoch >= spec_.epochs || given_up(); }
  bool given_up() const {
    return spec_.early_stopping && state_.early_stopping.epochs_since >= spec_.early_stopping->patience;
  }
  std::int64_t images(Part part) const { return static_cast<std::int64_t>(setting_.dataset.part(part).size()); }
  WeightAverage* average() { return average_ ? &*average_ : nullptr; }
  Trained trained() { return {setting_.network, *optimizer_, average(), state_, outputs_}; }

  const TrainingSpec& spec_;
  const TrainingOptions& options_;
  TrainingObserver& observer_;
  std::string device_;
  Loss loss_;
  Setting setting_;
  Schedule schedule_;
  Checkpoints checkpoints_;
  Progress progress_;
  bool records_steps_;
  std::optional<Optimizer> optimizer_;
  std::optional<StepGraph> graph_;
  std::optional<WeightAverage> average_;
  TrainingState state_;
  std::optional<Predictions> kept_;  // of the validation part, by the kept weights
  Outputs outputs_;                  // of the epoch under way
};

}  // namespace

TrainingResult train(Network& network, const Dataset& dataset, const Experiment& experiment,
                     const TrainingOptions& options, TrainingObserver& observer) {
  return translated([&] { return Training(network, dataset, experiment, options, observer).run(); });
}

}  // namespace rxrun
