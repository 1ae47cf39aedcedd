#include "training/translate.h"

#include <string_view>

#include "diagnostics/render.h"

namespace rxrun {

void throw_translated(const std::exception& error) {
  const std::string_view what = error.what();
  // c10 has no exception type of its own for the CPU's allocator.
  for (const std::string_view sign : {"can't allocate memory", "out of memory", "not enough memory"}) {
    if (what.find(sign) != std::string_view::npos) throw std::bad_alloc();
  }
  throw Error(Failure::run, "LibTorch failed: " + printable(what.substr(0, what.find('\n'))));
}

}  // namespace rxrun
