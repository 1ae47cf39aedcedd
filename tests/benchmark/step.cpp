// An experiment's network at work, as rxrun runs it, measured. One line of JSON.
//
//   step_benchmark [step]      training steps on images in memory
//   step_benchmark inference   batches of images in memory, without gradients
//   step_benchmark epoch       whole epochs on the experiment's data (--data FOLDER), in turn with bare steps
//     [--experiment FILE] [--batch N] [--size N] [--steps N] [--warm-up N] [--threads N] [--precision float32|bfloat16]
//     [--plain-allocator] [--plain-environment]
#include <sys/resource.h>
#include <torch/types.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "diagnostics/render.h"
#include "engine_process.h"
#include "experiment/read.h"
#include "network/forward.h"
#include "network/network.h"
#include "training/autocast.h"
#include "training/evaluate.h"
#include "training/machine.h"
#include "training/optimizer.h"
#include "training/outputs.h"
#include "training/train_epoch.h"

namespace {

using namespace rxrun;

struct Options {
  std::string work = "step";
  std::string experiment = RXRUN_SOURCE_DIR "/experiments/resnext50_breast.yaml", data;
  std::int64_t steps = 3, warm_up = 2, threads = 0, batch = 64, size = 64;
  std::string precision = "float32";
  bool plain_allocator = false, plain_environment = false;
};

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app("A network at work, measured");
  app.add_option("WORK", options.work)->check(CLI::IsMember({"step", "inference", "epoch"}));
  app.add_option("--experiment", options.experiment);
  app.add_option("--data", options.data);
  app.add_option("--steps", options.steps)->check(CLI::PositiveNumber);
  app.add_option("--warm-up", options.warm_up)->check(CLI::NonNegativeNumber);
  app.add_option("--threads", options.threads);
  app.add_option("--batch", options.batch)->check(CLI::PositiveNumber);
  app.add_option("--size", options.size)->check(CLI::PositiveNumber);
  app.add_option("--precision", options.precision)->check(CLI::IsMember({"float32", "bfloat16"}));
  app.add_flag("--plain-allocator", options.plain_allocator, "leave the C allocator as it starts");
  app.add_flag("--plain-environment", options.plain_environment, "do not set the engine's environment");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

struct Subject {
  Experiment experiment;
  Network network;
};

Subject build(const Options& options) {
  setenv("RXRUN_PLUGIN_PATH", RXRUN_PLUGINS, 0);
  Diagnostics diagnostics;
  const ReadExperiment read = read_experiment(options.experiment, {}, diagnostics);
  const Catalog catalog = load_catalog(read.experiment.network, diagnostics);
  const CheckedNetwork checked = check_network(read.experiment.network, catalog, diagnostics);
  diagnostics.throw_errors();
  Subject subject{read.experiment, build_network(checked, {3, options.size, options.size}, 2)};
  subject.experiment.data.image_size = options.size;
  subject.experiment.data.batch = options.batch;
  if (!options.data.empty()) {
    subject.experiment.data.path = options.data;
    subject.experiment.data.split.group_by.clear();  // names of other images have no patients in them
  }
  return subject;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

template <typename Work>
double seconds_of(const Work& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// Training steps and inference on one batch in memory.
class Bare {
 public:
  Bare(Network& network, const Machine& machine, const Options& options)
      : network_(network),
        machine_(machine),
        optimizer_({.kind = OptimizerSpec::Kind::adam, .lr = 1e-4}, trainable_parameters(network)),
        loss_({}, {1, 1}, machine.device) {
    torch::manual_seed(0);
    pixels_ = at::randn({options.batch, 3, options.size, options.size}).contiguous(at::MemoryFormat::ChannelsLast);
    labels_ = at::randint(0, 2, {options.batch}, at::kLong);
  }

  void step() {
    set_training(network_, true);
    at::Tensor logits;
    {
      const Autocast autocast(machine_.precision, machine_.device);
      logits = forward(network_, pixels_);
    }
    const at::Tensor value = loss_.mean(logits, labels_);
    value.item<float>();
    optimizer_.step({.rate = 1e-4, .differentiate = [&] { backward(value); }});
  }

  void infer() {
    const at::NoGradGuard no_gradient;
    const Autocast autocast(machine_.precision, machine_.device);
    set_training(network_, false);
    forward(network_, pixels_);
  }

 private:
  Network& network_;
  const Machine& machine_;
  Optimizer optimizer_;
  Loss loss_;
  at::Tensor pixels_, labels_;
};

void print(const Options& options, const Machine& machine, const Network& network, double images_per_second,
           const std::string& more = {}) {
  std::int64_t count = 0;
  for (const auto& [name, tensor] : trainable_parameters(network)) count += tensor.numel();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "{\"program\": \"rxrun, %s, %d threads\", \"threads\": %d, \"parameters\": %ld, \"images_per_second\": %.3f, "
      "\"page_faults\": %ld, \"peak_mebibytes\": %ld%s}\n",
      options.precision.c_str(), machine.threads, machine.threads, static_cast<long>(count), images_per_second,
      usage.ru_minflt, usage.ru_maxrss / 1024, more.c_str());
}

void measure_batches(const Options& options, const Machine& machine, Subject& subject) {
  Bare bare(subject.network, machine, options);
  std::vector<double> seconds;
  for (std::int64_t i = 0; i < options.warm_up + options.steps; ++i) {
    const double taken = seconds_of([&] { options.work == "step" ? bare.step() : bare.infer(); });
    if (i >= options.warm_up) seconds.push_back(taken);
  }
  print(options, machine, subject.network, static_cast<double>(options.batch) / median(seconds));
}

// `steps` rounds of an epoch and as many bare steps.
void measure_epochs(const Options& options, const Machine& machine, Subject& subject) {
  const Experiment& experiment = subject.experiment;
  const Dataset dataset = load_dataset(experiment.data, experiment.seed, 0);
  const Loss loss(experiment.training.loss, class_counts(dataset), machine.device);
  Optimizer optimizer({.kind = OptimizerSpec::Kind::adam, .lr = 1e-4}, trainable_parameters(subject.network));
  const std::int64_t steps =
      steps_per_epoch(static_cast<std::int64_t>(dataset.part(Part::train).size()), options.batch);
  const Schedule schedule({}, 1e-4, 1, steps);
  const Setting setting{subject.network,
                        dataset,
                        experiment,
                        loss,
                        machine.device,
                        machine.precision,
                        choose_loader_threads(experiment.machine)};
  TrainingObserver nobody;
  Progress progress(nobody);
  Bare bare(subject.network, machine, options);
  for (std::int64_t i = 0; i < options.warm_up; ++i) bare.step();
  std::vector<double> ratios, rates, waiting;
  for (std::int64_t round = 1; round <= options.steps; ++round) {
    const double alone = static_cast<double>(steps * options.batch) / seconds_of([&] {
                           for (std::int64_t i = 0; i < steps; ++i) bare.step();
                         });
    progress.begin(round, options.steps, Part::train, 0);
    EpochProgress under_way;
    Outputs outputs;
    const EpochProgress epoch = train_epoch(setting, {optimizer, schedule, nullptr, nullptr}, round, LossCheck::at_once,
                                            under_way, outputs, progress)
                                    .progress;
    rates.push_back(static_cast<double>(epoch.images) / epoch.seconds);
    ratios.push_back(rates.back() / alone);
    waiting.push_back(epoch.seconds_waited / epoch.seconds);
  }
  print(options, machine, subject.network, median(rates),
        ", \"of_the_bare_step\": " + std::to_string(median(ratios)) +
            ", \"share_waiting\": " + std::to_string(median(waiting)));
}

void measure(const Options& options) {
  const Machine machine = set_up_machine({.device = "cpu", .threads = options.threads},
                                         options.precision == "bfloat16" ? Precision::bfloat16 : Precision::float32);
  Subject subject = build(options);
  prepare(subject.network, 1, machine.device);
  set_training(subject.network, true);
  if (options.work == "epoch")
    measure_epochs(options, machine, subject);
  else
    measure_batches(options, machine, subject);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (!options.plain_environment) take_engine_environment(argv);
  if (!options.plain_allocator) set_up_process();
  try {
    measure(options);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s", render(error.diagnostics()).c_str());
    return 1;
  }
  return 0;
}
