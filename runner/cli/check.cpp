#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/class_images.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/pictures.h"
#include "data/split.h"
#include "diagnostics/in_order_of_place.h"
#include "diagnostics/render.h"
#include "network/summary.h"
#include "run/prepare.h"
#include "training/check_training.h"

namespace rxrun {
namespace {

// Told and not refused: the run may be meant for another machine.
void warn_of_memory(const Summary& summary, Console& console) {
  constexpr double gibibyte = 1 << 30;
  const double needed = static_cast<double>(summary.step_bytes) / gibibyte;
  const double there =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE)) / gibibyte;
  if (there <= 0.0 || needed <= there) return;
  console.warning(
      fmt::format("a training step of this network, with {} parameters, takes about {:.0f} GiB; this machine has {:.0f}"
                  " GiB of memory",
                  summary.parameters, needed, there));
}

// The network's own error where its data cannot be opened: what the data would have said is assumed in two ways, and an
// error that is there both times does not come of it.
std::vector<Diagnostic> errors_without_data(const CheckedExperiment& checked) {
  const DataSpec& data = checked.experiment().data;
  const auto errors = [&](std::int64_t channels, std::int64_t classes) {
    try {
      build_network(checked.network, {channels, data.image_size, data.image_size}, classes);
    } catch (const Error& error) {
      return error.diagnostics();
    }
    return std::vector<Diagnostic>{};
  };
  const auto given_or = [](std::int64_t given, std::int64_t assumed) { return given != 0 ? given : assumed; };
  std::vector<Diagnostic> found = errors(given_or(data.channels, 3), given_or(data.classes, 2));
  if (found != errors(given_or(data.channels, 1), given_or(data.classes, 3))) found.clear();
  return found;
}

std::unique_ptr<Source> open_data(const CheckedExperiment& checked) {
  try {
    return open_source(checked.experiment().data, checked.experiment().seed);
  } catch (const Error& error) {
    std::vector<Diagnostic> all = error.diagnostics();
    for (const Diagnostic& diagnostic : errors_without_data(checked)) all.push_back(diagnostic);
    throw Error(error.failure(), in_order_of_place(std::move(all)));
  }
}

}  // namespace

int run_check(const CheckOptions& options) {
  Console console(options.common);
  const CheckedExperiment checked = check_experiment(options.experiment);
  console.warnings(checked.warnings);
  const bool draws = !options.pictures.empty();
  if (draws) require_picture_target(options.pictures, checked.experiment().data);
  const std::unique_ptr<Source> source = open_data(checked);
  const Network network = network_for(checked, *source);
  initial_weights_of(checked, network);
  const Experiment& experiment = checked.experiment();
  const Parts parts = draw_split(source->listing(), experiment.data, experiment.seed);
  std::vector<Diagnostic> warnings = split_warnings(source->listing(), experiment.data, parts);
  check_parts(source->classes(), source->samples(), parts, experiment.data, warnings);
  console.warnings(source->warnings());
  console.warnings(warnings);
  const ClassImages images = class_images(source->classes(), source->samples(), parts);
  const Listing& listing = source->listing();
  if (!listing.layout.empty()) console.line("folders: " + listing.layout_in_words);
  console.warnings(check_training(experiment, images));
  console.line("classes: " + in_words(images, source->classes()));
  const nlohmann::json pictures =
      draws ? draw_pictures(options.pictures, experiment, *source, parts, console) : nlohmann::json();
  const Summary summary = summarize(network, step_of(checked.experiment()));
  warn_of_memory(summary, console);
  nlohmann::json event{{"event", "checked"},
                       {"file", options.experiment.file.string()},
                       {"parameters", summary.parameters},
                       {"multiply_adds", summary.multiply_adds},
                       {"layout", source->listing().layout},
                       {"classes", source->classes()},
                       {"class_images", to_json(images)},
                       {"generated_data", source->generated()}};
  if (draws) event["pictures"] = pictures;
  console.event(event);
  console.result(fmt::format("{}: no errors; {}, {}, input {}, {}{}", options.experiment.file.string(),
                             counted(summary.parameters, "parameter"), counted(summary.multiply_adds, "multiply-add"),
                             fmt::join(network.input, "×"), counted(network.classes, "class"),
                             source->generated() ? "; the data would be the generated sample" : ""));
  return 0;
}

}  // namespace rxrun
