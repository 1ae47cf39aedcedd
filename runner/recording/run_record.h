// What is kept of a run, as values. record.jsonl in the run's folder holds them in the order in which they came about
// (record_file.h); the rows of results.db are made from them (run_rows.h) and can be read back as the same values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rxrun {

struct RunRecord {
  std::string name;        // wanted: "resnext50_breast-3f9a1c2e"; a number is added when it is taken
  std::string experiment;  // its declared name
  std::string file;        // the YAML it came from
  std::string identity;    // SHA-256, hexadecimal
  std::uint64_t seed = 0;
  std::string resolved;                                     // the resolved experiment as YAML
  std::string configuration;                                // equal for runs that differ by nothing but the seed
  std::vector<std::pair<std::string, std::string>> params;  // flat: "network.cardinality" -> "32"
  std::string command;                                      // as typed
  bool generated_data = false;
  std::string content_hash, split_hash;
  std::vector<std::string> classes;  // in their order
  std::int64_t skipped_images = 0;
  std::int64_t parameters = 0, multiply_adds = 0;
  std::vector<std::pair<std::string, std::string>> environment;  // "libtorch" -> "1.13.1", "cpu", "precision", ...
  std::string folder;                                            // relative to results.db; chosen by Recorder::begin()
  std::string checkpoint_key;                                    // that its checkpoints bear; empty: its identity
  std::string started;                                           // UTC, ISO 8601; set by Recorder::begin()
  bool operator==(const RunRecord&) const = default;
};

struct SplitRecord {
  std::string sample;
  std::int64_t label = 0;
  std::string group;
  std::string part;
  bool operator==(const SplitRecord&) const = default;
};

struct EpochRecord {
  std::int64_t epoch = 0;
  double learning_rate = 0.0;
  double seconds = 0.0;
  double images_per_second = 0.0;
  bool best = false;
  std::map<std::string, double> metrics;
  std::string written = {};  // set by Recorder::epoch()
};

// What the network said of one image.
struct OutputRecord {
  std::int64_t position = 0;  // in the run's split; of other images a running number
  std::string sample = {};    // of other images
  std::int64_t label = 0;
  std::int64_t predicted = 0;
  double probability = 0.0;               // of the predicted class
  std::vector<float> probabilities = {};  // of every class in their order; empty: not recorded
  bool operator==(const OutputRecord&) const = default;
};

struct MeasureRecord {
  std::string name;  // "accuracy"
  double value = 0.0;
  struct Interval {
    double low = 0.0, high = 0.0;  // of 95 %
    std::string method;            // "wilson"
    bool operator==(const Interval&) const = default;
  };
  std::optional<Interval> interval = {};
  std::string unit = "image";  // what was counted
  bool operator==(const MeasureRecord&) const = default;
};

// A look at a part of some data with a run's weights.
struct EvaluationRecord {
  std::string part;           // "train", "validation", "test"; "all": every image of other data
  bool own = true;            // a part of the run's own split
  bool at_end = true;         // made by the run itself
  std::string data;           // where the images lay
  std::string content = {};   // SHA-256 of the images and labels that were scored; empty: not known
  std::string weights;        // SHA-256 of their file
  std::string preprocessing;  // JSON: classes, channels, mean, deviation
  std::string test_time_augmentation = "none";
  std::int64_t images = 0;
  std::vector<MeasureRecord> measures;
  std::vector<OutputRecord> outputs;  // empty where they were too many to keep
  std::string made = {};              // set when it is recorded
  bool operator==(const EvaluationRecord&) const = default;
};

enum class RunStatus { running, finished, interrupted, failed };
const char* to_string(RunStatus status);
// Throws Error for a word that is no status.
RunStatus status_of(const std::string& text);

struct RunEnd {
  RunStatus status = RunStatus::finished;
  std::int64_t best_epoch = 0;
  double seconds = 0.0;
  std::vector<EvaluationRecord> evaluations;                   // that the run ends with
  std::vector<std::pair<std::string, std::string>> artifacts;  // file, relative to results.db; SHA-256
  std::string reason;
  std::string at = {};  // set when it is recorded
};

// What the user says of a run.
struct RunWords {
  std::string name = {};               // that it was given later; empty: the one that it began with
  std::vector<std::string> tags = {};  // sorted
  std::string note = {};
  std::string removed = {};  // when; empty: it is there
  bool operator==(const RunWords&) const = default;
};

// All of it.
struct RunHistory {
  RunRecord run;
  std::vector<SplitRecord> split;
  std::vector<EpochRecord> epochs;
  std::optional<RunEnd> end;                  // without its evaluations; none: it was cut off
  std::vector<EvaluationRecord> evaluations;  // in the order in which they were made
  RunWords words;
};

}  // namespace rxrun
