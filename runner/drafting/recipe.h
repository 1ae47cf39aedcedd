// A network and a training that fit some data: rules of thumb, by the shipped experiments.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rxrun {

struct RecipeFacts {
  std::int64_t image_size = 0;
  std::int64_t train = 0, validation = 0;  // images
  double imbalance = 1.0;                  // the most images of a class in train over the fewest
  bool mirrored = false;                   // an image and its mirror image are of one class
};

// The values as YAML writes them, and why they were chosen.
struct Recipe {
  std::vector<std::string> plugins;
  std::string stem, head;
  std::vector<std::string> stages;
  std::string network_reason;
  std::string augment;
  std::int64_t batch = 0, epochs = 0;
  std::string optimizer, schedule, loss, keep_best;  // loss: empty for the default
  std::string training_reason;
  bool average_weights = false, mirrored_scoring = false;
};

Recipe recipe_for(const RecipeFacts& facts);

}  // namespace rxrun
