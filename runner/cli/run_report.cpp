#include "cli/run_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "cli/class_images.h"
#include "cli/readable.h"
#include "cli/stop_signal.h"
#include "diagnostics/render.h"
#include "diagnostics/shell_word.h"
#include "network/summary.h"
#include "run/stored_run.h"
#include "statistics/estimate.h"
#include "table/fixed.h"

namespace rxrun {
namespace {

double value_of(const std::map<std::string, double>& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? std::nan("") : found->second;
}

std::string count_of(std::int64_t number) {
  if (number >= 1'000'000'000) return fmt::format("{:.2f} G", static_cast<double>(number) * 1e-9);
  if (number >= 1'000'000) return fmt::format("{:.2f} M", static_cast<double>(number) * 1e-6);
  if (number >= 1'000) return fmt::format("{:.1f} k", static_cast<double>(number) * 1e-3);
  return fmt::format("{}", number);
}

nlohmann::json numbers(const std::map<std::string, double>& values) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [name, value] : values) json[name] = value;
  return json;
}

// The class of all test images; empty if there are several.
std::string only_class(const Dataset& dataset) {
  std::set<std::int64_t> labels;
  for (const std::int64_t sample : dataset.part(Part::test)) labels.insert(dataset.label(sample));
  return labels.size() == 1 ? dataset.classes.at(static_cast<std::size_t>(*labels.begin())) : std::string();
}

// Images of one patient are alike: the interval, which takes them for independent, is too narrow then.
std::string dependence(const Dataset& dataset) {
  std::set<std::string_view> groups;
  for (const std::int64_t sample : dataset.part(Part::test))
    groups.insert(dataset.source->samples()[static_cast<std::size_t>(sample)].group);
  if (groups.size() == dataset.part(Part::test).size()) return {};
  return fmt::format(" counted as independent; they come from {}", counted(groups.size(), "group"));
}

// "in epoch 1, after batch 21 of 76", "after epoch 3"
std::string place_of(const Reached& reached) {
  return reached.batches > 0 ? fmt::format("in epoch {}, after batch {} of {}", reached.epochs + 1, reached.batches,
                                           reached.batches_per_epoch)
                             : fmt::format("after epoch {}", reached.epochs);
}

// The metrics by which weights are kept, the training ends early or the learning rate falls, but for those that are
// told of every run.
std::vector<std::string> deciding_metrics(const TrainingSpec& training) {
  const std::vector<std::string> always = {"train_accuracy", "train_loss", "validation_accuracy", "validation_loss"};
  std::vector<std::string> metrics = always;
  const auto add = [&metrics](const std::string& metric) {
    if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end()) metrics.push_back(metric);
  };
  add(training.keep_best.metric);
  if (training.early_stopping) add(training.early_stopping->goal.metric);
  if (training.schedule.kind == ScheduleSpec::Kind::reduce_on_plateau) add(training.schedule.metric);
  return {metrics.begin() + static_cast<std::ptrdiff_t>(always.size()), metrics.end()};
}

// ", Val_auc:0.898" for each of `names`.
std::string told(const std::vector<std::string>& names, const std::map<std::string, double>& values) {
  std::string text;
  for (const std::string& name : names) {
    const std::string shown = name.starts_with("validation_") ? "val_" + name.substr(11) : name;
    text += fmt::format(", {}{}:{}", static_cast<char>(std::toupper(static_cast<unsigned char>(shown.at(0)))),
                        shown.substr(1), fixed(value_of(values, name), 3));
  }
  return text;
}

// "Test AUC 0.905, balanced accuracy 0.812, loss 0.430"; without what could not be measured.
std::string other_scores(const std::map<std::string, double>& test) {
  std::string text;
  for (const auto& [name, words] :
       {std::pair("auc", "AUC"), {"balanced_accuracy", "balanced accuracy"}, {"loss", "loss"}})
    if (const double value = value_of(test, std::string("test_") + name); std::isfinite(value))
      text += fmt::format("{} {} {}", text.empty() ? "Test" : ",", words, fixed(value, 3));
  return text;
}

}  // namespace

