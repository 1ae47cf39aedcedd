#include "data/dataset.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

#include "data/csv.h"
#include "data/fault.h"
#include "data/resize.h"
#include "data/split.h"
#include "files/files.h"

namespace rxrun {
namespace {

// What one pass over all images finds out about each.
struct Seen {
  std::string digest;                                    // of the bytes that it was decoded from
  std::string pixels;                                    // of the prepared pixels
  std::array<std::uint64_t, 3> sum{}, sum_of_squares{};  // a channel; exact, so the order of threads cannot alter them
  std::optional<Diagnostic> fault;
};

// Calls f(0) ... f(count - 1) from `threads` threads; the first exception ends all and is thrown on.
void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& f) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) f(i);
    } catch (...) {
      next = count;
      const std::lock_guard lock(mutex);
      if (failure == nullptr) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    for (int t = 1; t < threads && static_cast<std::size_t>(t) < count; ++t) others.emplace_back(work);
    work();
  }
  if (failure != nullptr) std::rethrow_exception(failure);
}

void look_at(const Image& image, Seen& seen) {
  seen.pixels = sha256_hex({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()});
  const auto channels = static_cast<std::size_t>(image.channels);
  for (std::size_t c = 0; c < channels; ++c) {
    std::uint64_t sum = 0, squares = 0;
    for (std::size_t i = c; i < image.pixels.size(); i += channels) {
      const std::uint32_t value = image.pixels[i];
      sum += value;
      squares += value * value;
    }
    seen.sum[c] = sum;
    seen.sum_of_squares[c] = squares;
  }
}

std::vector<Seen> look_at_all(Dataset& dataset, const DataSpec& spec, int threads,
                              const std::function<void(const LoadProgress&)>& on_progress) {
  const std::size_t count = dataset.source->samples().size();
  std::vector<Seen> all(count);
  std::mutex mutex;
  LoadProgress progress{0, static_cast<std::int64_t>(count)};
  const std::int64_t a_step = std::max<std::int64_t>(1, progress.total / 200);
  for_each_index(count, threads, [&](std::size_t i) {
    try {
      Image image = prepared_image(*dataset.source, i, spec, dataset.channels, &all[i].digest);
      look_at(image, all[i]);
      if (!dataset.images.empty()) dataset.images[i] = std::move(image);
    } catch (const Error& error) {
      all[i].fault = error.diagnostics().front();
    }
    if (!on_progress) return;
    const std::lock_guard lock(mutex);
    if (++progress.done % a_step == 0 || progress.done == progress.total) on_progress(progress);
  });
  return all;
}

void leave_out_bad_images(Dataset& dataset, const DataSpec& spec, const std::vector<Seen>& all) {
  constexpr std::size_t told_at_most = 20;
  std::vector<Diagnostic> faults;
  std::vector<bool> bad(all.size(), false);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].fault) continue;
    bad[i] = true;
    dataset.skipped.push_back({dataset.source->samples()[i].name, all[i].fault->message});
    if (faults.size() < told_at_most) faults.push_back(*all[i].fault);
  }
  if (faults.empty()) return;
  const std::size_t count = dataset.skipped.size();
  if (spec.on_bad_image == OnBadImage::error) {
    if (count > faults.size())
      faults.push_back(data_note(spec, "and " + std::to_string(count - faults.size()) + " more bad images"));
    faults.front().advice = "mend or remove them, or set data.on_bad_image: skip";
    throw Error(Failure::usage, std::move(faults));
  }
  for (auto& part : dataset.parts)
    std::erase_if(part, [&](std::int64_t i) { return bad[static_cast<std::size_t>(i)]; });
  dataset.warnings.push_back(data_warning(spec, std::to_string(count) + " bad images are left out, such as " +
                                                    dataset.skipped.front().name + ": " +
                                                    dataset.skipped.front().reason));
}

void measure_normalisation(Dataset& dataset, const DataSpec& spec, const std::vector<Seen>& all) {
  const auto channels = static_cast<std::size_t>(dataset.channels);
  if (!spec.normalize.measured) {
    const auto fits = [&](const std::vector<double>& values) {
      return values.size() == channels || values.size() == 1;
    };
    if (!fits(spec.normalize.mean) || !fits(spec.normalize.deviation))
      bad_data(spec, "data.normalize must give mean and deviation for " + std::to_string(channels) + " channels");
    for (std::size_t c = 0; c < channels; ++c) {
      dataset.mean.push_back(static_cast<float>(spec.normalize.mean[spec.normalize.mean.size() == 1 ? 0 : c]));
      dataset.deviation.push_back(
          static_cast<float>(spec.normalize.deviation[spec.normalize.deviation.size() == 1 ? 0 : c]));
      if (!(dataset.deviation.back() > 0.0f)) bad_data(spec, "data.normalize.deviation must be more than 0");
    }
    return;
  }
  const double pixels = static_cast<double>(dataset.part(Part::train).size()) * dataset.image_size * dataset.image_size;
  for (std::size_t c = 0; c < channels; ++c) {
    std::uint64_t sum = 0, squares = 0;
    for (const std::int64_t i : dataset.part(Part::train)) {
      sum += all[static_cast<std::size_t>(i)].sum[c];
      squares += all[static_cast<std::size_t>(i)].sum_of_squares[c];
    }
    const double mean = static_cast<double>(sum) / pixels;
    const double variance = std::max(0.0, static_cast<double>(squares) / pixels - mean * mean);
    dataset.mean.push_back(static_cast<float>(mean / 255.0));
    // A channel without contrast is only shifted.
    dataset.deviation.push_back(variance > 1e-6 ? static_cast<float>(std::sqrt(variance) / 255.0) : 1.0f);
  }
}

