#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <span>

#include "cli/commands.h"
#include "cli/run_report.h"
#include "data/file_source.h"
#include "diagnostics/render.h"
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
  dataset.source = std::make_shared<FileSource>(std::move(listing), images, spec.window, preprocessing.channels);
  dataset.classes = preprocessing.classes;
  dataset.channels = preprocessing.channels;
  dataset.image_size = static_cast<int>(spec.image_size);
  dataset.mean = preprocessing.mean;
  dataset.deviation = preprocessing.deviation;
  dataset.parts[static_cast<std::size_t>(Part::test)] = std::move(indices);
  return dataset;
}

// Every image below `folder`, in the order of names. Hidden files and folders are left out, as in a data set.
std::vector<std::filesystem::path> images_in(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::vector<fs::path> images;
  std::error_code failure;
  for (fs::recursive_directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    std::error_code unreadable;  // reading it tells
    const bool is_folder = entry->is_directory(unreadable);
    if (entry->path().filename().string().starts_with('.')) {
      if (is_folder) entry.disable_recursion_pending();
    } else if (!is_folder && has_image_extension(entry->path())) {
      images.push_back(entry->path());
    }
  }
  if (failure)
    throw Error(Failure::usage,
                fmt::format("the folder {} cannot be read: {}", printable(folder.string()), failure.message()));
  if (images.empty())
    throw Error(Failure::usage, fmt::format("the folder {} has no images", printable(folder.string())),
                "expected files ending in .png, .jpg, .tif, .bmp or the like, in it or in folders below");
  std::sort(images.begin(), images.end());
  return images;
}

struct PredictWords {
  std::vector<std::filesystem::path> images;
  std::vector<std::string> overrides;
};

// An existing file is an image, whatever its name; a folder is the images in it.
PredictWords told_apart(const std::vector<std::string>& words) {
  PredictWords told;
  for (const std::string& word : words) {
    std::error_code ignored;
    if (word.find('=') < word.find('/') && !std::filesystem::exists(word, ignored))
      told.overrides.push_back(word);
    else if (std::filesystem::is_directory(word, ignored))
      for (const std::filesystem::path& image : images_in(word)) told.images.push_back(image);
    else
      told.images.emplace_back(word);
  }
  if (told.images.empty())
    throw Error(Failure::usage, "no images given", "rxrun predict RUN image.png folder [machine.KEY=VALUE]");
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

  const Predictions predictions = evaluate(network, images, experiment, run.best_weights(), Part::test);
  // A page shows the likeliest class; a program gets all, each in a column of its own.
  const bool every_class = options.common.format == TableFormat::json || options.common.format == TableFormat::csv;
  Table table{.columns = {"image", "class", "probability"}, .rows = {}};
  if (every_class)
    for (const std::string& name : preprocessing.classes) table.columns.push_back("probability_" + name);
  for (std::size_t i = 0; i < predictions.samples.size(); ++i) {
    const std::span<const float> row = probabilities_of(predictions, i);
    const auto top = static_cast<std::size_t>(likeliest(row));
    table.rows.push_back({images.source->samples()[static_cast<std::size_t>(predictions.samples[i])].name,
                          preprocessing.classes[top], static_cast<double>(row[top])});
    if (every_class)
      for (const float probability : row) table.rows.back().emplace_back(static_cast<double>(probability));
  }
  std::cout << render(table, options.common.format);
  return 0;
}

}  // namespace rxrun
