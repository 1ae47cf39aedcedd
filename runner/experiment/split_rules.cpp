#include "experiment/split_rules.h"

#include <cmath>
#include <utility>

#include "experiment/node_values.h"

namespace rxrun {

std::string canonical_part(const std::string& part) { return part == "valid" || part == "validation" ? "val" : part; }

bool is_test_part(const std::string& part) { return part == "test" || part == "testing" || part == "t10k"; }

std::vector<SplitFault> split_faults(const SplitSpec& split) {
  std::vector<SplitFault> faults;
  const std::pair<const char*, const SplitPart*> parts[] = {
      {"train", &split.train}, {"validation", &split.validation}, {"test", &split.test}};
  double sum = 0.0;
  for (const auto& [name, part] : parts) {
    const std::string* named = std::get_if<std::string>(part);
    if (!named) {
      sum += std::get<double>(*part);
      continue;
    }
    for (const auto& [earlier_name, earlier] : parts) {
      if (earlier == part) break;
      const std::string* other = std::get_if<std::string>(earlier);
      if (other && canonical_part(*other) == canonical_part(*named))
        faults.push_back({name, std::string("`") + name + "` is the same part as `" + earlier_name + "`",
                          "scores on images that were used for training or for picking weights mean little"});
    }
  }
  if (sum > 1.0 + split_tolerance)
    faults.push_back(
        {"", "the fractions of `split` sum to " + number_text(std::round(sum * 1e6) / 1e6) + ", more than 1", ""});
  else if (std::holds_alternative<std::string>(split.train) && sum >= 1.0 - split_tolerance)
    faults.push_back({"train", "the fractions drawn from `train` leave nothing of it",
                      "`validation` and `test` must sum to less than 1"});
  return faults;
}

}  // namespace rxrun
