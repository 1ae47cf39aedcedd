// The same work for many indices, by several threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace rxrun {

// Calls f(0) ... f(count - 1) from `threads` threads; the first exception ends all and is thrown on. So does
// a signal number in `stop`, as check_stop.
void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& f,
                    const std::atomic<int>* stop = nullptr);

// Throws Error when `stop` is given and holds a signal's number n. Nothing has failed: its Failure is 128 + n, the exit
// code of a program that a signal ended.
void check_stop(const std::atomic<int>* stop);

}  // namespace rxrun
