// What is recorded of the program and the machine that compute a run (`environment.NAME` in the table `properties` of
// results.db), and what each of it decides. The list in environment.cpp is the only one: recording, the comparison of a
// stored run with what is here now, and the table in schemas/README.md, which a test holds to it, all follow it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "identity/revisions.h"
#include "training/initial_weights.h"
#include "training/machine.h"

namespace rxrun {

enum class Decides {
  identity,  // with another one it is another run
  rounding,  // the same run; but only with the same one are the results equal to the bit
  nothing,   // told for the record
};

struct Fact {
  std::string name;  // "libtorch"; with a point at its end the beginning of several: "plugin." of plugin.mine
  Decides decides;
};

const std::vector<Fact>& facts();

// Nothing for a name that is not in the list.
Decides decided_by(const std::string& name);

using Environment = std::vector<std::pair<std::string, std::string>>;  // name, value
Environment environment_of(const Machine& machine, const CheckedNetwork& network,
                           const std::optional<InitialWeights>& weights);

// Whether two values of a fact are the same as far as it decides anything: of a device its kind, not its number.
bool same_fact(const std::string& name, const std::string& one, const std::string& other);

}  // namespace rxrun
