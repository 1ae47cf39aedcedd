// Measurement: where the time of a training step goes, as values; as a table, as JSON, and against an earlier one.
// Includes no LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "table/table.h"

namespace rxrun {

// Of repeats of the same work.
struct Timing {
  double seconds = 0.0;  // median
  double error = 0.0;    // standard error of the median, from the median absolute deviation; 0 for a single repeat
};
Timing timing_of(std::vector<double> seconds);

// A row: a layer of the network, a layer inside a block, or one of the rows `loss`, `optimizer` and `rest` at the end.
struct PartTime {
  std::string name;  // "Conv2d-5", as in the summary
  std::string path;  // "layer1.0.conv1"; empty for the rows at the end
  int depth = 1;
  // Layers inside a block are timed one by one, on inputs of their own, so that the block itself may run in whatever
  // way is fastest: their times need not add up to the block's, and are no part of the step's.
  bool alone = false;
  Timing forward, backward;        // loss: backward is the gradient of the logits; optimizer, rest: forward only
  std::int64_t forward_flop = 0;   // a batch: two for a multiply-add
  std::int64_t backward_flop = 0;  // of both gradients; of the weights' alone where the input needs none
};

struct LoaderRate {
  double images_per_second = 0.0;  // batches made by the run's number of threads while nothing else works
  int threads = 0;
  std::int64_t images = 0;  // measured over
  bool generated = false;
};

struct Measurement {
  std::string experiment;
  std::vector<std::int64_t> input;  // channels, height, width
  std::int64_t batch = 0, steps = 0;
  std::string device, precision, cpu, instruction_set, libtorch;
  int threads = 0;
  double peak_flops = 0.0;  // a second: see peak_flops (step_times.h); in the same run
  Timing step;
  std::vector<PartTime> parts;
  std::optional<LoaderRate> loader;  // absent when there is no data, or none was asked for

  double images_per_second() const { return static_cast<double>(batch) / step.seconds; }
};

// A row a part down to `depth` (0: all): layer, path, measured ("in the step", "alone"), forward_ms, backward_ms, share
// (of the step), gflops (a second, of forward and backward together), of_peak. The rows measured in the step add up to
// it.
Table table_of(const Measurement& measurement, int depth);

// All of it; read_measurement reads it back. Throws Error (usage), naming the file, for one that is no such
// measurement.
std::string to_json(const Measurement& measurement);
Measurement read_measurement(const std::filesystem::path& file);

// What has become slower. A part counts when it takes longer by more than `threshold` of what it took, by more than
// four standard errors of the difference, and by more than a thousandth of the step.
struct Regression {
  std::string part;                // "layer1.0 backward", "the step", "the loader"
  double before = 0.0, now = 0.0;  // seconds; the loader's are of one batch
};
// Throws Error (usage) when the two measure different things: input, batch, precision, device or number of threads.
std::vector<Regression> regressions(const Measurement& before, const Measurement& now, double threshold);
Table table_of(const std::vector<Regression>& regressions);

// The same in words.
struct Comparison {
  std::vector<Regression> slower;
  std::string verdict;               // how many parts are slower, and what the step takes of the baseline's time
  std::vector<std::string> remarks;  // what the baseline's machine has otherwise; printable
};
Comparison compare(const Measurement& before, const Measurement& now, double threshold);

}  // namespace rxrun
