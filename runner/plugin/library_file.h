// A plugin library as a file: its manifest, compared with this build before any of its code runs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "plugin/catalog.h"

namespace rxrun {

struct LibraryFile {
  std::filesystem::path path;  // canonical
  Manifest manifest;
  std::optional<std::string> layers;  // the JSON of section .rxrun.layers
};

// Reads the sections and compares the manifest. Throws Error naming the library and the cause, also where another user
// can write it (other_writers.h).
LibraryFile read_library_file(const std::filesystem::path& library);

// What this build of rxrun expects; `plugin`, `compiler` and `build_id` are empty.
Manifest expected_manifest();

}  // namespace rxrun
