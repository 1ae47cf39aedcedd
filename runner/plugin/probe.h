// Asks a plugin library for its table of layers in a child process, so that a crash there is an error here.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

namespace rxrun {

// Runs `rxrun-plugin-describe LIBRARY` and returns what it prints. Throws Error naming the library and the cause: it
// crashed, hung for longer than `timeout` (from when LibTorch is loaded, which may take long on a busy machine), ended
// at once, or refused.
std::string probe_layers(const std::filesystem::path& library,
                         std::chrono::milliseconds timeout = std::chrono::seconds(10));

}  // namespace rxrun
