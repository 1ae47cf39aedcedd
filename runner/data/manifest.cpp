// A manifest: CSV with the columns path and label, and optionally split and group, or what is usual for them; others
// may be there and be named by split.group_by. Paths are relative to the manifest.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "data/csv.h"
#include "data/fault.h"
#include "data/file_source.h"
#include "data/manifest_columns.h"
#include "data/similar_name.h"
#include "diagnostics/render.h"
#include "files/files.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_manifest = 1ull << 30;
constexpr std::size_t faults_told = 20;

// Labels that are all whole numbers are the classes' numbers; else they are names, sorted.
std::vector<std::string> set_labels(Listing& listing, const std::vector<std::string>& labels, const DataSpec& spec) {
  std::vector<std::int64_t> numbers;
  for (const std::string& label : labels) {
    std::int64_t number = -1;
    const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), number);
    if (error != std::errc() || end != label.data() + label.size() || number < 0) break;
    numbers.push_back(number);
  }
  std::vector<std::string> classes;
  if (numbers.size() == labels.size()) {
    constexpr std::int64_t most_classes = 100'000;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] >= most_classes) bad_line(spec.path, listing.lines[i], "label " + labels[i] + " is out of range");
      listing.samples[i].label = numbers[i];
    }
    const std::int64_t highest = *std::max_element(numbers.begin(), numbers.end());
    for (std::int64_t c = 0; c <= highest; ++c) classes.push_back(std::to_string(c));
    return classes;
  }
  const std::set<std::string> names(labels.begin(), labels.end());
  classes.assign(names.begin(), names.end());
  for (std::size_t i = 0; i < labels.size(); ++i)
    listing.samples[i].label = std::lower_bound(classes.begin(), classes.end(), labels[i]) - classes.begin();
  return classes;
}

// A cell without the blanks at its ends, which are counted.
class Cells {
 public:
  std::string cell(const CsvRecord& record, std::size_t column) {
    const std::string& text = record.fields[column];
    const std::string_view kept = trimmed(text);
    if (kept.size() != text.size() && count_++ == 0) line_ = record.line, example_ = text;
    return std::string(kept);
  }
  void tell(const DataSpec& spec, std::vector<Diagnostic>& notes) const {
    if (count_ > 0)
      notes.push_back(file_note(
          spec.path, line_,
          counted(count_, "cell") + (count_ == 1 ? " has" : " have") + " blanks at the ends, which are left out",
          "for example, `" + printable(example_) + "`"));
  }

 private:
  std::int64_t count_ = 0;
  int line_ = 0;
  std::string example_;
};

// Faults of the lines; beyond so many they are counted.
class LineFaults {
 public:
  explicit LineFaults(const fs::path& manifest) : manifest_(manifest) {}

  void add(int line, const std::string& message, const std::string& advice = {}) {
    if (found_++ < faults_told) faults_.error(in_file(manifest_, line), message, advice);
  }

  void missing(int line, const std::string& name) {
    const fs::path folder = manifest_.parent_path();
    std::string advice;
    if (found_ < faults_told) {  // looking for it takes time
      if (const auto similar = similar_.find(folder, name))
        advice = "did you mean `" + printable(similar->path.string()) + "`? It differs in " + similar->difference;
      else if (missing_ == 0)
        advice = "paths in a manifest are relative to its folder, " + printable(folder.string()) +
                 (name.find('\\') == std::string::npos ? "" : "; folders are separated by `/`, not by `\\`");
    }
    add(line, "no file at " + printable((folder / name).string()), advice);
    ++missing_;
  }

  void throw_errors() {
    if (found_ > faults_told)
      faults_.error(
          in_file(manifest_), "and " + counted(found_ - faults_told, "more error"),
          missing_ > 0 ? "in all, " + counted(missing_, "file") + (missing_ == 1 ? " is" : " are") + " missing" : "");
    faults_.throw_errors();
  }

 private:
  const fs::path manifest_;
  Diagnostics faults_;
  SimilarFiles similar_;
  std::size_t found_ = 0, missing_ = 0;
};

