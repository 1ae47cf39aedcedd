#include "experiment/read.h"

#include "diagnostics/in_order_of_place.h"
#include "experiment/check.h"
#include "experiment/interpolation.h"
#include "experiment/key_reader.h"
#include "experiment/places.h"

namespace rxrun {
namespace {

// `document`: resolved, with `found` about it. What is found goes to `diagnostics` in the order of the file.
void read_document(const std::optional<Node>& document, Diagnostics found, ReadExperiment& read,
                   Diagnostics& diagnostics) {
  if (document) {
    KeyReader reader(read.experiment, found);
    read.tree = reader.read_map(*document, experiment_keys(), "", false);
    read.experiment.data.written = written_below(read.tree, "data");
    read.experiment.training.written = written_below(read.tree, "training");
    check_values(read.experiment, read.tree, reader.faulty(), found);
  }
  for (const Diagnostic& diagnostic : in_order_of_place(found.list())) diagnostics.add(diagnostic);
}

}  // namespace

ReadExperiment read_experiment(const std::filesystem::path& file, const std::vector<Override>& overrides,
                               Diagnostics& diagnostics) {
  ReadExperiment read;
  read.file = file;
  read.overrides = overrides;
  Diagnostics found;
  const std::optional<Node> document = resolve_document(file, overrides, override_paths(), found);
  read_document(document, std::move(found), read, diagnostics);
  return read;
}

ReadExperiment read_resolved(const std::string& text, const std::string& file, Diagnostics& diagnostics) {
  ReadExperiment read;
  read.file = file;
  Diagnostics found;
  std::optional<Node> document = parse_document(text, file, found);
  if (document && document->kind != Node::Kind::map) {
    found.error(document->where, "an experiment must be a map of `key: value`");
    document.reset();
  }
  if (document) interpolate(*document, found, {});
  read_document(document, std::move(found), read, diagnostics);
  return read;
}

}  // namespace rxrun
