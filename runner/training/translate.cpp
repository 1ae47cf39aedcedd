#include "training/translate.h"

#include "network/failure.h"

namespace rxrun {

void throw_translated(const std::exception_ptr& exception) {
  if (is_out_of_memory(exception)) throw std::bad_alloc();
  throw Error(Failure::run, "LibTorch failed: " + cause_of(exception));
}

}  // namespace rxrun
