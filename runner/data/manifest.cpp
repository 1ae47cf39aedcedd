// A manifest: CSV with the columns path and label, and optionally split and group; others may be there and be named by
// split.group_by. Paths are relative to the manifest.
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "data/csv.h"
#include "data/fault.h"
#include "data/file_source.h"
#include "diagnostics/render.h"
#include "files/files.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_manifest = 1ull << 30;
constexpr std::size_t faults_told = 20;

struct Columns {
  std::size_t path, label;
  std::optional<std::size_t> part, group;
};

Columns columns_of(const CsvRecord& header, const DataSpec& spec) {
  const auto find = [&](const std::string& name) -> std::optional<std::size_t> {
    const auto found = std::find(header.fields.begin(), header.fields.end(), name);
    if (found == header.fields.end()) return std::nullopt;
    return static_cast<std::size_t>(found - header.fields.begin());
  };
  const auto required = [&](const std::string& name, const std::string& advice) {
    const auto column = find(name);
    if (column) return *column;
    std::string there;
    for (const std::string& field : header.fields) there += (there.empty() ? "" : ", ") + field;
    const auto nearest = nearest_name(name, header.fields);
    bad_line(spec.path, header.line, "no column `" + name + "`; the columns are " + there,
             nearest ? "did you mean `" + *nearest + "`?" : advice);
  };
  const std::string header_advice = "the first line of a manifest is path,label[,split][,group]";
  Columns columns{required("path", header_advice), required("label", header_advice), find("split"), find("group")};
  const std::string& group_by = spec.split.group_by;
  if (!group_by.empty()) {
    const bool pattern = group_by.find('(') != std::string::npos;  // it names what to group by, so that it has a group
    columns.group = pattern
                        ? find(group_by)
                        : required(group_by, "split.group_by names a column, or is a regular expression with a group");
  }
  return columns;
}

// Labels that are all whole numbers are the classes' numbers; else they are names, sorted.
std::vector<std::string> set_labels(Listing& listing, const std::vector<std::string>& labels, const DataSpec& spec,
                                    const std::vector<int>& lines) {
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
      if (numbers[i] >= most_classes) bad_line(spec.path, lines[i], "label " + labels[i] + " is out of range");
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

}  // namespace

std::unique_ptr<Source> open_manifest(const DataSpec& spec) {
  const std::vector<CsvRecord> records = read_csv(read_file(spec.path, largest_manifest), spec.path.string());
  if (records.size() < 2) bad_file(spec.path, "the manifest lists no images");
  const Columns columns = columns_of(records.front(), spec);
  Listing listing;
  listing.grouped = columns.group.has_value();
  std::vector<fs::path> paths;
  std::vector<std::string> labels;
  std::vector<int> lines;
  std::map<std::string, int> first_line;
  Diagnostics faults;
  std::size_t found = 0;
  const auto fault = [&](int line, const std::string& message, const std::string& advice = {}) {
    if (found++ < faults_told) faults.error(in_file(spec.path, line), message, advice);
  };
  std::size_t missing = 0;
  for (std::size_t r = 1; r < records.size(); ++r) {
    const CsvRecord& record = records[r];
    if (record.fields.size() != records.front().fields.size()) {
      fault(record.line, counted(record.fields.size(), "field") + ", but the header has " +
                             std::to_string(records.front().fields.size()));
      continue;
    }
    const std::string& name = record.fields[columns.path];
    const std::string& label = record.fields[columns.label];
    const fs::path path = spec.path.parent_path() / name;
    std::error_code error;
    const auto [before, is_new] = first_line.emplace(name, record.line);
    if (name.empty())
      fault(record.line, "no path");
    else if (!is_new)
      fault(record.line, "`" + name + "` is already in line " + std::to_string(before->second));
    else if (!fs::exists(path, error))
      fault(record.line, "no file at " + path.string(),
            missing++ > 0 ? "" : "paths in a manifest are relative to its folder, " + spec.path.parent_path().string());
    if (label.empty()) fault(record.line, "no label");
    const std::string part = columns.part ? record.fields[*columns.part] : "";
    const std::string group = columns.group ? record.fields[*columns.group] : "";
    listing.samples.push_back({name, 0, group.empty() ? name : group, part});
    labels.push_back(label);
    lines.push_back(record.line);
    paths.push_back(path);
  }
  if (found > faults_told)
    faults.error(
        in_file(spec.path), "and " + counted(found - faults_told, "more error"),
        missing > 0 ? "in all, " + counted(missing, "file") + (missing == 1 ? " is" : " are") + " missing" : "");
  faults.throw_errors();
  listing.classes = set_labels(listing, labels, spec, lines);
  return std::make_unique<FileSource>(std::move(listing), std::move(paths), spec.window);
}

}  // namespace rxrun
