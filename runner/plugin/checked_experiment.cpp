#include "plugin/checked_experiment.h"

namespace rxrun {

CheckedExperiment check_experiment(const ExperimentArguments& arguments, Diagnostics diagnostics) {
  std::vector<Override> overrides;
  for (const std::string& word : arguments.overrides) overrides.push_back(parse_override(word));

  CheckedExperiment checked;
  checked.read = read_experiment(arguments.file, overrides, diagnostics);
  const Catalog catalog = load_catalog(checked.experiment().network, diagnostics);
  checked.network = check_network(checked.experiment().network, catalog, diagnostics);
  diagnostics.throw_errors();
  checked.warnings = diagnostics.list();
  return checked;
}

}  // namespace rxrun
