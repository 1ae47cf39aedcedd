#include "files/target.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace fs = std::filesystem;

void require_target(const fs::path& path) {
  const auto fail = [&](const std::string& why) {
    throw Error(Failure::usage, fmt::format("cannot write `{}`: {}", printable(path.string()), why));
  };
  if (!path.has_filename()) fail("it names no file");
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code error;
  const fs::file_status folder_status = fs::status(folder, error);
  if (folder_status.type() == fs::file_type::not_found)
    fail(fmt::format("there is no folder {}", printable(folder.string())));
  if (error) fail(error.message());
  if (!fs::is_directory(folder_status)) fail(fmt::format("{} is no folder", printable(folder.string())));
  if (::access(folder.c_str(), W_OK | X_OK) != 0) fail(std::generic_category().message(errno));
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) fail("it is a folder");
  if (fs::exists(status) && !fs::is_regular_file(status))
    fail("it is not a regular file (a device, a pipe or a socket)");
}

}  // namespace rxrun
