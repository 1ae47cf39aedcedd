// Points → what each will compute, known before any of them runs. Includes no LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/console.h"
#include "sweep/points.h"

namespace rxrun {

struct PlannedPoint {
  std::vector<std::pair<std::string, std::string>> settings;  // full key → value as text; those of the command line
  std::string file;
  std::string name;      // the experiment's
  std::string resolved;  // YAML, with an absolute path of the data
  std::string identity;
  std::string content_hash;
  std::int64_t parameters = 0, multiply_adds = 0, step_bytes = 0, epochs = 0;
  std::string metric;  // that its best epoch is picked by
  bool maximize = true;
  bool width_is_ignored = false;  // base_width is set, but the width rule does not look at it
};

struct SweepPlan {
  std::vector<PlannedPoint> points;  // of different identities
  std::vector<std::string> warnings;
  std::vector<std::string> notes;  // what was worked out
};

// Checks every point's experiment, network and data. Throws Error with the faults of all points, each with its place.
// The points will find the images decoded in the cache of `results`; empty: nothing is written anywhere.
SweepPlan plan_sweep(const std::vector<Point>& points, const std::filesystem::path& results, Console& console);

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