int run_and_report(const CheckedExperiment& checked, const CommonOptions& common, RunRequest request,
                   RunObserver& observer) {
  request.results = common.results;
  request.command = "rxrun " + shell_command(common.arguments);
  request.stop = &watch_stop_signals();
  const RunOutcome outcome = run_experiment(checked, request, observer);
  return outcome.end == RunOutcome::End::interrupted ? 128 + outcome.signal : 0;
}

void warn_if_generated(Console& console, const Experiment& experiment, const Dataset& dataset) {
  if (!dataset.generated) return;
  const std::string why =
      experiment.data.source == SourceKind::histology ? "" : experiment.data.path.string() + " does not exist: ";
  console.warning(fmt::format(
      "{}these are images of the GENERATED sample `{}`, not real ones. The results say nothing about real data", why,
      experiment.data.sample.value_or("histology")));
}

std::string looks_in_words(std::int64_t looks) {
  return looks == 1 ? "this test part has been scored once in these results"
                    : fmt::format(
                          "this test part has been scored {} times in these results: the more often it is looked "
                          "at, the less what was chosen by it says of new images",
                          looks);
}

void show_reading(Console& console, const LoadProgress& progress) {
  if (progress.waits) return console.line("Another process is decoding the same images: waiting for it");
  console.progress("reading images", static_cast<double>(progress.done) / static_cast<double>(progress.total),
                   fmt::format("{}/{}", progress.done, progress.total));
}

std::string RunReporter::with_results(const std::string& command) const {
  return results_ == "results" ? command : fmt::format("{} --results {}", command, printable(results_.string()));
}

void RunReporter::on_existing(const ExistingRun& run, const Experiment& experiment) {
  const bool tested = has_scored_test(results_, run.id);
  console_.event(
      {{"event", "exists"}, {"run", run.name}, {"id", run.id}, {"epochs", run.epochs}, {"test_scored", tested}});
  console_.result(
      fmt::format("Nothing to do: this experiment, with this data and these plugins, has already been run, as run {} "
                  "({}), finished after {}",
                  run.id, run.name, counted(run.epochs, "epoch")));
  if (run.experiment != experiment.name)
    console_.line(
        fmt::format("Another name alone (`{}`, then `{}`) makes no new run; to run it under this one: the same "
                    "command with --again",
                    printable(experiment.name), printable(run.experiment)));
  if (!tested)
    console_.line(fmt::format("Its test part was never scored; to score it: {}",
                              with_results(fmt::format("rxrun evaluate {}", run.id))));
  console_.line(fmt::format("See it with: {}; run it again with: {}; compare runs with: {}",
                            with_results(fmt::format("rxrun show {}", run.id)),
                            with_results(fmt::format("rxrun rerun {}", run.id)), with_results("rxrun best")));
}

