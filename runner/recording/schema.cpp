#include "recording/schema.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "diagnostics/shell_word.h"
#include "files/files.h"
#include "files/folder.h"
#include "recording/record_file.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

constexpr char kMagic[] = "SQLite format 3";  // with its terminating zero, the first 16 bytes of a database

std::string shown(const fs::path& path) { return printable(path.string()); }

std::string empty_database() {
  Connection memory;
  memory.execute(kResultsTables);
  memory.execute(kResultsViews);
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> bytes(
      sqlite3_serialize(memory.handle(), "main", &size, 0), sqlite3_free);
  if (!bytes) throw Error(Failure::run, "out of memory while creating a new database of results");
  return {reinterpret_cast<const char*>(bytes.get()), static_cast<std::size_t>(size)};
}

// Gives `from` the name `to` if that is free; returns 0, EEXIST, or why it could not. File systems offer one or the
// other.
int rename_if_free(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) return errno;
  if (::link(from.c_str(), to.c_str()) != 0) return errno;
  ::unlink(from.c_str());
  return 0;
}

std::int64_t pragma(Connection& connection, const char* sql) {
  Statement statement(connection, sql);
  return statement.step() ? statement.integer(0) : 0;
}

int schema_version(Connection& connection) { return static_cast<int>(pragma(connection, "PRAGMA user_version")); }

// SQLite notices a lost end when it reads there, which it may never do.
void check_whole(Connection& connection) {
  const std::int64_t bytes = pragma(connection, "PRAGMA page_count") * pragma(connection, "PRAGMA page_size");
  std::error_code code;
  const std::uintmax_t there = fs::file_size(connection.path(), code);
  if (code || static_cast<std::uintmax_t>(bytes) <= there) return;
  throw Error(Failure::usage,
              fmt::format("{} is damaged: of its {} bytes the last {} are missing", shown(connection.path()), bytes,
                          static_cast<std::uintmax_t>(bytes) - there),
              rescue_advice(connection.path(), "move it away"));
}

void keep_copy(Connection& connection, int version) {
  const fs::path copy = fmt::format("{}.v{}.bak", connection.path().string(), version);
  const fs::path temporary = temporary_beside(copy);
  write_file_atomically(temporary, empty_database());  // a place for the copy, which overwrites it
  {
    // A second connection: SQLite copies nothing out of one that holds the write lock, and readers are not shut out by
    // it.
    Connection source(connection.path(), Connection::Mode::read_only);
    Connection target(temporary, Connection::Mode::read_write);
    sqlite3_backup* backup = sqlite3_backup_init(target.handle(), "main", source.handle(), "main");
    const int code = backup ? sqlite3_backup_step(backup, -1) : sqlite3_errcode(target.handle());
    sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE) {
      fs::remove(temporary);
      target.fail(code);
    }
  }
  std::error_code failure;
  fs::rename(temporary, copy, failure);
  if (failure) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw Error(Failure::run,
                fmt::format("cannot rename {} to {}: {}", shown(temporary), shown(copy), failure.message()));
  }
  sync_folder(copy.parent_path());
}

// They stand on tables that a step may alter.
void drop_views(Connection& connection) {
  std::string drop;
  Statement views(connection, "SELECT name FROM sqlite_schema WHERE type = 'view'");
  while (views.step()) drop += fmt::format("DROP VIEW {};", quoted_name(views.text(0)));
  connection.execute(drop.c_str());
}

}  // namespace

void create_if_missing(const fs::path& database) {
  std::error_code code;
  if (fs::symlink_status(database, code).type() != fs::file_type::not_found) return;
  for (const char* journal : {"-journal", "-wal"})
    if (const fs::path left = database.string() + journal;
        fs::symlink_status(left, code).type() != fs::file_type::not_found)
      throw Error(Failure::usage,
                  fmt::format("{} is not there, but its journal {} is: a new database would be taken for the old one",
                              shown(database), shown(left)),
                  "put the database back, or move the journal away with it");
  const fs::path folder = database.has_parent_path() ? database.parent_path() : fs::path(".");
  fs::create_directories(folder, code);
  if (code) {
    throw Error(Failure::usage,
                fmt::format("cannot create the folder {} for results: {}", shown(folder), code.message()),
                "choose another folder with --results");
  }
  const fs::path fresh = temporary_beside(database);
  try {
    write_file_atomically(fresh, empty_database());
  } catch (const Error& error) {
    throw Error(Failure::usage, error.what(),
                fmt::format("a new {} could not be written; choose another folder with --results", shown(database)));
  }
  const int cause = rename_if_free(fresh, database);
  if (cause != 0) ::unlink(fresh.c_str());
  if (cause != 0 && cause != EEXIST) {
    throw Error(Failure::usage, fmt::format("cannot create {}: {}", shown(database), std::strerror(cause)));
  }
  sync_folder(folder);
}

