#include "rxrun/parallel.h"

#include <ATen/Parallel.h>

#if AT_PARALLEL_OPENMP && !defined(_OPENMP)
#error "this file is to be compiled with OpenMP: at::parallel_for would use one thread"
#endif

namespace rxrun {

void parallel_for(std::int64_t tasks, const std::function<void(std::int64_t, std::int64_t)>& work) {
  at::parallel_for(0, tasks, 1, work);
}

}  // namespace rxrun
