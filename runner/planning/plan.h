// Points → what each will compute, known before any of them runs. Includes no LibTorch.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "experiment/node.h"
#include "planning/observer.h"
#include "sweep/points.h"

namespace rxrun {

struct PlannedPoint {
  std::vector<std::pair<std::string, Node>> settings;  // full key → value; those of the command line
  std::string file;
  std::string name;      // the experiment's
  std::string resolved;  // YAML, with an absolute path of the data
  std::string identity;
  std::string content_hash;
  std::string coordinates;  // JSON list, of a search; otherwise empty
  std::int64_t parameters = 0, multiply_adds = 0, epochs = 0;
  std::int64_t memory = 0;  // bytes that its process takes at most, roughly, beside the images that all share
  std::int64_t threads = 0, loader_threads = 0;  // as declared; 0: the sweep divides the machine
  std::string metric;                            // that a sweep compares it by, at the epoch whose weights are kept
  bool maximize = true;
  bool keeps_last_epoch = false;  // otherwise the best one
  bool width_is_ignored = false;  // base_width is set, but the width rule does not look at it
};

struct SweepPlan {
  std::vector<PlannedPoint> points;  // of different identities, in the order of their positions
  std::size_t expected = 0;          // so many in all; of a search more than are known yet
  std::vector<std::string> warnings;
  std::vector<std::string> notes;  // what was worked out
};

// Works points out. What they share is looked at once: images are read once for all points whose data differ by no more
// than the seed.
class SweepPlanner {
 public:
  // Decoded images are taken from the cache of `results`, and left there; empty: nothing is written anywhere. A signal
  // number in `stop` ends the reading of images (data/parallel.h).
  SweepPlanner(const std::filesystem::path& results, PlanObserver& observer, const std::atomic<int>* stop = nullptr);
  ~SweepPlanner();
  SweepPlanner(const SweepPlanner&) = delete;
  SweepPlanner& operator=(const SweepPlanner&) = delete;

  // Checks the point's experiment, network and data. Throws Error with its faults, each with its place.
  PlannedPoint plan(const Point& point);
  // The same for many, at least one. Throws Error with the faults of all points.
  SweepPlan plan_all(const std::vector<Point>& points);

 private:
  struct Facts;
  std::unique_ptr<Facts> facts_;
  PlanObserver& observer_;
};

// The settings in which the points differ, in the order of the first point's.
std::vector<std::string> varying_keys(const std::vector<PlannedPoint>& points);

// "cardinality" for "network.cardinality" where no other key ends the same.
std::string short_key(const std::string& key, const std::vector<std::string>& keys);

bool of_several_files(const std::vector<PlannedPoint>& points);

// A point in words: "cardinality=8, lr=0.001"; with its file before that, where there are several.
std::string in_words(const PlannedPoint& point, const std::vector<std::string>& varying, bool with_file);

// {"network.cardinality": 8}
std::string settings_json(const PlannedPoint& point);

}  // namespace rxrun
