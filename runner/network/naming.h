// Names of a network's layers: the prefixes of their parameters' names. With the shipped plugins, torchvision's.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rxrun {

// Gives each layer a path that no other layer has.
class LayerNames {
 public:
  std::string stem(const std::string& prefix);                // conv1, bn1, conv2
  std::string block(std::int64_t stage, std::int64_t index);  // stage from 1, index from 0: layer1.0
  std::vector<std::string> head(
      const std::vector<std::string>& prefixes);  // fc; or fc1, fc2, counted on from the stem's

 private:
  std::string numbered(const std::string& prefix);
  std::map<std::string, std::int64_t> counts_;
  std::set<std::string> taken_;
};

}  // namespace rxrun
