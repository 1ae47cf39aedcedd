#include "recording/merge_runs.h"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <optional>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/folder_lock.h"
#include "recording/find_run.h"
#include "recording/ownership.h"
#include "recording/reading.h"
#include "recording/run_copy.h"
#include "recording/run_folder.h"
#include "recording/run_rows.h"
#include "recording/schema.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

// Nothing is upgraded there: the source is left as it is.
std::unique_ptr<Connection> open_source(const fs::path& database) {
  check_file(database);
  auto connection = std::make_unique<Connection>(database, Connection::Mode::read_only);
  if (const int version = check_schema(*connection); version < kSchemaVersion)
    throw Error(
        Failure::usage,
        fmt::format("{} has the older schema version {}, and is only read here", printable(database.string()), version),
        fmt::format("`rxrun ls --results {}` upgrades it", printable(database.parent_path().string())));
  return connection;
}

bool is_running(Connection& connection, std::int64_t run) {
  Statement select(connection, fmt::format("SELECT status, {}, heartbeat FROM runs WHERE id = ?", kOwnerColumns));
  return select.bind(run).step() &&
         status_now(status_of(select.text(0)), owner_at(select, 1), select.text(6)) == RunStatus::running;
}

// A folder of results to copy from.
class Source {
 public:
  explicit Source(const fs::path& database) : from_(database.parent_path()), connection_(open_source(database)) {}

  std::vector<std::int64_t> choose(const std::vector<std::string>& words) {
    std::vector<std::int64_t> ids;
    ids.reserve(words.size());
    for (const std::string& word : words) ids.push_back(find_run(*connection_, word));
    if (words.empty())
      for (const auto& row : fetch(*connection_, "SELECT id FROM runs WHERE removed IS NULL ORDER BY id").rows)
        ids.push_back(integer_in(row[0]));
    return ids;
  }

  void give(std::int64_t id, const HiddenNames& names, CopiedRuns& target) {
    // From its rows to its last file nobody goes on with it: rows and checkpoint would be of different epochs.
    std::optional<SharedFolderLock> still;
    try {
      still = keep_still(id);
    } catch (const Error& error) {
      if (error.failure() != Failure::try_later) throw;
      return target.tell(Value(), read_consistently(id).run.name, "running", "wait for its end");
    }
    RunHistory history = read_consistently(id);
    if (is_running(*connection_, id)) return target.tell(Value(), history.run.name, "running", "wait for it to end");
    keep_why_pruned(history, id);
    names.hide_in(history);
    const fs::path folder = history.run.folder;
    std::optional<fs::path> files;
    if (is_a_runs_folder(folder)) {
      check_no_link(from_, folder);
      if (fs::is_directory(from_ / folder)) files = from_ / folder;
    }
    target.take(std::move(history), files, names);
  }

 private:
  // Its point knows why a run was pruned, and stays behind with its sweep.
  void keep_why_pruned(RunHistory& history, std::int64_t id) {
    if (!history.end || history.end->status != RunStatus::interrupted) return;
    const Table found = fetch(*connection_,
                              "SELECT coalesce(p.reason, '') FROM points p JOIN runs r ON r.identity = p.identity"
                              " WHERE r.id = ? AND p.status = 'pruned' AND p.newer_than < r.id",
                              {id});
    if (!found.rows.empty()) history.end->reason = "pruned: " + text_in(found.rows[0][0]);
  }

  std::optional<SharedFolderLock> keep_still(std::int64_t id) {
    const Table found = fetch(*connection_, "SELECT folder FROM runs WHERE id = ?", {id});
    const fs::path folder = found.rows.empty() ? "" : text_in(found.rows[0][0]);
    if (!is_a_runs_folder(folder) || !link_in(from_, folder).empty()) return std::nullopt;
    return std::make_optional<SharedFolderLock>(from_ / folder);
  }

  RunHistory read_consistently(std::int64_t id) {
    connection_->execute("BEGIN");
    try {
      RunHistory history = history_of(*connection_, id);
      connection_->execute("COMMIT");
      return history;
    } catch (...) {
      connection_->execute("ROLLBACK");
      throw;
    }
  }

  fs::path from_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace

Table merge_runs(const fs::path& source, const fs::path& target, const std::vector<std::string>& runs,
                 const HiddenNames& names) {
  std::error_code code;
  if (fs::equivalent(source, target, code))
    throw Error(Failure::usage, fmt::format("{} is both source and target", printable(source.string())));
  // Before the target is made.
  if (!runs.empty()) {
    const auto there = open_source(source);
    for (const std::string& run : runs) find_run(*there, run);
  }
  return copied([&] {
    Source from(source);
    CopiedRuns into(target);
    for (const std::int64_t id : from.choose(runs)) from.give(id, names, into);
    return std::move(into).table();
  });
}

}  // namespace rxrun
