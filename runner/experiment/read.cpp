#include "experiment/read.h"

#include "diagnostics/in_order_of_place.h"
#include "experiment/check.h"
#include "experiment/key_reader.h"
#include "experiment/places.h"

namespace rxrun {
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
    read.experiment.data.written = written_below(read.tree, "data");
    check_values(read.experiment, read.tree, reader.faulty(), found);
  }
  for (const Diagnostic& diagnostic : in_order_of_place(found.list())) diagnostics.add(diagnostic);
  return read;
}

}  // namespace rxrun
