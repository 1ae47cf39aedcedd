#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <optional>
#include <span>
#include <utility>

#include "cli/commands.h"
#include "cli/run_report.h"
#include "data/file_source.h"
#include "data/image_folders.h"
#include "data/prepared_images.h"
#include "diagnostics/render.h"
#include "machine/cores.h"
#include "run/prepare.h"
#include "run/preprocessing.h"
#include "run/stored_run.h"
#include "training/trainer.h"

namespace rxrun {
namespace {

// The images as a data set of one part, prepared as the run's own were. Labels are unknown: all 0, and never looked at.
// Those that cannot be read are in no part.
struct Unlabelled {
  Dataset dataset;
  std::vector<std::optional<Diagnostic>> faults;  // of each image
};

Unlabelled unlabelled(const std::vector<std::filesystem::path>& images, const Experiment& experiment,
                      const Preprocessing& preprocessing, RunObserver& observer) {
  const DataSpec& spec = experiment.data;
  Listing listing{.classes = preprocessing.classes};
  for (const std::filesystem::path& image : images)
    listing.samples.push_back({.name = image.string(), .label = 0, .group = image.string(), .part = ""});
  Dataset dataset;
  dataset.source = std::make_shared<FileSource>(std::move(listing), images, spec.window, preprocessing.channels);
  dataset.classes = preprocessing.classes;
  dataset.channels = preprocessing.channels;
  dataset.image_size = static_cast<int>(spec.image_size);
  dataset.mean = preprocessing.mean;
  dataset.deviation = preprocessing.deviation;
  const int threads = experiment.machine.threads > 0 ? static_cast<int>(experiment.machine.threads) : available_cores();
  PreparedImages prepared =
      prepare_images(*dataset.source, spec, dataset.channels, threads,
                     [&observer](const LoadProgress& progress) { observer.on_reading(progress); }, {});
  observer.on_read();
  dataset.images = std::move(prepared.images);
  for (std::size_t i = 0; i < images.size(); ++i)
    if (!prepared.faults[i])
      dataset.parts[static_cast<std::size_t>(Part::test)].push_back(static_cast<std::int64_t>(i));
  return {.dataset = std::move(dataset), .faults = std::move(prepared.faults)};
}

// "3 files in new are passed over: no images by their names, mostly `.txt`".
void tell_passed_over(Console& console, const std::string& folder, const ImageFolders& found) {
  const auto tell = [&](std::int64_t count, const char* noun, const std::string& why) {
    if (count == 0) return;
    Diagnostic note;
    note.severity = Severity::note;
    note.message = fmt::format("{} in {} {} passed over: {}", counted(count, noun), printable(folder),
                               count == 1 ? "is" : "are", why);
    console.warnings({&note, 1});
  };
  const auto rarer = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto commonest = std::max_element(found.other_extensions.begin(), found.other_extensions.end(), rarer);
  const std::string example =
      commonest == found.other_extensions.end() ? "" : fmt::format(", mostly `{}`", printable(commonest->first));
  tell(found.others, "file", found.others == 1 ? "no image by its name" : "no images by their names" + example);
  if (!found.system_folders.empty())
    tell(static_cast<std::int64_t>(found.system_folders.size()), "folder",
         fmt::format("made by systems for themselves, such as `{}`", printable(found.system_folders.front())));
}

// Every image in the folder and below it, in the order of their names. Links are followed, as in a data set.
std::vector<std::filesystem::path> images_in(const std::filesystem::path& folder, Console& console) {
  const ImageFolders found = find_image_folders(folder);
  tell_passed_over(console, folder.string(), found);
  std::vector<std::filesystem::path> images;
  for (const ImageFolder& one : found.folders) {
    std::filesystem::path path = folder;
    for (const std::string& name : one.names) path /= name;
    for (const std::string& image : one.images) images.push_back(path / image);
  }
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
PredictWords told_apart(const std::vector<std::string>& words, Console& console) {
  PredictWords told;
  Diagnostics missing;
  for (const std::string& word : words) {
    std::error_code unreadable;  // reading it tells
    const bool is_there = std::filesystem::exists(word, unreadable) || unreadable;
    if (!is_there && word.find('=') < word.find('/'))
      told.overrides.push_back(word);
    else if (!is_there)
      missing.error({.file = word}, "there is no such image or folder");
    else if (std::filesystem::is_directory(word, unreadable))
      for (const std::filesystem::path& image : images_in(word, console)) told.images.push_back(image);
    else
      told.images.emplace_back(word);
  }
  missing.throw_errors();
  if (told.images.empty())
    throw Error(Failure::usage, "no images given", "rxrun predict RUN image.png folder [machine.KEY=VALUE]");
  return told;
}

// A page shows the likeliest class; a program gets all, each in a column of its own. As JSON what cannot be read has a
// row too, with its `error`; elsewhere only standard error names it.
Table as_table(const Unlabelled& images, const Predictions& predictions, TableFormat format) {
  const std::vector<std::string>& classes = images.dataset.classes;
  const std::vector<Sample>& samples = images.dataset.source->samples();
  const bool every_class = format == TableFormat::json || format == TableFormat::csv;
  const bool with_errors = format == TableFormat::json && predictions.samples.size() < samples.size();
  Table table{.columns = {"image", "class", "probability"}, .rows = {}};
  if (every_class)
    for (const std::string& name : classes) table.columns.push_back("probability_" + name);
  if (with_errors) table.columns.emplace_back("error");
  std::size_t next = 0;  // prediction
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (images.faults[i] && !with_errors) continue;
    std::vector<Value>& row = table.rows.emplace_back(std::vector<Value>{samples[i].name});
    if (images.faults[i]) {
      row.resize(table.columns.size() - 1);
      row.emplace_back(images.faults[i]->message);
      continue;
    }
    const std::span<const float> probabilities = probabilities_of(predictions, next++);
    const auto top = static_cast<std::size_t>(likeliest(probabilities));
    row.insert(row.end(), {classes[top], static_cast<double>(probabilities[top])});
    if (every_class)
      for (const float probability : probabilities) row.emplace_back(static_cast<double>(probability));
    row.resize(table.columns.size());
  }
  return table;
}

}  // namespace

int run_predict(const PredictOptions& options) {
  Console console(options.common);
  const StoredRun run = find_stored_run(options.common.results, options.run);
  const PredictWords words = told_apart(options.words, console);
  const CheckedExperiment checked = stored_experiment(run, words.overrides, Overridable::machine);
  const Experiment& experiment = checked.experiment();
  const Preprocessing preprocessing = read_preprocessing(run.folder);
  RunReporter reporter(console, options.common.results);
  set_up(experiment, reporter);
  const std::size_t classes = preprocessing.classes.size();
  Network network =
      build_network(checked.network, {preprocessing.channels, experiment.data.image_size, experiment.data.image_size},
                    static_cast<std::int64_t>(classes));
  const Unlabelled images = unlabelled(words.images, experiment, preprocessing, reporter);

  Predictions predictions;
  if (!images.dataset.part(Part::test).empty())
    predictions = evaluate(network, images.dataset, experiment, run.best_weights(),
                           std::vector<std::int64_t>(classes, 1), Part::test);
  std::cout << render(as_table(images, predictions, options.common.format), options.common.format);
  std::vector<Diagnostic> faults;
  for (const std::optional<Diagnostic>& fault : images.faults)
    if (fault) faults.push_back(*fault);
  if (faults.empty()) return 0;
  console.warnings(faults);
  console.warning(fmt::format("{} of {} could not be read", faults.size(), counted(words.images.size(), "image")));
  return static_cast<int>(Failure::run);
}

}  // namespace rxrun
