#include "data/dataset.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "data/fault.h"
#include "data/left_out.h"
#include "data/split.h"
#include "data/survey.h"
#include "diagnostics/render.h"
#include "files/files.h"
#include "machine/cores.h"

namespace rxrun {
namespace {

int channels_of(const DataSpec& spec, const Source& source) {
  return spec.channels > 0 ? static_cast<int>(spec.channels) : source.channels();
}

int all_cores_for_0(int threads) { return threads > 0 ? threads : available_cores(); }

void leave_out_bad_images(Dataset& dataset, const DataSpec& spec, const std::vector<std::optional<Diagnostic>>& found) {
  constexpr std::size_t told_at_most = 20;
  std::vector<Diagnostic> faults;
  std::vector<bool> bad(found.size(), false);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i]) continue;
    bad[i] = true;
    dataset.skipped.push_back({dataset.source->samples()[i].name, found[i]->message});
    if (faults.size() < told_at_most) faults.push_back(*found[i]);
  }
  if (faults.empty()) return;
  const std::size_t count = dataset.skipped.size();
  if (spec.on_bad_image == OnBadImage::error) {
    if (count > faults.size())
      faults.push_back(data_note(spec, "path", "and " + counted(count - faults.size(), "more bad image")));
    faults.front().advice = "repair or remove them, or set data.on_bad_image: skip";
    throw Error(Failure::usage, std::move(faults));
  }
  for (auto& part : dataset.parts)
    std::erase_if(part, [&](std::int64_t i) { return bad[static_cast<std::size_t>(i)]; });
  dataset.warnings.push_back(data_warning(
      spec, "path", counted(count, "bad image") + (count == 1 ? " is skipped" : " are skipped"),
      (count == 1 ? "" : "the first is ") + dataset.skipped.front().name + ": " + dataset.skipped.front().reason));
}

void measure_normalisation(Dataset& dataset, const DataSpec& spec, const std::vector<ImageFacts>& all) {
  const auto channels = static_cast<std::size_t>(dataset.channels);
  if (spec.normalize.source == NormalizeSpec::Source::none) {
    dataset.mean.assign(channels, 0.0f);
    dataset.deviation.assign(channels, 1.0f);
    return;
  }
  if (spec.normalize.source == NormalizeSpec::Source::given) {
    const auto fits = [&](const std::vector<double>& values) {
      return values.size() == channels || values.size() == 1;
    };
    if (!fits(spec.normalize.mean) || !fits(spec.normalize.deviation))
      bad_data(spec, "normalize.mean",
               "data.normalize must give mean and deviation for " + std::to_string(channels) + " channels", "");
    for (std::size_t c = 0; c < channels; ++c) {
      dataset.mean.push_back(static_cast<float>(spec.normalize.mean[spec.normalize.mean.size() == 1 ? 0 : c]));
      dataset.deviation.push_back(
          static_cast<float>(spec.normalize.deviation[spec.normalize.deviation.size() == 1 ? 0 : c]));
      if (!(dataset.deviation.back() > 0.0f))
        bad_data(spec, "normalize.deviation", "data.normalize.deviation must be more than 0", "");
    }
    return;
  }
  const double pixels = static_cast<double>(dataset.part(Part::train).size()) * dataset.image_size * dataset.image_size;
  for (std::size_t c = 0; c < channels; ++c) {
    std::uint64_t sum = 0, squares = 0;
    for (const std::int64_t i : dataset.part(Part::train)) {
      const ChannelSums& sums = all[static_cast<std::size_t>(i)].channels[c];
      sum += sums.sum;
      squares += sums.sum_of_squares;
    }
    const double mean = static_cast<double>(sum) / pixels;
    const double variance = std::max(0.0, static_cast<double>(squares) / pixels - mean * mean);
    dataset.mean.push_back(static_cast<float>(mean / 255.0));
    // A channel without contrast is only shifted.
    dataset.deviation.push_back(variance > 1e-6 ? static_cast<float>(std::sqrt(variance) / 255.0) : 1.0f);
  }
}

// "b.png (test)"; of an image that is but the source's `test[17]`, whose part is hardly the one that it is drawn into:
// "the source's test[17] (in train here)".
std::string name_in(const Sample& sample, Part part) {
  if (sample.part.empty() || !sample.name.starts_with(sample.part + "["))
    return sample.name + " (" + to_string(part) + ")";
  return "the source's " + sample.name + " (in " + to_string(part) + " here)";
}

