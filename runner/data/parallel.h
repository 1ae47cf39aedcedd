// The same work for many indices, by several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace rxrun {

// Calls f(0) ... f(count - 1) from `threads` threads; the first exception ends all and is thrown on.
void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& f);

}  // namespace rxrun