void RunReporter::on_start(const StartedRun& run) {
  console_.log_to(run.folder / "run.log");
  epochs_ = run.experiment.training.epochs;
  also_told_ = deciding_metrics(run.experiment.training);
  chooses_epoch_ = !run.experiment.training.keeps_last_epoch;
  const Dataset& dataset = run.dataset;
  const Machine& machine = run.machine;
  const Summary summary = summarize(run.network);
  const ClassImages images = class_images(dataset.classes, dataset.source->samples(), dataset.parts);
  console_.event({{"event", run.continues ? "resume" : "start"},
                  {"run", run.name},
                  {"id", run.id},
                  {"parameters", summary.parameters},
                  {"multiply_adds", summary.multiply_adds},
                  {"device", machine.device},
                  {"threads", machine.threads},
                  {"precision", to_string(machine.precision)},
                  {"generated_data", dataset.generated},
                  {"layout", dataset.source->listing().layout},
                  {"classes", dataset.classes},
                  {"class_images", to_json(images)},
                  {"train_images", dataset.part(Part::train).size()},
                  {"validation_images", dataset.part(Part::validation).size()},
                  {"test_images", dataset.part(Part::test).size()},
                  {"skipped_images", dataset.skipped.size()}});
  console_.line(fmt::format("{} run {} ({})", run.continues ? "Continuing" : "Starting", run.id, run.name));
  warn_if_generated(console_, run.experiment, dataset);
  console_.line(fmt::format("  network   {}, {} parameters, {} multiply-adds per image at {}",
                            counted(summary.rows.size(), "layer"), count_of(summary.parameters),
                            count_of(summary.multiply_adds), fmt::join(run.network.input, "×")));
  console_.line(fmt::format(
      "  data      {}; {} train, {} validation, {}{}", counted(dataset.classes.size(), "class"),
      dataset.part(Part::train).size(), dataset.part(Part::validation).size(),
      counted(dataset.part(Part::test).size(), "test image"),
      dataset.skipped.empty() ? "" : fmt::format("; {} skipped", counted(dataset.skipped.size(), "bad image"))));
  if (const Listing& listing = dataset.source->listing(); !listing.layout.empty())
    console_.line("  folders   " + listing.layout_in_words);
  console_.line("  classes   " + in_words(images, dataset.classes));
  console_.line(fmt::format("  machine   {}, {}, {}, {}, LibTorch {}", machine.device,
                            counted(machine.threads, "thread"), to_string(machine.precision), machine.cpu,
                            machine.libtorch));
}

void RunReporter::on_resume(const Reached& reached) {
  console_.line(reached.epochs > 0 || reached.batches > 0
                    ? fmt::format("  continues {}", place_of(reached))
                    : "  starts over: it was stopped before its first checkpoint");
}

void RunReporter::on_step(const StepProgress& step) {
  const double share = step.images > 0 ? static_cast<double>(step.images_done) / static_cast<double>(step.images) : 0.0;
  const double left =
      epoch_seconds_ * (static_cast<double>(epochs_ - step.epoch) + (step.part == Part::train ? 1.0 - share : 0.0));
  console_.progress(
      fmt::format("epoch {}/{} {}", step.epoch, step.epochs, to_string(step.part)), share,
      fmt::format("{}/{}  {:.0f} images/s  loss {:.3f}{}", step.images_done, step.images, step.images_per_second,
                  step.loss, epoch_seconds_ > 0 ? fmt::format("  {} left", format_duration(left)) : ""));
}

void RunReporter::on_epoch(const EpochMetrics& metrics) {
  epoch_seconds_ = metrics.seconds;
  training_ += 1.0 / metrics.images_per_second;
  waiting_ += metrics.share_waiting / metrics.images_per_second;
  const auto value = [&metrics](const char* name) { return value_of(metrics.values, name); };
  console_.line(fmt::format(
      "Epoch:{:2d}, Train_acc:{}%, Train_loss:{}, Val_acc:{}%, Val_loss:{}{}, Lr:{:.2E}   {:.0f} images/s, {}{}{}",
      metrics.epoch, fixed(100 * value("train_accuracy"), 1), fixed(value("train_loss"), 3),
      fixed(100 * value("validation_accuracy"), 1), fixed(value("validation_loss"), 3),
      told(also_told_, metrics.values), metrics.learning_rate, metrics.images_per_second,
      metrics.share_waiting >= 0.01 ? fmt::format("{:.0f} % of it waiting for data, ", 100 * metrics.share_waiting)
                                    : "",
      format_duration(metrics.seconds), metrics.best && chooses_epoch_ ? ", best" : ""));
  nlohmann::json event = numbers(metrics.values);
  event.update({{"event", "epoch"},
                {"epoch", metrics.epoch},
                {"learning_rate", metrics.learning_rate},
                {"seconds", metrics.seconds},
                {"images_per_second", metrics.images_per_second},
                {"share_waiting", metrics.share_waiting},
                {"best", metrics.best && chooses_epoch_}});
  console_.event(event);
}

