// What makes two runs the same: all that decides their numbers, as one hash.
//
// Hashed is what was declared and differs from its default (declared.h), the data's content, the precision, and which
// code computes (revisions.h); for the identity the seed and the split beside these. Keys, layers and plugins that are
// added later leave every identity as it is; so do another version of the engine and another build of a shipped plugin,
// unless a revision is raised.
#pragma once

#include <cstdint>
#include <string>

#include "identity/revisions.h"
#include "plugin/checked_experiment.h"

namespace rxrun {

// What a run is given beside the text of its experiment.
struct RunInputs {
  std::string content_hash;     // of the data
  std::string split_hash;       // of which image is in which part
  bool generated_data = false;  // by the seed
  std::string precision;        // that it computes in: "float32", "bfloat16"
  std::string initial_weights;  // SHA-256 of their file; empty: none
};

struct RunIdentity {
  std::string run;            // SHA-256, 64 hexadecimal digits
  std::string configuration;  // 16 digits, equal for runs that differ in nothing but the seed, a data.split.seed that
                              // repeats it, and what follows from it: the split, and data that is generated
};

RunIdentity identity_of(const CheckedExperiment& checked, const RunInputs& inputs);

// The same for a resolved tree whose revisions are known; `plugins`: whose tables tell the defaults of options.
RunIdentity identity_of(const Node& tree, const std::vector<PluginInfo>& plugins, const Revisions& revisions,
                        const RunInputs& inputs);

}  // namespace rxrun
