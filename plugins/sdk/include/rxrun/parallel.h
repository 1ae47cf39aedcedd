// Work shared among LibTorch's threads.
#pragma once

#include <cstdint>
#include <functional>

#include "rxrun/export.h"

namespace rxrun {

// Calls work(first, last) for ranges that make up 0 ... tasks - 1, on as many threads as at::get_num_threads() says,
// and returns when all are done; throws what one of them threw. at::parallel_for itself lives in a header, and without
// OpenMP's compiler option does all of it on one thread.
RXRUN_API void parallel_for(std::int64_t tasks, const std::function<void(std::int64_t, std::int64_t)>& work);

}  // namespace rxrun
