#include "data/source.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "data/fault.h"
#include "data/similar_name.h"
#include "data/split.h"
#include "diagnostics/render.h"
#include "diagnostics/utf8.h"
#include "files/files.h"

namespace rxrun {
namespace {

// A source that is one file, where the path is the folder that it lies in: names the file to write.
void check_is_file(const DataSpec& spec, const std::string& source, const std::string& ending) {
  constexpr std::size_t looked_at = 10'000;
  std::error_code error;
  if (!std::filesystem::is_directory(spec.path, error)) return;
  std::vector<std::string> files;
  std::size_t seen = 0;
  for (std::filesystem::directory_iterator entry(spec.path, error), end; !error && entry != end && seen < looked_at;
       entry.increment(error), ++seen)
    if (entry->path().extension() == ending) files.push_back(entry->path().filename().string());
  std::sort(files.begin(), files.end());
  constexpr std::size_t named = 3;
  std::string names;
  for (std::size_t i = 0; i < files.size() && i < named; ++i) names += (i == 0 ? "" : ", ") + printable(files[i]);
  if (files.size() > named) names += " and " + std::to_string(files.size() - named) + " more";
  const std::string folder = printable(spec.path.string());
  bad_data(spec, "path", folder + " is a folder, but source " + source + " expects a file, " + ending,
           files.empty()       ? "it holds no " + ending + " file"
           : files.size() == 1 ? "write " + printable((spec.path / files.front()).string())
                               : "name one of the files in it: " + names);
}

std::unique_ptr<Source> open_format(const DataSpec& spec, std::uint64_t seed) {
  if (spec.source == SourceKind::histology) return open_histology(spec, seed);
  std::error_code error;
  if (!std::filesystem::exists(spec.path, error)) {
    if (!error && spec.sample == "histology") return open_histology(spec, seed);
    const bool sample_fits = spec.source == SourceKind::class_folders && (spec.classes == 0 || spec.classes == 2);
    const bool tilde = std::find(spec.path.begin(), spec.path.end(), "~") != spec.path.end();
    bad_data(spec, "path", "no data at " + spec.path.string(),
             error         ? error.message()
             : tilde       ? "`~` is not expanded: write the whole path"
             : sample_fits ? "set data.path=PATH to where they are, or data.sample=histology to generate images"
                           : "set data.path=PATH to where they are; the experiment file may say where to get them");
  }
  switch (spec.source) {
    case SourceKind::class_folders:
      return open_class_folders(spec);
    case SourceKind::medmnist:
      check_is_file(spec, "medmnist", ".npz");
      return open_medmnist(spec);
    case SourceKind::idx:
      return open_idx(spec);
    case SourceKind::manifest:
      check_is_file(spec, "manifest", ".csv");
      return open_manifest(spec);
    case SourceKind::cifar:
      return open_cifar(spec);
    case SourceKind::histology:
      break;
  }
  return open_histology(spec, seed);
}

std::vector<std::int64_t> counts_of(const Listing& listing) {
  std::vector<std::int64_t> counts(listing.classes.size(), 0);
  for (const Sample& sample : listing.samples) ++counts[static_cast<std::size_t>(sample.label)];
  return counts;
}

// Whether the labels are numbers from 1 to the highest: what is meant for the first class has the second's label then.
bool counts_from_one(const DataSpec& spec, const Listing& listing, const std::vector<std::int64_t>& counts) {
  const bool numbered =
      spec.source == SourceKind::manifest || spec.source == SourceKind::medmnist || spec.source == SourceKind::idx;
  return numbered && counts.size() > 2 && listing.classes.front() == "0" &&
         listing.classes.back() == std::to_string(counts.size() - 1) &&
         std::count(counts.begin(), counts.end(), 0) == 1 && counts.front() == 0;
}

// The first class is none where data.classes says so.
void take_from_one(const DataSpec& spec, Listing& listing) {
  const auto wanted = static_cast<std::size_t>(spec.classes);
  if (spec.classes == 0 || listing.classes.size() != wanted + 1 || !counts_from_one(spec, listing, counts_of(listing)))
    return;
  listing.classes.erase(listing.classes.begin());
  for (Sample& sample : listing.samples) --sample.label;
  listing.warnings.push_back(data_note(spec, "classes",
                                       "the labels are counted from 1, as data.classes is " +
                                           std::to_string(spec.classes) + " and no image has the label 0"));
}

// Where a class is met first: its line in a manifest, or else the data's path.
SourceLocation place_of_class(const DataSpec& spec, const Listing& listing, std::size_t c) {
  for (std::size_t i = 0; i < listing.lines.size(); ++i)
    if (listing.samples[i].label == static_cast<std::int64_t>(c)) return in_file(spec.path, listing.lines[i]);
  return spec.path_where;
}

// Two names of one class, as it seems: an error, unless data.classes says that there are so many classes.
void check_names_differ(const DataSpec& spec, const Listing& listing, const std::vector<std::int64_t>& counts,
                        Diagnostics& faults) {
  std::map<std::string, std::size_t> first;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    const auto [other, is_new] = first.emplace(folded(listing.classes[c]), c);
    if (is_new) continue;
    const auto told = [&](std::size_t which) {
      const SourceLocation where = place_of_class(spec, listing, which);
      return std::string("`").append(printable(listing.classes[which])) + "` (" + counted(counts[which], "image") +
             (listing.lines.empty() ? ")" : ", first in line " + std::to_string(where.line) + ")");
    };
    const std::string message = "the classes " + told(other->second) + " and " + told(c) + " differ only in " +
                                difference_of(listing.classes[other->second], listing.classes[c]);
    const SourceLocation where = place_of_class(spec, listing, c);
    if (spec.classes == static_cast<std::int64_t>(counts.size()))
      faults.warning(where, message);
    else
      faults.error(
          where, message,
          "give them one name; or, if they are two classes, set data.classes=" + std::to_string(counts.size()));
  }
}

void check_classes(Listing& listing, const DataSpec& spec, OpenedTo purpose) {
  constexpr std::size_t told_at_most = 20;
  const std::vector<std::string>& classes = listing.classes;
  const std::string where = spec.path.string();
  const bool trains = purpose == OpenedTo::train;
  if (trains && classes.size() < 2)
    bad_data(spec, "path", "only one class, `" + classes.front() + "`, in " + where + ": there is nothing to classify",
             "at least two classes are needed");
  const std::vector<std::int64_t> counts = counts_of(listing);
  Diagnostics faults(listing.warnings);  // ignored files may be what explains an error
  if (trains) check_names_differ(spec, listing, counts, faults);
  std::size_t empty = 0;
  const bool from_one = trains && counts_from_one(spec, listing, counts);
  if (from_one)
    faults.error(spec.path_where, "no image in " + where + " has the label 0: the labels are 1 to " + classes.back(),
                 "labels count from 0; if these count from 1, set data.classes=" + classes.back());
  for (std::size_t c = from_one ? 1 : 0; c < classes.size(); ++c)
    if (trains && counts[c] == 0 && empty++ < told_at_most)
      faults.error(spec.path_where, "class `" + classes[c] + "` has no images in " + where,
                   spec.source == SourceKind::class_folders ? "if that folder is no class, remove it" : "");
  // Names are stored as text, where two that are not would become one.
  for (const std::string& name : classes)
    if (!is_utf8(name))
      faults.error(spec.path_where, "the class name `" + printable(name) + "` in " + where + " is not UTF-8",
                   "rename its folder, or its label in the manifest");
  if (empty > told_at_most)
    faults.error(
        spec.path_where,
        "and " + counted(empty - told_at_most, "more class") + (empty - told_at_most == 1 ? " has none" : " have none"),
        "is a label wrong? The highest one, " + classes.back() + ", determines the number of classes");
  if (trains && !from_one && spec.classes > 0 && spec.classes != static_cast<std::int64_t>(classes.size()))
    faults.error(place_of_key(spec, "classes"), "the data has " + counted(classes.size(), "class") +
                                                    ", but data.classes is " + std::to_string(spec.classes));
  faults.throw_errors();
  listing.warnings = faults.list();
}

void check_keys_of_folders(const DataSpec& spec) {
  if (spec.source == SourceKind::class_folders) return;
  const std::pair<const char*, bool> keys[] = {
      {"layout", !spec.layout.empty()}, {"include", !spec.include.empty()}, {"exclude", !spec.exclude.empty()}};
  for (const auto& [key, is_set] : keys)
    if (is_set)
      bad_data(spec, key, "data." + std::string(key) + " is for the folders of source class_folders", "leave it out");
}

}  // namespace

std::unique_ptr<Source> open_source(const DataSpec& spec, std::uint64_t seed, OpenedTo purpose) {
  check_keys_of_folders(spec);
  std::unique_ptr<Source> source = open_format(spec, seed);
  take_from_one(spec, source->listing_);
  check_classes(source->listing_, spec, purpose);
  assign_groups(source->listing_, spec);
  return source;
}

std::string Source::digest(std::size_t index) const {
  std::string digest;
  decode(index, &digest);
  return digest;
}

std::string Source::content_hash(const std::vector<std::string>& digests) const {
  Sha256 hash;
  const auto field = [&](std::string_view text) {
    // Lengths first: no two lists of fields run together to the same bytes.
    hash.update(std::to_string(text.size()) + ":");
    hash.update(text);
  };
  for (const std::string& name : classes()) field(name);
  for (std::size_t i = 0; i < samples().size(); ++i) {
    const Sample& sample = samples()[i];
    field(sample.name);
    field(std::to_string(sample.label));
    field(sample.part);
    field(digests[i]);
  }
  return hash.hex();
}

}  // namespace rxrun
