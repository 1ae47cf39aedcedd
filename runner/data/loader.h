// Loader: batches for one pass over a part, made by threads that run ahead of the step.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/dataset.h"

namespace rxrun {

struct Batch {
  std::int64_t size = 0;
  std::vector<float> pixels;          // normalised; size × height × width × channels (channels last)
  std::vector<std::int64_t> labels;   // size
  std::vector<std::int64_t> samples;  // indices into the source, size
};

struct LoaderOptions {
  std::int64_t batch = 64;
  std::uint64_t seed = 0;
  std::int64_t epoch = 0;  // with seed: order and augmentation
  bool shuffle = false;
  bool augment = false;
  bool drop_last_single = false;  // leave out a last batch of one image: batch norm cannot train on it
  int threads = 1;
  int ahead = 4;                 // batches in flight, and never fewer than one a thread and one more
  std::int64_t first_batch = 0;  // so many are left out at the beginning; the others stay what they are
};

// How many batches of `batch` images a pass over so many makes.
std::int64_t batches_of(std::int64_t images, std::int64_t batch, bool drop_last_single);

// Every pixel of every batch is a function of (seed, epoch, sample), whatever the number of threads.
class Loader {
 public:
  Loader(const Dataset& dataset, Part part, const DataSpec& spec, const LoaderOptions& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // Fills `batch` (its memory is used again) with the next one, in order; false at the end. An image that can no longer
  // be read throws Error.
  bool next(Batch& batch);
  double seconds_waited() const;  // that next() stood still

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rxrun
