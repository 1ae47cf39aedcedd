// rxrun explain FILE KEY: where a value of an experiment comes from.
#include <iostream>

#include "cli/commands.h"
#include "experiment/read.h"

namespace rxrun {

int run_explain(const ExplainOptions& options) {
  std::vector<Override> overrides;
  for (const std::string& word : options.experiment.overrides) overrides.push_back(parse_override(word));
  Diagnostics diagnostics;
  const ReadExperiment read = read_experiment(options.experiment.file, overrides, diagnostics);
  diagnostics.throw_errors();
  std::cout << explain(read, options.key, options.common.format == TableFormat::json);
  return 0;
}

}  // namespace rxrun
