// What has to be known of the training data to use a trained network on other images; kept beside its weights.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace rxrun {

struct Preprocessing {
  std::vector<std::string> classes;
  int channels = 0;
  std::vector<float> mean, deviation;  // of pixels in [0, 1], a value a channel

  bool operator==(const Preprocessing&) const = default;
};

Preprocessing preprocessing_of(const Dataset& dataset);

std::string preprocessing_json(const Preprocessing& preprocessing);

// `<folder>/preprocessing.json`. read_ throws Error for a missing or malformed file.
void write_preprocessing(const std::filesystem::path& folder, const Preprocessing& preprocessing);
Preprocessing read_preprocessing(const std::filesystem::path& folder);

}  // namespace rxrun
