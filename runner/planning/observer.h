// Who watches the planning of a sweep: the command line. Includes no LibTorch.
#pragma once

#include <cstddef>
#include <string>

#include "data/dataset.h"

namespace rxrun {

// Called on the thread that plans, but for on_reading, which any thread may call, one at a time.
class PlanObserver {
 public:
  virtual ~PlanObserver() = default;
  // While images are read for points that share them, and after that.
  virtual void on_reading(const LoadProgress&) {}
  virtual void on_read() {}
  // After each of so many points; then on_planned, earlier when the points have too many faults.
  virtual void on_point(std::size_t /*done*/, std::size_t /*points*/) {}
  virtual void on_planned() {}
  // Of a search: a chosen point cannot be built; so many points are all that there are.
  virtual void on_unusable(const std::string& /*reason*/) {}
  virtual void on_exhausted(std::size_t /*points*/) {}
  // How many processes at a time are the best is measured now; before on_measured, once for each number that is tried.
  virtual void on_measuring() {}
  virtual void on_measured(int /*jobs*/, int /*threads, of each*/, double /*images_per_second, of all*/) {}
  virtual void on_warning(const std::string& /*text*/) {}
};

}  // namespace rxrun