std::string rescue_advice(const fs::path& database, const std::string& otherwise) {
  const fs::path folder = database.has_parent_path() ? database.parent_path() : fs::path(".");
  std::error_code code;
  const bool is_there = fs::symlink_status(database, code).type() != fs::file_type::not_found;
  for (fs::directory_iterator entry(folder / "checkpoints", code), end; !code && entry != end; entry.increment(code))
    if (is_a_records_folder(entry->path()))
      return fmt::format(
          "{}`{}` makes it again from the runs' own records", is_there ? "keep a copy and move it away; then " : "",
          printable(
              shell_command({"rxrun", "import", (folder / "checkpoints").string(), "--results", folder.string()})));
  return otherwise;
}

void check_file(const fs::path& database) {
  const std::string file = shown(database);
  const std::string advice = "move it away, or choose another folder with --results";
  std::error_code code;
  const fs::file_status status = fs::symlink_status(database, code);
  switch (status.type()) {
    case fs::file_type::regular:
      break;
    case fs::file_type::not_found:
      throw Error(Failure::usage, fmt::format("no results yet: there is no {}; run an experiment first", file),
                  rescue_advice(database, "rxrun experiments/NAME.yaml, or give the folder of results with --results"));
    case fs::file_type::directory:
      throw Error(Failure::usage, fmt::format("{} is a folder, not the database of results", file), advice);
    case fs::file_type::symlink:
      throw Error(Failure::usage, fmt::format("{} is a symbolic link, not the database of results", file),
                  "give the folder that it points to with --results: the journal must be next to the database");
    case fs::file_type::none:
      throw Error(Failure::usage, fmt::format("cannot access {}: {}", file, code.message()));
    default:
      throw Error(Failure::usage, fmt::format("{} is not a regular file", file), advice);
  }
  std::ifstream stream(database, std::ios::binary);
  if (!stream) throw Error(Failure::usage, fmt::format("cannot read {}: {}", file, std::strerror(errno)));
  char head[sizeof kMagic] = {};
  stream.read(head, sizeof head);
  if (stream.gcount() == 0) {
    throw Error(Failure::usage,
                fmt::format("{} is empty (0 bytes): not a database of results, or one that lost its content", file),
                rescue_advice(database, "delete it if it is not needed"));
  }
  if (std::memcmp(head, kMagic, sizeof head) != 0) {
    throw Error(Failure::usage, fmt::format("{} is not a database", file), rescue_advice(database, advice));
  }
}

int check_schema(Connection& connection, int newest) {
  check_whole(connection);
  const std::int64_t application = pragma(connection, "PRAGMA application_id");
  const int version = schema_version(connection);
  const std::string file = shown(connection.path());
  if (application != kApplicationId) {
    throw Error(Failure::usage,
                fmt::format("{} is a database of another program: its application id is {:#010x}, expected {:#010x}",
                            file, static_cast<std::uint32_t>(application), kApplicationId),
                "move it away, or choose another folder with --results");
  }
  if (version > newest) {
    throw Error(Failure::usage,
                fmt::format("{} has schema version {}, made by a newer rxrun; this one supports up to version {}", file,
                            version, newest),
                fmt::format("use an rxrun that supports version {}, or choose another folder with --results", version));
  }
  if (version < 1)
    throw Error(Failure::usage, fmt::format("{} is damaged: its schema version is {}", file, version),
                rescue_advice(connection.path(), "move it away"));
  return version;
}

void migrate(Connection& connection, std::span<const Migration> steps, int target) {
  if (check_schema(connection, target) == target) return;
  // Under the write lock, and looked at again there: another process may have done it meanwhile.
  Transaction transaction(connection);
  int version = check_schema(connection, target);
  if (version == target) return;
  keep_copy(connection, version);
  std::vector<void (*)(Connection&)> afterwards;
  drop_views(connection);
  for (const Migration& step : steps) {
    if (step.from != version) continue;
    connection.execute(step.sql);
    if (step.further != nullptr) step.further(connection);
    if (step.afterwards != nullptr) afterwards.push_back(step.afterwards);
    ++version;
    connection.execute(fmt::format("PRAGMA user_version = {}", version).c_str());
  }
  if (version != target) {
    throw Error(Failure::usage, fmt::format("{} has schema version {}; no upgrade to version {} is known",
                                            shown(connection.path()), version, target));
  }
  connection.execute(kResultsViews);
  transaction.commit();
  for (const auto step : afterwards) step(connection);
}

void migrate(Connection& connection) { migrate(connection, kMigrations, kSchemaVersion); }

}  // namespace rxrun
