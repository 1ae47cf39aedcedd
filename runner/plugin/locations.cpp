#include "plugin/locations.h"

#include <cstdlib>
#include <string>
#include <system_error>

#include "diagnostics/diagnostic.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

bool holds_programs(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "rxrun-plugin-describe", ignored) || fs::exists(folder / "rxrun-engine", ignored);
}

}  // namespace

fs::path libexec_folder() {
  if (const char* named = std::getenv("RXRUN_LIBEXEC"); named != nullptr && *named != '\0') {
    std::error_code error;
    const fs::path folder = fs::canonical(named, error);
    if (error || !fs::is_directory(folder, error)) {
      throw Error(Failure::usage, std::string("RXRUN_LIBEXEC names `") + named + "`, which is not a folder");
    }
    return folder;
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error)
    throw Error(Failure::usage, "the program's own path cannot be read from /proc/self/exe: " + error.message());
  const fs::path own = program.parent_path();
  const fs::path beside = (own.parent_path() / RXRUN_LIBEXEC_FROM_PREFIX).lexically_normal();
  for (const fs::path& folder : {own, beside}) {
    if (holds_programs(folder)) return folder;
  }
  throw Error(Failure::usage,
              "rxrun's own programs are neither in `" + own.string() + "` nor in `" + beside.string() + "`",
              "install rxrun again, or set RXRUN_LIBEXEC to the folder that holds rxrun-engine");
}

fs::path package_folder() {
  std::error_code ignored;
  const fs::path folder = libexec_folder().parent_path() / "cmake/rxrun";
  return fs::exists(folder / "rxrunConfig.cmake", ignored) ? folder : fs::path();
}

fs::path experiments_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const fs::path own = program.parent_path();
  fs::path prefix = own.parent_path();
  fs::path of_engine = own;  // without <prefix>/lib/rxrun
  for ([[maybe_unused]] const fs::path& part : fs::path(RXRUN_LIBEXEC_FROM_PREFIX)) of_engine = of_engine.parent_path();
  if (of_engine / RXRUN_LIBEXEC_FROM_PREFIX == own) prefix = of_engine;
  const fs::path folder = prefix / RXRUN_SHARED_FROM_PREFIX / "experiments";
  if (fs::is_directory(folder, error)) return folder;
  return {};
}

}  // namespace rxrun
