#include "plugin/experiment_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "plugin/locations.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

// By their names without ending: of two short names with `.yaml` most letters are the same.
std::string nearest_file(const fs::path& file) {
  constexpr std::size_t most_files = 1000;
  std::map<std::string, fs::path> files;
  std::error_code error;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end && files.size() < most_files;
       entry.increment(error)) {
    const fs::path ending = entry->path().extension();
    if (ending == ".yaml" || ending == ".yml")
      files.emplace(entry->path().stem().string(), file.parent_path() / entry->path().filename());
  }
  std::vector<std::string> names;
  for (const auto& [name, path] : files) names.push_back(name);
  const auto nearest = nearest_name(file.stem().string(), names);
  return nearest ? files.at(*nearest).string() : std::string();
}

}  // namespace

std::string advice_for_missing_file(const fs::path& file, const fs::path& installed) {
  std::error_code error;
  if (const std::string near = nearest_file(file); !near.empty())
    return fmt::format("did you mean {}?", printable(near));
  if (installed.empty() || file.begin() == file.end() || *file.begin() != "experiments") return {};
  const fs::path same = installed / file.lexically_relative("experiments");
  if (fs::exists(same, error)) return fmt::format("the installed one is {}", printable(same.string()));
  return fmt::format("the installed experiments are in {}", printable(installed.string()));
}

void require_experiment_file(const fs::path& file) {
  std::error_code error;
  if (fs::symlink_status(file, error).type() != fs::file_type::not_found) return;
  throw Error(Failure::usage, fmt::format("cannot read `{}`: there is no such file", printable(file.string())),
              advice_for_missing_file(file, experiments_folder()));
}

}  // namespace rxrun