void find_leaks(Dataset& dataset, const DataSpec& spec, const std::vector<ImageFacts>& all) {
  std::unordered_map<std::string, std::int64_t> in_train;
  for (const std::int64_t i : dataset.part(Part::train)) in_train.emplace(all[static_cast<std::size_t>(i)].pixels, i);
  const std::vector<Sample>& samples = dataset.source->samples();
  for (const Part part : {Part::validation, Part::test}) {
    for (const std::int64_t i : dataset.part(part)) {
      const auto found = in_train.find(all[static_cast<std::size_t>(i)].pixels);
      if (found == in_train.end()) continue;
      if (dataset.leaked.count++ == 0)
        dataset.leaked.example = name_in(samples[static_cast<std::size_t>(i)], part) + " is " +
                                 name_in(samples[static_cast<std::size_t>(found->second)], Part::train);
    }
  }
  if (dataset.leaked.count > 0)
    dataset.warnings.push_back(
        data_warning(spec, "split",
                     counted(dataset.leaked.count, "image") + " in validation and test " +
                         (dataset.leaked.count == 1 ? "is" : "are") + " identical to one in train",
                     (dataset.leaked.count == 1 ? "" : "for example, ") + dataset.leaked.example));
}

// A unit of splitting whose images lie on both sides, because the source's own parts tear it.
void find_torn_groups(Dataset& dataset, const DataSpec& spec) {
  const std::vector<Sample>& samples = dataset.source->samples();
  std::unordered_map<std::string, Part> first;
  std::unordered_map<std::string, bool> torn;
  for (const Part part : all_parts)
    for (const std::int64_t i : dataset.part(part)) {
      const std::string& group = samples[static_cast<std::size_t>(i)].group;
      if (first.emplace(group, part).first->second != part) torn[group] = true;
    }
  if (torn.empty()) return;
  std::string example = torn.begin()->first;
  for (const auto& [group, is] : torn) example = std::min(example, group);
  dataset.warnings.push_back(data_warning(
      spec, "split", counted(torn.size(), "group") + (torn.size() == 1 ? " has" : " have") + " images in several parts",
      (torn.size() == 1 ? "`" : "for example, `") + example + "`"));
}

void hash_content(Dataset& dataset, const std::vector<ImageFacts>& all) {
  std::vector<std::string> digests;
  digests.reserve(all.size());
  for (const ImageFacts& facts : all) digests.push_back(facts.digest);
  dataset.content_hash = dataset.source->content_hash(digests);
  for (const Part part : all_parts) {
    std::vector<std::string> images;
    for (const std::int64_t i : dataset.part(part))
      images.push_back(digests[static_cast<std::size_t>(i)] + " " +
                       dataset.classes[static_cast<std::size_t>(dataset.label(i))] + "\n");
    std::sort(images.begin(), images.end());
    Sha256 hash;
    for (const std::string& image : images) hash.update(image);
    dataset.part_hashes[static_cast<std::size_t>(part)] = hash.hex();
  }
}

void tell_what_is_left_out(Dataset& dataset, const DataSpec& spec, const std::vector<ImageFacts>& all) {
  const std::vector<Diagnostic> told = left_out_of_images(spec, *dataset.source, all);
  dataset.warnings.insert(dataset.warnings.end(), told.begin(), told.end());
}

// Augmentations that are of colours, on images that have none; a declared number of channels is checked with the keys.
void tell_of_colour_augmentations(Dataset& dataset, const DataSpec& spec) {
  if (dataset.channels == 3 || spec.channels != 0) return;
  const std::pair<const char*, double> of_colour[] = {
      {"saturation", spec.augment.saturation}, {"hue", spec.augment.hue}, {"stain", spec.augment.stain}};
  for (const auto& [name, value] : of_colour)
    if (value > 0.0)
      dataset.warnings.push_back(data_warning(spec, std::string("augment.") + name,
                                              std::string("`") + name + "` has no effect: the images are grey"));
}

void hash_split(Dataset& dataset) {
  Sha256 hash;
  for (const Part part : all_parts)
    for (const std::int64_t i : dataset.part(part)) {
      const std::string& name = dataset.source->samples()[static_cast<std::size_t>(i)].name;
      hash.update(std::to_string(name.size()) + ":" + name + to_string(part) + "\n");
    }
  dataset.split_hash = hash.hex();
}

// What is known of the source before it is split.
Dataset described(const DataSpec& spec, std::shared_ptr<const Source> source) {
  Dataset dataset;
  dataset.source = std::move(source);
  dataset.classes = dataset.source->classes();
  dataset.channels = channels_of(spec, *dataset.source);
  dataset.image_size = static_cast<int>(spec.image_size);
  dataset.generated = dataset.source->generated();
  dataset.warnings = dataset.source->warnings();
  return dataset;
}

