// Mixed precision for a while: LibTorch computes what gains by it in bfloat16, and keeps float32 weights and sums.
#pragma once

#include <string>

#include "experiment/experiment.h"

namespace rxrun {

// Does nothing for float32. Ends with the scope, and then forgets the weights that were converted meanwhile: a scope
// must not outlive a change of the weights.
class Autocast {
 public:
  Autocast(Precision precision, const std::string& device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool active_, cuda_;
};

}  // namespace rxrun
