// What the planning of a sweep tells.
#pragma once

#include <string>

#include "cli/console.h"
#include "planning/observer.h"

namespace rxrun {

class PlanReporter final : public PlanObserver {
 public:
  explicit PlanReporter(Console& console) : console_(console) {}
  void on_reading(const LoadProgress& progress) override;
  void on_read() override { console_.clear_progress(); }
  void on_point(std::size_t done, std::size_t points) override;
  void on_planned() override { console_.clear_progress(); }
  void on_unusable(const std::string& reason) override;
  void on_exhausted(std::size_t points) override;
  void on_measuring() override;
  void on_measured(int jobs, int threads, double images_per_second) override;
  void on_warning(const std::string& text) override { console_.warning(text); }

 private:
  Console& console_;
};

}  // namespace rxrun
