#include "network/naming.h"

#include <algorithm>

namespace rxrun {

std::string LayerNames::numbered(const std::string& prefix) {
  std::string name;
  do {
    name = prefix + std::to_string(++counts_[prefix]);
  } while (!taken_.insert(name).second);
  return name;
}

std::string LayerNames::stem(const std::string& prefix) { return numbered(prefix); }

std::string LayerNames::block(std::int64_t stage, std::int64_t index) {
  const std::string group = "layer" + std::to_string(stage);
  taken_.insert(group);
  return group + "." + std::to_string(index);
}

std::vector<std::string> LayerNames::head(const std::vector<std::string>& prefixes) {
  std::vector<std::string> names;
  for (const std::string& prefix : prefixes) {
    const bool alone = std::count(prefixes.begin(), prefixes.end(), prefix) == 1;
    names.push_back(alone && taken_.insert(prefix).second ? prefix : numbered(prefix));
  }
  return names;
}

}  // namespace rxrun