// Split, and told apart from one that cannot be, before any image is read.
Dataset split_dataset(const DataSpec& spec, std::shared_ptr<const Source> source, std::uint64_t seed) {
  Dataset dataset = described(spec, std::move(source));
  dataset.parts = draw_split(dataset.source->listing(), spec, seed);
  const std::vector<Diagnostic> warnings = split_warnings(dataset.source->listing(), spec, dataset.parts);
  std::vector<Diagnostic> told_below = warnings;  // what is added is found again once bad images have left
  check_parts(dataset.classes, dataset.source->samples(), dataset.parts, spec, told_below);
  dataset.warnings.insert(dataset.warnings.end(), warnings.begin(), warnings.end());
  tell_of_colour_augmentations(dataset, spec);
  return dataset;
}

// What stays of a source whose images have been decoded.
class ListedSource final : public Source {
 public:
  explicit ListedSource(const Listing& listing) { listing_ = listing; }
  Image decode(std::size_t index, std::string*) const override {
    throw Error(Failure::run,
                samples().at(index).name + " is decoded already: its pixels are in the data set's images");
  }
};

void add_findings(Dataset& dataset, const DataSpec& spec, const PreparedImages& prepared) {
  dataset.warnings.insert(dataset.warnings.end(), prepared.warnings.begin(), prepared.warnings.end());
  leave_out_bad_images(dataset, spec, prepared.faults);
  check_parts(dataset.classes, dataset.source->samples(), dataset.parts, spec, dataset.warnings);
  measure_normalisation(dataset, spec, prepared.facts);
  find_leaks(dataset, spec, prepared.facts);
  find_torn_groups(dataset, spec);
  tell_what_is_left_out(dataset, spec, prepared.facts);

  hash_content(dataset, prepared.facts);
  hash_split(dataset);
}

}  // namespace

struct ImageSurvey {
  PreparedImages found;
};

Dataset load_dataset(const DataSpec& spec, std::uint64_t seed, int threads, const OnProgress& on_progress,
                     const ImageCaching& caching, const std::atomic<int>* stop) {
  return load_dataset(spec, open_source(spec, seed), seed, threads, on_progress, caching, stop);
}

Dataset load_dataset(const DataSpec& spec, std::shared_ptr<const Source> source, std::uint64_t seed, int threads,
                     const OnProgress& on_progress, const ImageCaching& caching, const std::atomic<int>* stop) {
  Dataset dataset = split_dataset(spec, std::move(source), seed);
  PreparedImages prepared =
      prepare_images(*dataset.source, spec, dataset.channels, all_cores_for_0(threads), on_progress, caching, stop);
  dataset.images = std::move(prepared.images);
  add_findings(dataset, spec, prepared);
  if (!dataset.images.empty() && dataset.source->holds_pixels())
    dataset.source = std::make_shared<ListedSource>(dataset.source->listing());
  return dataset;
}

Dataset load_undivided(const DataSpec& spec, std::shared_ptr<const Source> source, std::vector<float> mean,
                       std::vector<float> deviation, int threads, const OnProgress& on_progress,
                       const ImageCaching& caching) {
  Dataset dataset = described(spec, std::move(source));
  auto& all = dataset.parts[static_cast<std::size_t>(Part::test)];
  all.resize(dataset.source->samples().size());
  std::iota(all.begin(), all.end(), std::int64_t{0});
  dataset.mean = std::move(mean);
  dataset.deviation = std::move(deviation);
  PreparedImages prepared =
      prepare_images(*dataset.source, spec, dataset.channels, all_cores_for_0(threads), on_progress, caching);
  dataset.images = std::move(prepared.images);
  dataset.warnings.insert(dataset.warnings.end(), prepared.warnings.begin(), prepared.warnings.end());
  leave_out_bad_images(dataset, spec, prepared.faults);
  tell_what_is_left_out(dataset, spec, prepared.facts);
  hash_content(dataset, prepared.facts);
  hash_split(dataset);
  return dataset;
}

std::shared_ptr<const ImageSurvey> survey_images(const DataSpec& spec, const std::shared_ptr<const Source>& source,
                                                 int threads, const OnProgress& on_progress,
                                                 const ImageCaching& caching, const std::atomic<int>* stop) {
  DataSpec none_kept = spec;
  none_kept.memory = 0;
  PreparedImages found = prepare_images(*source, none_kept, channels_of(spec, *source), all_cores_for_0(threads),
                                        on_progress, caching, stop);
  found.images = {};
  return std::make_shared<const ImageSurvey>(ImageSurvey{std::move(found)});
}

Dataset describe_dataset(const DataSpec& spec, std::shared_ptr<const Source> source, std::uint64_t seed,
                         const ImageSurvey& survey) {
  Dataset dataset = split_dataset(spec, std::move(source), seed);
  add_findings(dataset, spec, survey.found);
  return dataset;
}

}  // namespace rxrun
