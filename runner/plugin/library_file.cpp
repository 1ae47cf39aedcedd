#include "plugin/library_file.h"

#include <algorithm>
#include <map>
#include <system_error>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "plugin/elf_file.h"
#include "plugin/other_writers.h"
#include "rxrun/manifest.h"

namespace rxrun {
namespace {

[[noreturn]] void fail(const std::filesystem::path& library, const std::string& cause, const std::string& advice = {}) {
  throw Error(Failure::usage, "plugin library `" + printable(library.string()) + "` " + cause, advice);
}

std::map<std::string, std::string> parse_lines(const std::filesystem::path& library, const std::string& section) {
  std::map<std::string, std::string> facts;
  const std::string text = section.substr(0, section.find('\0'));
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos || !facts.emplace(line.substr(0, equals), line.substr(equals + 1)).second) {
      fail(library, "has a malformed manifest: line `" + printable(line) + "`");
    }
    begin = end + 1;
  }
  return facts;
}

bool is_plugin_name(const std::string& name) {
  return !name.empty() && name.size() <= 100 && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                  c == '.';
         });
}

Manifest parse_manifest(const std::filesystem::path& library, const std::string& section) {
  std::map<std::string, std::string> facts = parse_lines(library, section);
  for (const char* key : {"rxrun-plugin", "sdk", "libtorch", "abi"}) {
    if (facts[key].empty()) fail(library, std::string("has a malformed manifest: `") + key + "` is missing");
  }
  Manifest manifest;
  manifest.plugin = facts["rxrun-plugin"];
  manifest.sdk = facts["sdk"];
  manifest.libtorch = facts["libtorch"];
  manifest.abi = facts["abi"];
  manifest.compiler = facts["compiler"];
  manifest.shipped = facts["shipped"] == "yes";
  if (!is_plugin_name(manifest.plugin))
    fail(library, "calls itself `" + printable(manifest.plugin) + "`, which is not a valid plugin name");
  return manifest;
}

void compare(const std::filesystem::path& library, const std::string& what, const std::string& theirs,
             const std::string& ours) {
  if (theirs == ours) return;
  fail(library, "was built for " + what + " " + printable(theirs) + "; this rxrun has " + what + " " + ours,
       "build the plugin again against this rxrun");
}

}  // namespace

Manifest expected_manifest() {
  Manifest manifest;
  manifest.sdk = std::to_string(RXRUN_SDK_VERSION);
  manifest.libtorch = TORCH_VERSION;
  manifest.abi = RXRUN_COMPILER_ABI;
  return manifest;
}

LibraryFile read_library_file(const std::filesystem::path& library) {
  require_no_other_writers(library);
  const ElfFile file(library);
  const std::optional<std::string> section = file.section(".rxrun.manifest", 64u << 10);
  if (!section) {
    fail(library, "has no rxrun manifest: it is a shared library, but not a plugin",
         "a plugin declares itself with RXRUN_PLUGIN and is built by rxrun_add_plugin");
  }
  LibraryFile read;
  std::error_code error;
  read.path = std::filesystem::canonical(library, error);
  if (error) fail(library, "cannot be found: " + error.message());
  read.manifest = parse_manifest(library, *section);
  const Manifest ours = expected_manifest();
  compare(library, "SDK version", read.manifest.sdk, ours.sdk);
  compare(library, "LibTorch", read.manifest.libtorch, ours.libtorch);
  compare(library, "compiler ABI", read.manifest.abi, ours.abi);
  read.manifest.build_id = file.build_id();
  if (read.manifest.build_id.empty())
    fail(library, "has no build id", "link it with -Wl,--build-id=sha1, as rxrun_add_plugin does");
  read.layers = file.section(".rxrun.layers", 4u << 20);
  if (read.layers) read.layers->resize(std::min(read.layers->size(), read.layers->find('\0')));
  return read;
}

}  // namespace rxrun
