#include "recording/configuration.h"

#include "files/files.h"

namespace rxrun {

std::string configuration_of(const RunRecord& run) {
  return sha256_hex(run.configuration + "\n" + (run.generated_data ? "generated" : run.content_hash)).substr(0, 16);
}

}  // namespace rxrun
