// rxrun plugins new NAME: a plugin that builds and passes its test at once, to be changed into one's own.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <system_error>

#include "cli/commands.h"
#include "cli/plugin_template.h"
#include "diagnostics/render.h"
#include "files/files.h"
#include "plugin/locations.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

// Names that CMake and CTest keep for targets of their own.
bool is_reserved(const std::string& name) {
  static const std::vector<std::string> names = {"all", "clean", "help", "install", "package", "test"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_name(const std::string& name) {
  const bool fits = !name.empty() && name.size() <= 60 && name[0] >= 'a' && name[0] <= 'z' &&
                    std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  if (!fits || is_reserved(name)) {
    throw Error(Failure::usage, "`" + printable(name) + "` cannot be the name of a plugin",
                is_reserved(name) ? "CMake has a target of that name; choose another"
                                          : "use lower-case letters, digits and underscores, beginning with a letter");
  }
}

void write_new(const fs::path& folder, const std::string& file, const std::string& text) {
  if (fs::exists(folder / file)) {
    throw Error(Failure::usage, "`" + printable((folder / file).string()) + "` already exists", "choose another folder with --folder");
  }
  write_file_atomically(folder / file, text);
}

}  // namespace

int run_plugins_new(const PluginsNewOptions& options) {
  check_name(options.name);
  const fs::path folder = options.folder.empty() ? fs::path(options.name) : options.folder;
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error)) {
    throw Error(Failure::usage, "folder `" + printable(folder.string()) + "` is not empty", "choose another one with --folder");
  }
  fs::create_directories(folder, error);
  if (error) throw Error(Failure::usage, "folder `" + printable(folder.string()) + "` cannot be created: " + error.message());
  for (const TemplateFile& file : plugin_template(options.name, package_folder())) write_new(folder, file.name, file.text);
  const std::string at = printable(folder.string());
  std::cout << fmt::format("{0}/: a plugin with the layer `{1}_scale`. Build it and run its tests:\n\n"
                           "  cmake -S {0} -B {0}/build && cmake --build {0}/build && ctest --test-dir {0}/build\n",
                           at, options.name);
  return 0;
}

}  // namespace rxrun
