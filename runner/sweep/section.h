// The section `sweep` of an experiment file → a declaration, the same as the words of a command line give.
//
//   sweep:
//     cardinality: [8, 16, 32]
//     lr: log(1e-5,1e-2)
//     zip: {planes: [16, 32], depth: [4, 2]}
//     trials: 20
//     search: tpe
#pragma once

#include <cstdint>
#include <filesystem>

#include "experiment/node.h"
#include "sweep/declaration.h"

namespace rxrun {

struct SweepSection {
  Declaration declaration;  // without files
  std::int64_t trials = 0;  // 0: not said
  std::int64_t repeat = 0;
  std::string search;  // "tpe"; empty: not said
};

// Faults go to `diagnostics`, each at its place in the file.
SweepSection read_section(const Node& section, Diagnostics& diagnostics);

// `words` and the section together: a key that the words vary or set is theirs.
Declaration merged(Declaration section, const Declaration& words);

}  // namespace rxrun
