#include <fmt/format.h>

#include <span>

#include "cli/commands.h"
#include "cli/run_report.h"
#include "data/file_source.h"
#include "run/prepare.h"
#include "run/preprocessing.h"
#include "run/stored_run.h"
#include "training/trainer.h"

namespace rxrun {
namespace {

// The images as a data set of one part, prepared as the run's own were. Labels are unknown: all 0, and never looked at.
Dataset unlabelled(const std::vector<std::filesystem::path>& images, const DataSpec& spec,
                   const Preprocessing& preprocessing) {
  Listing listing{.classes = preprocessing.classes};
  std::vector<std::int64_t> indices;
  for (const std::filesystem::path& image : images) {
    indices.push_back(static_cast<std::int64_t>(listing.samples.size()));
    listing.samples.push_back({.name = image.string(), .label = 0, .group = image.string(), .part = ""});
  }
  Dataset dataset;
  dataset.source = std::make_shared<FileSource>(std::move(listing), images, spec.window);
  dataset.classes = preprocessing.classes;
  dataset.channels = preprocessing.channels;
  dataset.image_size = static_cast<int>(spec.image_size);
  dataset.mean = preprocessing.mean;
  dataset.deviation = preprocessing.deviation;
  dataset.parts[static_cast<std::size_t>(Part::validation)] = std::move(indices);
  return dataset;
}

struct PredictWords {
  std::vector<std::filesystem::path> images;
  std::vector<std::string> overrides;
};

// An existing file is an image, whatever its name.
PredictWords told_apart(const std::vector<std::string>& words) {
  PredictWords told;
  for (const std::string& word : words) {
    std::error_code ignored;
    if (word.find('=') < word.find('/') && !std::filesystem::exists(word, ignored))
      told.overrides.push_back(word);
    else
      told.images.emplace_back(word);
  }
  if (told.images.empty())
    throw Error(Failure::usage, "no images given", "rxrun predict RUN image.png [machine.KEY=VALUE]");
  return told;
}

}  // namespace

int run_predict(const PredictOptions& options) {
  const StoredRun run = find_stored_run(options.common.results, options.run);
  const PredictWords words = told_apart(options.words);
  const CheckedExperiment checked = stored_experiment(run, words.overrides, Overridable::machine);
  const Experiment& experiment = checked.experiment();
  const Preprocessing preprocessing = read_preprocessing(run.folder);
  const Dataset images = unlabelled(words.images, experiment.data, preprocessing);
  Console console(options.common);
  RunReporter reporter(console, options.common.results);
  set_up(experiment, reporter);
  Network network =
      build_network(checked.network, {preprocessing.channels, experiment.data.image_size, experiment.data.image_size},
                    static_cast<std::int64_t>(preprocessing.classes.size()));

  const Predictions predictions = evaluate(network, images, experiment, run.best_weights(), Part::validation);
  Table table{.columns = {"image", "class", "probability"}, .rows = {}};
  for (std::size_t i = 0; i < predictions.samples.size(); ++i) {
    const std::span<const float> row = probabilities_of(predictions, i);
    const auto top = static_cast<std::size_t>(likeliest(row));
    table.rows.push_back({images.source->samples()[static_cast<std::size_t>(predictions.samples[i])].name,
                          preprocessing.classes[top], static_cast<double>(row[top])});
  }
  fmt::print("{}", render(table, options.common.format));
  return 0;
}

}  // namespace rxrun
