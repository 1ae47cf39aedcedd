// The file results.db itself: how it comes to be, and whether it is ours.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "recording/connection.h"

namespace rxrun {

extern const char* const kResultsTables;           // schemas/results.sql
extern const char* const kResultsViews;            // schemas/views.sql
inline constexpr int kApplicationId = 0x7278726e;  // "rxrn"
inline constexpr int kSchemaVersion = 6;

// Makes a new, complete database unless something of that name exists. It appears under its name in one step, so a file
// of 0 bytes is never ours, and of many processes at once one wins and the others find its file.
void create_if_missing(const std::filesystem::path& database);

// What to do about a database that is lost or damaged: the runs' own records beside it make it again. Where there are
// none, `otherwise`.
std::string rescue_advice(const std::filesystem::path& database, const std::string& otherwise);

// Throws Error unless it is a file of ours: missing, a folder, a link, empty, not a database, another program's.
void check_file(const std::filesystem::path& database);
// The same for what is inside, and returns the schema's version. Throws Error for one newer than `newest`.
int check_schema(Connection& connection, int newest = kSchemaVersion);

// Step from version `from` to `from` + 1. A step neither begins nor commits.
struct Migration {
  int from;
  const char* sql;
  void (*further)(Connection& connection) = nullptr;     // what SQL cannot do, after it
  void (*afterwards)(Connection& connection) = nullptr;  // once all is committed: what can be made again at any time
};

extern const std::span<const Migration> kMigrations;  // schemas/migrations/

// Upgrades to version `target` in one transaction and makes the views anew. A copy is kept before as
// <database>.v<version>.bak.
void migrate(Connection& connection, std::span<const Migration> steps, int target);
// The same with this program's own steps.
void migrate(Connection& connection);

}  // namespace rxrun