// Images whose cell of the group is empty.
Diagnostic without_group(const DataSpec& spec, const std::string& column, const std::vector<std::size_t>& samples,
                         const Listing& listing) {
  const std::size_t count = samples.size(), first = samples.front();
  return file_warning(spec.path, listing.lines[first],
                      std::to_string(count) + " of " + counted(listing.samples.size(), "image") +
                          (count == 1 ? " has" : " have") + " no `" + printable(column) +
                          "`: " + (count == 1 ? "it is" : "each is") + " drawn into a part by itself",
                      std::string("images of one patient may so be in several parts: fill the cells, or leave these "
                                  "lines out\n") +
                          (count == 1 ? "`" : "for example, `") + printable(listing.samples[first].name) + "`");
}

// The name of the only image beside `path` that is called so but for its extension; empty: there is none, or several.
std::string only_image_called(const fs::path& path) {
  std::string found;
  std::error_code error;
  for (const std::string_view extension : image_extensions())
    for (const bool upper : {false, true}) {
      std::string ending(extension);
      if (upper)
        std::transform(ending.begin(), ending.end(), ending.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
      const fs::path file = path.string() + ending;
      if (!fs::exists(file, error)) continue;
      if (!found.empty()) return {};
      found = file.filename().string();
    }
  return found;
}

}  // namespace

std::unique_ptr<Source> open_manifest(const DataSpec& spec) {
  const std::vector<CsvRecord> records = read_csv(read_file(spec.path, largest_manifest), spec.path.string());
  if (records.size() < 2) bad_file(spec.path, "the manifest lists no images");
  const std::size_t width = records.front().fields.size();
  Listing listing;
  const ManifestColumns columns = manifest_columns(records.front(), spec, listing.warnings);
  listing.grouped = columns.group.has_value();
  std::vector<fs::path> paths;
  std::vector<std::string> labels;
  std::vector<std::size_t> alone;
  std::map<fs::path, int> first_line;
  Cells cells;
  LineFaults faults(spec.path);
  std::int64_t completed = 0;
  for (std::size_t r = 1; r < records.size(); ++r) {
    const CsvRecord& record = records[r];
    if (record.fields.size() != width) {
      faults.add(record.line, counted(record.fields.size(), "field") + ", but the header has " + std::to_string(width));
      continue;
    }
    std::error_code error;
    std::string name = record.fields[columns.path];
    fs::path path = spec.path.parent_path() / name;
    bool there = fs::exists(path, error);
    if (!there && trimmed(name) != name) {  // a file's own name may begin and end in blanks
      name = cells.cell(record, columns.path);
      path = spec.path.parent_path() / name;
      there = fs::exists(path, error);
    }
    if (!there && !has_image_extension(name)) {  // ids of images, as in an `image_id`
      if (const std::string file = only_image_called(path); !file.empty()) {
        name += file.substr(path.filename().string().size());
        path = spec.path.parent_path() / name;
        there = true;
        ++completed;
      }
    }
    const std::string label = cells.cell(record, columns.label);
    const auto [before, is_new] = first_line.emplace(fs::absolute(path, error).lexically_normal(), record.line);
    if (name.empty())
      faults.add(record.line, "no path");
    else if (!is_new)
      faults.add(record.line, "`" + printable(name) + "` is already in line " + std::to_string(before->second));
    else if (!there)
      faults.missing(record.line, name);
    if (label.empty()) faults.add(record.line, "no label");
    const std::string part = columns.part ? cells.cell(record, *columns.part) : "";
    const std::string group = columns.group ? cells.cell(record, *columns.group) : "";
    if (columns.group && group.empty()) alone.push_back(listing.samples.size());
    listing.samples.push_back({name, 0, group.empty() ? name : group, part});
    listing.lines.push_back(record.line);
    labels.push_back(label);
    paths.push_back(path);
  }
  faults.throw_errors();
  cells.tell(spec, listing.warnings);
  if (completed > 0)
    listing.warnings.push_back(file_note(spec.path, records.front().line,
                                         counted(completed, "path") + (completed == 1 ? " lacks" : " lack") +
                                             " an extension, which is taken from the only image of that name",
                                         ""));
  if (!alone.empty())
    listing.warnings.push_back(without_group(spec, records.front().fields[*columns.group], alone, listing));
  listing.classes = set_labels(listing, labels, spec);
  return std::make_unique<FileSource>(std::move(listing), std::move(paths), spec.window, spec.channels);
}

}  // namespace rxrun
