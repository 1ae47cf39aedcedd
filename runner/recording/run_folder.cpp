#include "recording/run_folder.h"

#include <fmt/format.h>

#include <fstream>
#include <string_view>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse_link(const fs::path& link, const fs::path& results) {
  throw Error(Failure::usage,
              fmt::format("{} is a symbolic link: what belongs to the results in {} lies below that folder",
                          printable(link.string()), printable(results.string())),
              "replace it with what it points to; results as a whole can be elsewhere: --results FOLDER");
}

// Opening a pipe waits for its other end, and a device may do anything.
void require_own_files(const fs::path& folder, const fs::path& results) {
  std::error_code code;  // whoever works there tells what cannot be read
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    std::error_code gone;
    const fs::file_type type = entry->symlink_status(gone).type();
    if (type == fs::file_type::symlink) refuse_link(entry->path(), results);
    if (gone || type == fs::file_type::regular || type == fs::file_type::directory || type == fs::file_type::not_found)
      continue;
    throw Error(Failure::usage, fmt::format("{} is neither a file nor a folder", printable(entry->path().string())),
                "move it away: rxrun makes nothing of that kind in its results");
  }
}

}  // namespace

fs::path link_in(const fs::path& root, const fs::path& relative) {
  fs::path path = root;
  for (const fs::path& part : relative) {
    path /= part;
    std::error_code code;
    if (fs::is_symlink(fs::symlink_status(path, code))) return path;
  }
  return {};
}

void require_no_link(const fs::path& results, const fs::path& name) {
  if (const fs::path link = link_in(results, name); !link.empty()) refuse_link(link, results);
}

fs::path own_folder(const fs::path& results, std::int64_t run, const fs::path& folder) {
  if (!is_a_runs_folder(folder))
    throw Error(Failure::usage,
                fmt::format("run {} has no folder of its own: {} names `{}`", run,
                            printable((results / "results.db").string()), printable(folder.string())),
                fmt::format("a run's folder is checkpoints/NAME in the results; `rxrun rm {}` removes the run", run));
  require_no_link(results, folder);
  require_own_files(results / folder, results);
  return results / folder;
}

fs::path own_sweep_folder(const fs::path& results, const std::string& name) {
  const fs::path folder = fs::path("sweeps") / name;
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
    throw Error(Failure::usage, fmt::format("{} is damaged: a sweep is called `{}`, which is no name of a folder",
                                            printable((results / "results.db").string()), printable(name)));
  require_no_link(results, folder);
  require_own_files(results / folder, results);
  return results / folder;
}

std::string crash_note(const fs::path& results, const fs::path& folder) {
  const fs::path note = folder / kCrashNote;
  std::error_code code;
  if (!is_a_runs_folder(folder) || !link_in(results, note).empty() ||
      !fs::is_regular_file(fs::symlink_status(results / note, code)))
    return {};
  std::ifstream file(results / note);
  std::string line;
  std::getline(file, line);
  constexpr std::string_view mark = "rxrun: ";
  return line.starts_with(mark) ? line.substr(mark.size(), 1000) : std::string();
}

}  // namespace rxrun
