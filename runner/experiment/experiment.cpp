#include "experiment/experiment.h"

#include "experiment/metric.h"

namespace rxrun {

bool is_library_path(const std::string& plugin) {
  return plugin.find('/') != std::string::npos || plugin.ends_with(".so");
}

const char* to_string(Precision precision) {
  switch (precision) {
    case Precision::automatic:
      return "auto";
    case Precision::float32:
      return "float32";
    case Precision::bfloat16:
      return "bfloat16";
  }
  return "?";
}

const char* to_string(TestTimeAugmentation augmentation) {
  switch (augmentation) {
    case TestTimeAugmentation::none:
      return "none";
    case TestTimeAugmentation::mirrored:
      return "mirrored";
    case TestTimeAugmentation::dihedral:
      return "dihedral";
  }
  return "?";
}

const std::vector<std::string>& watchable_metrics() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    // For a name without part the first is suggested, and validation is what one watches.
    for (const char* part : {"validation_", "train_"})
      for (const Score& score : all_scores) all.push_back(part + std::string(score.name));
    return all;
  }();
  return names;
}

}  // namespace rxrun
