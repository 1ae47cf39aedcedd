#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iostream>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/readable.h"
#include "cli/run_report.h"
#include "diagnostics/render.h"
#include "run/input_facts.h"
#include "run/prepare.h"
#include "timing/loader_rate.h"
#include "timing/step_times.h"
#include "training/evaluate.h"

namespace rxrun {
namespace {

// The loader at the experiment's data; nothing when the data is not there: the step can be timed all the same.
std::optional<LoaderRate> loader_rate(const Experiment& experiment, const std::filesystem::path& results,
                                      RunReporter& reporter) {
  std::shared_ptr<const Source> source;
  try {
    source = open_source(experiment.data, experiment.seed);
  } catch (const Error& error) {
    reporter.on_warning(fmt::format("the loader is not measured: {}", printable(error.what())));
    return std::nullopt;
  }
  const Dataset dataset = read_dataset(experiment, std::move(source), results, reporter);
  reporter.on_warnings(dataset.warnings);
  return measure_loader(dataset, experiment.data, experiment.seed, choose_loader_threads(experiment.machine));
}

void tell(Console& console, const Measurement& m) {
  double flop = 0.0;
  for (const PartTime& part : m.parts)
    if (!part.alone) flop += static_cast<double>(part.forward_flop + part.backward_flop);
  console.line(fmt::format("A step of {} at {}: {:.1f} ms ± {:.1f} (standard error, {}), {:.1f} images/s",
                           counted(m.batch, "image"), fmt::join(m.input, "×"), 1e3 * m.step.seconds, 1e3 * m.step.error,
                           counted(m.steps, "step"), m.images_per_second()));
  console.line(
      fmt::format("{:.1f} GFLOP/s, {:.0f} % of the {:.0f} that a large matrix product in {} achieves on {}, {}, {}",
                  flop / m.step.seconds * 1e-9, 100.0 * flop / m.step.seconds / m.peak_flops, m.peak_flops * 1e-9,
                  m.precision, m.device, counted(m.threads, "thread"), m.cpu));
  if (m.loader)
    console.line(fmt::format("The loader alone delivers {:.0f} {}images/s with {}: {:.1f} times what the step needs",
                             m.loader->images_per_second, m.loader->generated ? "generated " : "",
                             counted(m.loader->threads, "thread"),
                             m.loader->images_per_second / m.images_per_second()));
}

int tell(Console& console, const Comparison& comparison) {
  for (const std::string& remark : comparison.remarks) console.warning(remark);
  if (comparison.slower.empty()) {
    console.line(comparison.verdict);
    return 0;
  }
  console.warning(comparison.verdict);
  std::cerr << render(table_of(comparison.slower), TableFormat::text) << std::flush;
  return static_cast<int>(Failure::run);
}

}  // namespace

int run_time(const TimeOptions& options) {
  const CheckedExperiment checked = check_experiment(options.experiment);
  // Read first: a wrong file is told before minutes of measuring.
  std::optional<Measurement> baseline;
  if (!options.compare.empty()) baseline = read_measurement(options.compare);
  CommonOptions common = options.common;
  // Of the formats made for other programs, the table alone belongs on standard output.
  if (common.format != TableFormat::text) common.quiet = true;
  Console console(common);
  RunReporter reporter(console, options.common.results);
  console.warnings(checked.warnings);

  const Experiment& experiment = checked.experiment();
  const InputFacts facts = input_facts(experiment, options.input, options.classes);
  Network network = build_network(checked.network, facts.input, facts.classes);
  const Machine machine = set_up(experiment, reporter);
  Measurement measurement = measure_step(network, experiment, machine, options.steps, options.depth);
  measurement.experiment = experiment.name;
  // The loader makes images of the experiment's size.
  const bool loads = !options.no_data && (options.input.empty() || options.input == measurement.input);
  if (loads) measurement.loader = loader_rate(experiment, options.common.results, reporter);

  if (common.format == TableFormat::json)
    std::cout << to_json(measurement) << std::flush;
  else if (!options.common.quiet)
    std::cout << render(for_reading(table_of(measurement, options.depth), common.format), common.format) << std::flush;
  tell(console, measurement);
  return baseline ? tell(console, compare(*baseline, measurement, options.threshold / 100.0)) : 0;
}

}  // namespace rxrun
