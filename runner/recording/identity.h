// Identity of a run: what decides its numbers, as one hash.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace rxrun {

struct IdentityParts {
  std::string experiment;    // canonical text of the resolved experiment, seed included; threads, paths, names left out
  std::string content_hash;  // of the data
  std::string split_hash;    // of which image is in which part
  std::vector<std::pair<std::string, std::string>> plugins;  // name and build id, in any order
  std::string engine_version;
  std::string precision;  // chosen: float32 or bfloat16
};

// SHA-256 in hexadecimal. Each part is hashed with its name and length, so that no two sets of parts can run together.
std::string run_identity(IdentityParts parts);

}  // namespace rxrun
