#include "recording/query.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "experiment/metric.h"
#include "recording/reading.h"

namespace rxrun {
namespace {

// Pragmas that tell something and change nothing, whatever their argument.
constexpr std::array<std::string_view, 8> kTellingPragmas = {"table_info",      "table_xinfo",      "table_list",
                                                             "index_list",      "foreign_key_list", "index_info",
                                                             "integrity_check", "quick_check"};
// Those that tell something as long as they have no argument.
constexpr std::array<std::string_view, 2> kVersionPragmas = {"user_version", "application_id"};

struct Refusal {
  std::string what;
};

bool harmless_pragma(std::string_view name, const char* argument) {
  if (std::find(kTellingPragmas.begin(), kTellingPragmas.end(), name) != kTellingPragmas.end()) return true;
  return !argument && std::find(kVersionPragmas.begin(), kVersionPragmas.end(), name) != kVersionPragmas.end();
}

// SQLite asks this for everything that a statement would do, while it prepares it.
int allow_reading(void* refusal, int action, const char* first, const char* second, const char*, const char*) {
  const auto refuse = [&](std::string what) {
    static_cast<Refusal*>(refusal)->what = std::move(what);
    return SQLITE_DENY;
  };
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return std::string_view(second) == "load_extension" ? refuse("load_extension()") : SQLITE_OK;
    case SQLITE_PRAGMA:
      return harmless_pragma(first, second) ? SQLITE_OK : refuse(fmt::format("PRAGMA {}", first));
    case SQLITE_ATTACH:
      return refuse("ATTACH");
    case SQLITE_DETACH:
      return refuse("DETACH");
    case SQLITE_INSERT:
      return refuse(fmt::format("writing to {}", first));
    case SQLITE_UPDATE:
      // What SQLite asks when a table-valued function (json_each, pragma_table_info) is used first; a statement of the
      // user's cannot change that table anyway.
      if (std::string_view(first) == "sqlite_master") return SQLITE_OK;
      [[fallthrough]];
    case SQLITE_DELETE:
      return refuse(fmt::format("changing {}", first));
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return refuse("a transaction");
    default:
      return refuse("a change of the schema");
  }
}

// Lines and columns of a byte offset, both from 1; columns in code points.
SourceLocation place_in(const std::string& sql, std::size_t offset) {
  const std::string_view before = std::string_view(sql).substr(0, offset);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::size_t line_end = std::min(sql.find('\n', offset), sql.size());
  const auto is_start = [](char byte) { return (byte & 0xC0) != 0x80; };
  const auto is_word = [](char byte) {
    return byte == '_' || (byte & 0x80) != 0 || std::isalnum(static_cast<unsigned char>(byte)) != 0;
  };
  const auto end = std::find_if_not(sql.begin() + static_cast<std::ptrdiff_t>(offset),
                                    sql.begin() + static_cast<std::ptrdiff_t>(line_end), is_word);
  const auto length = std::count_if(sql.begin() + static_cast<std::ptrdiff_t>(offset), end, is_start);
  return {.file = "SQL",
          .line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n')),
          .column = 1 + static_cast<int>(std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_start),
                                                       before.end(), is_start)),
          .length = std::max(1, static_cast<int>(length)),
          .text = sql.substr(line_start, line_end - line_start)};
}

// "no such column: validation_acc" → the nearest name that there is.
std::string advice_for(Connection& connection, std::string_view words) {
  const auto nearest = [&](std::string_view prefix, const char* sql) -> std::string {
    if (!words.starts_with(prefix)) return {};
    std::string_view name = words.substr(prefix.size());
    name = name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
    std::vector<std::string> names;
    for (const auto& row : fetch(connection, sql).rows) names.push_back(text_in(row[0]));
    const auto metric = metric_meant(name, names);
    const auto found = metric ? metric : nearest_name(name, names);
    return found ? fmt::format("did you mean `{}`?", *found) : std::string();
  };
  std::string advice =
      nearest("no such column: ", "SELECT DISTINCT p.name FROM sqlite_schema s, pragma_table_info(s.name) p");
  if (advice.empty())
    advice = nearest("no such table: ", "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')");
  return advice;
}

[[noreturn]] void refuse_statement(Connection& connection, const std::string& sql, int code, const Refusal& refusal) {
  const int offset = sqlite3_error_offset(connection.handle());
  const std::string words = sqlite3_errmsg(connection.handle());
  sqlite3_set_authorizer(connection.handle(), nullptr, nullptr);
  if (!refusal.what.empty())
    throw Error(Failure::usage,
                fmt::format("only statements that read are allowed: {} is not", printable(refusal.what)));
  if ((code & 0xff) != SQLITE_ERROR) connection.fail(code);
  const std::string advice = advice_for(connection, words);
  if (offset < 0) throw Error(Failure::usage, printable(words), advice);
  throw Error(Diagnostic{
      .where = place_in(sql, static_cast<std::size_t>(offset)), .message = printable(words), .advice = advice});
}

// Throws Error unless `sql` is one statement that only reads.
void check_statement(Connection& connection, const std::string& sql, Refusal& refusal) {
  const auto prepare = [&](const char* from, const char** rest) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(connection.handle(), from, -1, &statement, rest);
    sqlite3_finalize(statement);
    return std::pair(code, statement != nullptr);
  };
  const char* rest = nullptr;
  const auto [code, there] = prepare(sql.c_str(), &rest);
  if (code != SQLITE_OK) refuse_statement(connection, sql, code, refusal);
  if (!there)
    throw Error(Failure::usage, "the statement is missing", "for example: rxrun sql \"SELECT * FROM v_best\"");
  const char* end = nullptr;
  const auto [second_code, second] = prepare(rest, &end);
  if (second_code != SQLITE_OK || second) {
    while (*rest != '\0' && std::isspace(static_cast<unsigned char>(*rest)) != 0) ++rest;
    throw Error(Diagnostic{.where = place_in(sql, static_cast<std::size_t>(rest - sql.c_str())),
                           .message = "a second statement; only one at a time is allowed",
                           .advice = {}});
  }
}

}  // namespace

Table query(const std::filesystem::path& database, const std::string& sql, const std::vector<Value>& parameters,
            std::int64_t limit) {
  const std::unique_ptr<Connection> connection = open_for_reading(database);
  Refusal refusal;
  sqlite3_set_authorizer(connection->handle(), allow_reading, &refusal);
  check_statement(*connection, sql, refusal);
  return fetch(*connection, sql, parameters, limit);
}

}  // namespace rxrun