void find_leaks(Dataset& dataset, const DataSpec& spec, const std::vector<Seen>& all) {
  std::unordered_map<std::string, std::int64_t> in_train;
  for (const std::int64_t i : dataset.part(Part::train)) in_train.emplace(all[static_cast<std::size_t>(i)].pixels, i);
  const std::vector<Sample>& samples = dataset.source->samples();
  for (const Part part : {Part::test, Part::validation}) {
    for (const std::int64_t i : dataset.part(part)) {
      const auto found = in_train.find(all[static_cast<std::size_t>(i)].pixels);
      if (found == in_train.end()) continue;
      if (dataset.leaked.count++ == 0)
        dataset.leaked.example = samples[static_cast<std::size_t>(i)].name + " (" + to_string(part) + ") is " +
                                 samples[static_cast<std::size_t>(found->second)].name + " (train)";
    }
  }
  if (dataset.leaked.count > 0)
    dataset.warnings.push_back(data_warning(
        spec, std::to_string(dataset.leaked.count) +
                  " images of test and validation have the pixels of one in train: " + dataset.leaked.example));
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
      spec, std::to_string(torn.size()) + " groups have images in several parts, such as `" + example + "`"));
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

}  // namespace

Image prepared_image(const Source& source, std::size_t index, const DataSpec& spec, int channels, std::string* digest) {
  Image image = source.decode(index, digest);
  try {
    return with_channels(resized(std::move(image), static_cast<int>(spec.image_size), spec.resize), channels);
  } catch (const Error& error) {
    Diagnostic diagnostic = error.diagnostics().front();
    diagnostic.where.file = source.samples()[index].name;
    throw Error(diagnostic);
  }
}

Dataset load_dataset(const DataSpec& spec, std::uint64_t seed, int threads,
                     const std::function<void(const LoadProgress&)>& on_progress) {
  return load_dataset(spec, open_source(spec, seed), seed, threads, on_progress);
}

Dataset load_dataset(const DataSpec& spec, std::shared_ptr<const Source> source, std::uint64_t seed, int threads,
                     const std::function<void(const LoadProgress&)>& on_progress) {
  if (threads <= 0) threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  Dataset dataset;
  dataset.source = std::move(source);
  dataset.classes = dataset.source->classes();
  dataset.channels = spec.channels > 0 ? static_cast<int>(spec.channels) : dataset.source->channels();
  dataset.image_size = static_cast<int>(spec.image_size);
  dataset.generated = dataset.source->generated();
  dataset.warnings = dataset.source->warnings();
  // A split that cannot be is told before the images are read.
  dataset.parts = draw_split(dataset.source->listing(), spec, seed);
  std::vector<Diagnostic> told_below;
  check_parts(dataset.classes, dataset.source->samples(), dataset.parts, spec, told_below);

  const std::size_t count = dataset.source->samples().size();
  const std::uint64_t bytes = std::uint64_t{count} *
                              static_cast<std::uint64_t>(dataset.image_size * dataset.image_size) *
                              static_cast<std::uint64_t>(dataset.channels);
  if (bytes <= spec.memory) dataset.images.resize(count);
  const std::vector<Seen> all = look_at_all(dataset, spec, threads, on_progress);
  leave_out_bad_images(dataset, spec, all);
  check_parts(dataset.classes, dataset.source->samples(), dataset.parts, spec, dataset.warnings);
  measure_normalisation(dataset, spec, all);
  find_leaks(dataset, spec, all);
  find_torn_groups(dataset, spec);

  std::vector<std::string> digests;
  for (const Seen& seen : all) digests.push_back(seen.digest);
  dataset.content_hash = dataset.source->content_hash(digests);
  hash_split(dataset);
  return dataset;
}

std::string split_csv(const Dataset& dataset) {
  std::string csv = "name,label,group,part\n";
  for (const Part part : all_parts)
    for (const std::int64_t i : dataset.part(part)) {
      const Sample& sample = dataset.source->samples()[static_cast<std::size_t>(i)];
      csv += csv_field(sample.name) + "," + std::to_string(sample.label) + "," + csv_field(sample.group) + "," +
             to_string(part) + "\n";
    }
  return csv;
}

}  // namespace rxrun
