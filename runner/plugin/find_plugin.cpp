#include <algorithm>
#include <cstdlib>
#include <set>
#include <system_error>

#include "diagnostics/render.h"
#include "plugin/catalog.h"
#include "plugin/locations.h"
#include "plugin/other_writers.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> libraries_in(const fs::path& folder) {
  std::vector<fs::path> libraries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".so") libraries.push_back(entry->path());
  }
  std::sort(libraries.begin(), libraries.end());
  return libraries;
}

std::string listed(const std::vector<fs::path>& folders) {
  std::string text;
  for (const fs::path& folder : folders) text += (text.empty() ? "`" : ", `") + printable(folder.string()) + "`";
  return text;
}

}  // namespace

std::vector<fs::path> plugin_folders() {
  std::vector<fs::path> folders;
  if (const char* variable = std::getenv("RXRUN_PLUGIN_PATH")) {
    const std::string list = variable;
    for (std::size_t begin = 0; begin <= list.size();) {
      const std::size_t end = std::min(list.find(':', begin), list.size());
      if (end > begin) folders.emplace_back(list.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  folders.push_back(libexec_folder() / "plugins");
  return folders;
}

std::string plugin_name(const fs::path& library) {
  const std::string stem = library.stem().string();
  return stem.starts_with("lib") ? stem.substr(3) : stem;
}

std::optional<fs::path> find_in_plugin_folders(const std::string& name) {
  std::error_code ignored;
  for (const fs::path& folder : plugin_folders()) {
    for (const std::string& file : {"lib" + name + ".so", name + ".so"}) {
      if (name.empty() || !fs::exists(folder / file, ignored)) continue;
      require_no_other_writers(folder / file);
      return fs::canonical(folder / file);
    }
  }
  return std::nullopt;
}

fs::path find_plugin(const std::string& name_or_path) {
  std::error_code ignored;
  if (is_library_path(name_or_path)) {
    if (fs::exists(name_or_path, ignored)) {
      require_no_other_writers(name_or_path);
      return fs::canonical(name_or_path);
    }
    const fs::path looked_at = fs::absolute(name_or_path, ignored).lexically_normal();
    const bool relative = fs::path(name_or_path).is_relative();
    throw Error(Failure::usage,
                "plugin library `" + printable(name_or_path) + "` does not exist" +
                    (relative ? ": there is no " + printable(looked_at.string()) : ""),
                relative ? "a relative path starts at the current folder; a name, such as `convnet`, is looked up in "
                           "the plugin folders"
                         : "give the plugin's name, such as `convnet`, or the path of its library");
  }
  if (const auto found = find_in_plugin_folders(name_or_path)) return *found;
  std::vector<std::string> known;
  for (const fs::path& library : all_plugins()) known.push_back(plugin_name(library));
  const auto nearest = nearest_name(name_or_path, known);
  throw Error(Failure::usage, "no plugin `" + printable(name_or_path) + "` in " + listed(plugin_folders()),
              nearest ? "did you mean `" + *nearest + "`?"
                      : "`rxrun plugins` lists all plugins; RXRUN_PLUGIN_PATH adds folders");
}

std::vector<fs::path> all_plugins() {
  std::vector<fs::path> libraries;
  std::set<std::string> names;  // a name in an earlier folder hides the same in a later one
  for (const fs::path& folder : plugin_folders()) {
    for (const fs::path& library : libraries_in(folder)) {
      if (names.insert(plugin_name(library)).second) libraries.push_back(library);
    }
  }
  std::sort(libraries.begin(), libraries.end(),
            [](const fs::path& a, const fs::path& b) { return plugin_name(a) < plugin_name(b); });
  return libraries;
}

}  // namespace rxrun
