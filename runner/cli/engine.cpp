#include "cli/engine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "diagnostics/diagnostic.h"
#include "plugin/locations.h"
#include "training/process.h"

namespace rxrun {

void hand_over_to_engine(const std::vector<std::string>& arguments) {
  const std::filesystem::path engine = libexec_folder() / "rxrun-engine";
  for (const auto& [name, value] : engine_environment()) setenv(name.c_str(), value.c_str(), 0);

  std::vector<std::string> words = arguments;
  words.insert(words.begin(), "rxrun");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(engine.c_str(), argv.data());
  throw Error(Failure::usage, fmt::format("cannot start {}: {}", engine.string(), std::strerror(errno)),
              "the installation is incomplete; build and install rxrun again");
}

}  // namespace rxrun
