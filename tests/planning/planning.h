// A tiny experiment to plan sweeps of, and an observer that writes down what it is told.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "../cli/program.h"
#include "planning/observer.h"
#include "sweep/points.h"

namespace rxrun::test {

class Told : public PlanObserver {
 public:
  void on_point(std::size_t done, std::size_t points) override {
    told.push_back("point " + std::to_string(done) + " of " + std::to_string(points));
  }
  void on_planned() override { told.push_back("planned"); }
  void on_unusable(const std::string& reason) override { told.push_back("unusable: " + reason); }
  void on_exhausted(std::size_t points) override { told.push_back("exhausted after " + std::to_string(points)); }
  void on_measuring() override { told.push_back("measuring"); }
  void on_measured(int jobs, int, double images_per_second) override {
    told.push_back(fmt::format("{} at a time: {}", jobs, images_per_second));
  }
  void on_warning(const std::string& text) override { told.push_back("warning: " + text); }

  std::vector<std::string> told;
};

class Planning : public ::testing::Test {
 protected:
  Planning() {
    setenv("RXRUN_LIBEXEC", RXRUN_TEST_LIBEXEC, 1);
    place.write("tiny.yaml", tiny_experiment(2));
  }
  Point point(const std::vector<Override>& overrides) const {
    return {.file = place.folder() / "tiny.yaml", .overrides = overrides, .fixed = 0, .solve = {}};
  }

  Workplace place;
  Told observer;
};

}  // namespace rxrun::test
