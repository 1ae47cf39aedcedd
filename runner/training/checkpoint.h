// A run's two files: best.safetensors (weights alone, under torchvision's names) and last.safetensors (everything that
// a continued training needs). Includes no LibTorch.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "network/network.h"
#include "training/average.h"
#include "training/optimizer.h"
#include "training/training_state.h"

namespace rxrun {

class Outputs;

// The network's parameters and buffers as they stand in it, as float32 and int64.
void save_weights(const std::filesystem::path& file, Network& network, const std::string& identity, std::int64_t epoch);

// Fills a materialised network. Any safetensors file whose names and shapes are the network's will do, in any stored
// type; num_batches_tracked may be missing. Throws Error naming the tensor and both shapes, or the tensors that are
// missing or too many.
void load_weights(const std::filesystem::path& file, Network& network);

// The same for a run's own best weights: throws Error too when the file is damaged or not what the run `identity` wrote
// in `epoch`.
void load_best_weights(const std::filesystem::path& file, Network& network, const std::string& identity,
                       std::int64_t epoch);

// What last.safetensors is written from and read into.
struct Trained {
  Network& network;
  Optimizer& optimizer;
  WeightAverage* average;  // or none
  TrainingState& state;
  Outputs& outputs;  // of the epoch under way
};

// last.safetensors and the generation before it in a run's folder.
class Checkpoints {
 public:
  // `warn` is told when a generation had to be passed over.
  Checkpoints(std::filesystem::path folder, std::string identity, std::function<void(const std::string&)> warn)
      : folder_(std::move(folder)), identity_(std::move(identity)), warn_(std::move(warn)) {}

  std::filesystem::path best() const { return folder_ / "best.safetensors"; }
  std::filesystem::path last() const { return folder_ / "last.safetensors"; }
  std::filesystem::path previous() const { return folder_ / "last-previous.safetensors"; }

  // The last generation becomes the previous one.
  void save(const Trained& trained);

  // Throws Error, with what to do, unless best.safetensors is whole and of this run: of the state's best epoch, or of
  // the epoch after the state's, which was then killed before its checkpoint.
  void check_best(const TrainingState& state) const;

  // Reads the last generation; the previous one with a warning when that is damaged or missing. False when there is
  // neither. A damaged file with nothing behind it, one of another run, or one with other shapes throws Error, and
  // `trained` may then be half filled.
  bool load(const Trained& trained);

 private:
  std::filesystem::path folder_;
  std::string identity_;
  std::function<void(const std::string&)> warn_;
  bool last_is_good_ = false;  // so that a damaged file never takes the place of a good previous one
};

}  // namespace rxrun
