#include "experiment/read.h"

#include <algorithm>
#include <tuple>

#include "experiment/check.h"
#include "experiment/key_reader.h"
#include "experiment/places.h"

namespace rxrun {
namespace {

// By file in the order of their first error, then by line and column.
void add_in_order_of_place(std::vector<Diagnostic> found, Diagnostics& diagnostics) {
  std::vector<std::string> files;
  for (const Diagnostic& diagnostic : found)
    if (std::find(files.begin(), files.end(), diagnostic.where.file) == files.end())
      files.push_back(diagnostic.where.file);
  const auto place = [&](const Diagnostic& diagnostic) {
    const auto& where = diagnostic.where;
    return std::tuple(std::find(files.begin(), files.end(), where.file) - files.begin(), where.line, where.column);
  };
  std::stable_sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  for (const Diagnostic& diagnostic : found) diagnostics.add(diagnostic);
}

}  // namespace

ReadExperiment read_experiment(const std::filesystem::path& file, const std::vector<Override>& overrides,
                               Diagnostics& diagnostics) {
  ReadExperiment read;
  read.file = file;
  read.overrides = overrides;
  Diagnostics found;
  const std::vector<std::string> known =
      overrides.empty() ? std::vector<std::string>{} : override_paths(file, overrides);
  const std::optional<Node> document = resolve_document(file, overrides, known, found);
  if (document) {
    KeyReader reader(read.experiment, found);
    read.tree = reader.read_map(*document, experiment_keys(), "", false);
    check_values(read.experiment, read.tree, reader.faulty(), found);
  }
  add_in_order_of_place(found.list(), diagnostics);
  return read;
}

}  // namespace rxrun
