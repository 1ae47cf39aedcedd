// A training step of an experiment's network, as rxrun takes it, measured. One line of JSON.
//
//   step_benchmark [--experiment FILE] [--steps N] [--warm-up N] [--threads N] [--precision float32|bfloat16]
//                  [--plain-allocator] [--plain-environment]
#include <sys/resource.h>
#include <torch/types.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "diagnostics/render.h"
#include "experiment/read.h"
#include "network/forward.h"
#include "network/network.h"
#include "training/autocast.h"
#include "training/evaluate.h"
#include "training/machine.h"
#include "training/optimizer.h"
#include "training/process.h"

namespace {

using namespace rxrun;

struct Options {
  std::string experiment = RXRUN_SOURCE_DIR "/experiments/resnext50_breast.yaml";
  std::int64_t steps = 3, warm_up = 2, threads = 0, batch = 64, size = 64;
  std::string precision = "float32";
  bool plain_allocator = false, plain_environment = false;
};

Options parse(int argc, char** argv) {
  Options options;
  CLI::App app("One training step, measured");
  app.add_option("--experiment", options.experiment);
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

// As `rxrun` starts its engine: some variables are read while libraries load.
void start_again_with_environment(char** argv) {
  const auto variables = engine_environment();
  if (variables.empty()) return;
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  execv("/proc/self/exe", argv);
  std::perror("execv");
  std::exit(1);
}

Network build(const Options& options) {
  setenv("RXRUN_PLUGIN_PATH", RXRUN_PLUGINS, 0);
  Diagnostics diagnostics;
  const ReadExperiment read = read_experiment(options.experiment, {}, diagnostics);
  const Catalog catalog = load_catalog(read.experiment.network, diagnostics);
  const CheckedNetwork checked = check_network(read.experiment.network, catalog, diagnostics);
  diagnostics.throw_errors();
  return build_network(checked, {3, options.size, options.size}, 2);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

void measure(const Options& options) {
  const Machine machine = set_up_machine({.device = "cpu", .threads = options.threads}, options.precision == "bfloat16" ? Precision::bfloat16 : Precision::float32);
  Network network = build(options);
  prepare(network, 1, machine.device);
  set_training(network, true);
  const NamedTensors parameters = trainable_parameters(network);
  Optimizer optimizer({.kind = OptimizerSpec::Kind::adam, .lr = 1e-4}, parameters);
  const Loss loss({}, {1, 1}, machine.device);
  torch::manual_seed(0);
  const at::Tensor pixels = at::randn({options.batch, 3, options.size, options.size}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor labels = at::randint(0, 2, {options.batch}, at::kLong);
  std::vector<double> seconds;
  for (std::int64_t i = 0; i < options.warm_up + options.steps; ++i) {
    const auto began = std::chrono::steady_clock::now();
    at::Tensor logits;
    {
      const Autocast autocast(machine.precision, machine.device);
      logits = forward(network, pixels);
    }
    const at::Tensor value = loss.mean(logits, labels);
    value.item<float>();
    backward(value);
    optimizer.step(1e-4);
    if (i >= options.warm_up) seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  }
  std::int64_t count = 0;
  for (const auto& [name, tensor] : parameters) count += tensor.numel();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("{\"program\": \"rxrun, %s, %d threads\", \"threads\": %d, \"parameters\": %ld, \"images_per_second\": %.3f, \"page_faults\": %ld, \"peak_mebibytes\": %ld}\n",
              options.precision.c_str(), machine.threads, machine.threads, static_cast<long>(count), static_cast<double>(options.batch) / median(seconds),
              usage.ru_minflt, usage.ru_maxrss / 1024);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (!options.plain_environment) start_again_with_environment(argv);
  if (!options.plain_allocator) set_up_process();
  try {
    measure(options);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s", render(error.diagnostics()).c_str());
    return 1;
  }
  return 0;
}
