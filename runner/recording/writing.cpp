#include "recording/writing.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/schema.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

// Before the first epoch rather than after it.
void check_writable(const Connection& connection) {
  const fs::path& path = connection.path();
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const bool file_read_only = sqlite3_db_readonly(connection.handle(), "main") != 0;
  if (!file_read_only && ::access(folder.c_str(), W_OK) == 0) return;
  const int cause = file_read_only && ::access(path.c_str(), W_OK) == 0 ? EACCES : errno;
  throw Error(Failure::usage,
              fmt::format("{} cannot be written: {}", printable((file_read_only ? path : folder).string()),
                          std::strerror(cause)),
              "give the file and its folder write permission, or choose another folder with --results");
}

}  // namespace

std::unique_ptr<Connection> open_for_writing(const fs::path& database) {
  create_if_missing(database);
  check_file(database);
  auto connection = std::make_unique<Connection>(database, Connection::Mode::read_write);
  check_schema(*connection);
  check_writable(*connection);
  connection->execute("PRAGMA journal_mode = DELETE");
  migrate(*connection);
  return connection;
}

}  // namespace rxrun
