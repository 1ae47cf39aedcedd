// Files that are given as weights and are something else: which format they have, by how they begin.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rxrun {

struct ForeignFormat {
  std::string what;    // "this is a PyTorch file, ..., not a safetensors file"
  std::string advice;  // how to come to the weights
};

// `begin`: the first 512 bytes, or all that there are. Nothing for what is not known.
std::optional<ForeignFormat> foreign_format(std::string_view begin);

}  // namespace rxrun
