// Waiting for what may pass by itself: a lock that another process holds, a disk that is full.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "diagnostics/diagnostic.h"

namespace rxrun {

// The Error of a disk that is full, or of a quota that is used up: space may be made while the program waits.
class FullDisk : public Error {
 public:
  using Error::Error;
};
bool is_full_disk(int error_number);  // an errno

// Whether it may be over after a while, with nothing changed here.
bool may_pass(const Error& error);

struct Patience {
  std::chrono::milliseconds longest{0};               // how long it is tried again; 0: not at all
  std::chrono::milliseconds pause{1000};              // between two attempts
  std::function<void(const std::string&)> tell = {};  // what is waited for, and that it is over
  std::function<bool()> stop = {};                    // whether to give up now
};

// Does `work` until it succeeds. Throws its Error when that may not pass, when the patience is over, or to stop.
void patiently(const Patience& patience, const std::function<void()>& work);

// "10 min", "2 s".
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace rxrun