void RunReporter::on_end(const StartedRun& run, const TrainingResult& result) {
  const Dataset& dataset = run.dataset;
  const double share_waiting = training_ > 0.0 ? waiting_ / training_ : 0.0;  // of the training time, for data
  const std::filesystem::path weights = run.folder / "best.safetensors";
  const bool tested = result.test_predictions.has_value();
  const double accuracy = value_of(result.test, "test_accuracy");
  nlohmann::json event = numbers(result.test);
  event.update({{"event", "end"},
                {"run", run.name},
                {"id", run.id},
                {"epochs", result.reached.epochs},
                {"best_epoch", result.best_epoch},
                {"seconds", result.seconds},
                {"share_waiting", share_waiting},
                {"batches", result.reached.batches},  // of the epoch after those
                {"batches_per_epoch", result.reached.batches_per_epoch},
                {"status", result.end == TrainingResult::End::interrupted ? "interrupted" : "finished"}});
  if (result.best_epoch > 0) event["weights"] = weights.string();
  if (result.best_accuracy.epoch > 0) {
    event["best_validation_accuracy"] = result.best_accuracy.value;
    event["best_validation_accuracy_epoch"] = result.best_accuracy.epoch;
  }
  Interval interval;
  std::int64_t looks = 0;
  if (tested) {
    interval = wilson_interval(accuracy, static_cast<double>(dataset.part(Part::test).size()));
    looks = looks_at_test(results_ / "results.db", dataset.part_hashes[static_cast<std::size_t>(Part::test)]);
    event.update({{"test_accuracy_low", interval.low}, {"test_accuracy_high", interval.high}, {"looks", looks}});
  }
  console_.event(event);
  if (result.end == TrainingResult::End::interrupted) {
    const Reached& reached = result.reached;
    console_.result(
        fmt::format("Interrupted {}; the same command, or `rxrun resume {}`, continues it",
                    reached.epochs > 0 || reached.batches > 0 ? place_of(reached) : "before the first batch", run.id));
    return;
  }
  console_.line(fmt::format("Done in {}{}: {}, {} of epoch {}{}; {:.1f} % of the training was spent waiting for data",
                            format_duration(result.seconds),
                            result.end == TrainingResult::End::stopped_early ? " (stopped early)" : "",
                            counted(result.reached.epochs, "epoch"), chooses_epoch_ ? "best weights" : "weights",
                            result.best_epoch, told(also_told_, result.best), 100 * share_waiting));
  const BestAccuracy& best = result.best_accuracy;
  console_.line(best.epoch == 0
                    ? "Best validation accuracy: none of the epochs has one"
                    : fmt::format("Best validation accuracy: {}% in epoch {}{}", fixed(100 * best.value, 2), best.epoch,
                                  best.epoch == result.best_epoch
                                      ? ", whose weights are kept"
                                      : fmt::format("; {}% in epoch {}, whose weights are kept",
                                                    fixed(100 * value_of(result.best, "validation_accuracy"), 2),
                                                    result.best_epoch)));
  if (!tested) {
    console_.result("The test part was not scored",
                    fmt::format("; to score it: {}", with_results(fmt::format("rxrun evaluate {}", run.id))));
    console_.line(fmt::format("Weights: {}; see the run with: {}", printable(weights.string()),
                              with_results(fmt::format("rxrun show {}", run.id))));
    return;
  }
  if (const std::string only = only_class(dataset); !only.empty())
    console_.warning(
        fmt::format("test has images of one class only, `{}`: its figures say nothing of the others", printable(only)));
  console_.result(fmt::format("Test accuracy: {}% (95 % interval {} to {}, {}{}{})", fixed(100 * accuracy, 2),
                              fixed(100 * interval.low, 1), fixed(100 * interval.high, 1),
                              counted(dataset.part(Part::test).size(), "image"),
                              dataset.generated ? " of the generated sample" : "", dependence(dataset)),
                  fmt::format("; compare runs with: {}", with_results("rxrun best")));
  if (const std::string scores = other_scores(result.test); !scores.empty()) console_.line(scores);
  if (looks > 1) console_.line("Note: " + looks_in_words(looks));
  console_.line(fmt::format("Weights: {}; see the run with: {}", printable(weights.string()),
                            with_results(fmt::format("rxrun show {}", run.id))));
}

}  // namespace rxrun
