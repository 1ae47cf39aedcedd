#include "recording/merge_runs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/descriptor.h"
#include "files/files.h"
#include "files/folder_lock.h"
#include "recording/find_run.h"
#include "recording/ownership.h"
#include "recording/reading.h"
#include "recording/run_folder.h"
#include "recording/run_rows.h"
#include "recording/schema.h"
#include "recording/stored_rows.h"
#include "recording/tend_runs.h"
#include "recording/writing.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 40;

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

bool is_running(const StoredRows& rows) {
  const ProcessIdentity owner{.host = rows.text("host"),
                              .boot_id = rows.text("boot_id"),
                              .pid_namespace = rows.text("pid_namespace"),
                              .pid = integer_in(rows.run.at("pid")),
                              .start = integer_in(rows.run.at("process_start"))};
  return status_now(status_of(rows.text("status")), owner, rows.text("heartbeat")) == RunStatus::running;
}

// What `target` has of the run already.
struct Counterpart {
  std::int64_t id = 0;
  std::string name, folder;
  bool finished = false, removed = false;
};

std::optional<Counterpart> find_counterpart(Connection& target, const StoredRows& rows) {
  const Table found = fetch(target,
                            "SELECT id, name, folder, status = 'finished', removed IS NOT NULL FROM runs"
                            " WHERE identity = ?1 AND (name = ?2 OR started = ?3) ORDER BY name <> ?2, id LIMIT 1",
                            {rows.text("identity"), rows.text("name"), rows.text("started")});
  if (found.rows.empty()) return std::nullopt;
  const auto& row = found.rows[0];
  return Counterpart{integer_in(row[0]), text_in(row[1]), text_in(row[2]), integer_in(row[3]) != 0,
                     integer_in(row[4]) != 0};
}

// The first of "x", "x-2", "x-3", ... that no run has in that column.
std::string free_text(Connection& target, const char* column, const std::string& wanted) {
  Statement taken(target, fmt::format("SELECT 1 FROM runs WHERE {} = ?", column));
  return first_free(wanted, [&](const std::string& candidate) { return !taken.bind(candidate).step(); });
}

// The first part of `relative`, below `root`, that is a symbolic link; empty: none is.
fs::path link_in(const fs::path& root, const fs::path& relative) {
  fs::path path = root;
  for (const fs::path& part : relative) {
    path /= part;
    std::error_code code;
    if (fs::is_symlink(fs::symlink_status(path, code))) return path;
  }
  return {};
}

// Throws Error for such a link: it may lead anywhere, and what lies there is neither copied nor written to.
void check_no_link(const fs::path& root, const fs::path& relative) {
  if (const fs::path link = link_in(root, relative); !link.empty())
    throw Error(
        Failure::usage,
        fmt::format("{} is a symbolic link, which is not followed when runs are copied", printable(link.string())),
        "replace it with the folder that it points to");
}

// Its regular files, each whole or not at all; links and what is half-written stay behind.
void copy_files(const fs::path& from, const fs::path& to) {
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const std::string name = entry.path().filename().string();
    if (!fs::is_regular_file(entry.symlink_status()) || name == "lock" || name.starts_with(".rxrun-")) continue;
    const fs::path file = entry.path().lexically_relative(from), path = to / file;
    check_no_link(to, file.parent_path());
    fs::create_directories(path.parent_path());
    write_file_atomically(path, [&](const Sink& sink) {
      for_each_block(entry.path(), kLargestFile, [&](std::string_view block) { sink(block.data(), block.size()); });
    });
  }
}

// Which of the files that the run left are missing, or are not what it left.
std::string remark_on_files(const StoredRows& rows, const fs::path& results) {
  std::vector<std::string> remarks;
  for (const auto& row : rows.tables.at("artifacts").rows) {
    const fs::path file = fs::path(rows.text("folder")) / fs::path(text_in(row[0])).filename();
    std::error_code code;
    if (!fs::is_regular_file(fs::symlink_status(results / file, code)))
      remarks.push_back(fmt::format("{} is missing", file.filename().string()));
    else if (sha256_of_file(results / file) != text_in(row[1]))
      remarks.push_back(fmt::format("{} does not match its checksum", file.filename().string()));
  }
  return fmt::format("{}", fmt::join(remarks, ", "));
}

class Merge {
 public:
  Merge(const fs::path& source, const fs::path& target)
      : from_(source.parent_path()),
        into_(target.parent_path()),
        source_(open_source(source)),
        target_(open_for_writing(target)),
        unknown_(unknown_columns(*source_)) {
    table_.columns = {"run", "name", "outcome", "remark"};
  }

  std::vector<std::int64_t> choose(const std::vector<std::string>& words) {
    std::vector<std::int64_t> ids;
    for (const std::string& word : words) ids.push_back(find_run(*source_, word));
    if (words.empty())
      for (const auto& row : fetch(*source_, "SELECT id FROM runs WHERE removed IS NULL ORDER BY id").rows)
        ids.push_back(integer_in(row[0]));
    return ids;
  }

  void merge(std::int64_t id) {
    // From its rows to its last file nobody goes on with it: rows and checkpoint would be of different epochs.
    std::optional<SharedFolderLock> still;
    try {
      still = keep_still(id);
    } catch (const Error& error) {
      if (error.failure() != Failure::try_later) throw;
      return tell(Value(), read_consistently(id).text("name"), "running", "wait for its end");
    }
    StoredRows rows = read_consistently(id);
    if (is_running(rows)) return tell(Value(), rows.text("name"), "running", "wait for it to end");
    if (rows.text("status") == "running") rows.run["status"] = "interrupted";
    keep_why_pruned(rows, id);
    const auto counterpart = find_counterpart(*target_, rows);
    if (counterpart && counterpart->removed) return tell(counterpart->id, counterpart->name, "removed there", "");
    if (counterpart && (counterpart->finished || rows.text("status") != "finished")) {
      unite_tags(rows, counterpart->id);
      return tell(counterpart->id, counterpart->name, "there already", "");
    }
    const fs::path source_folder = rows.text("folder");
    const std::string folder = counterpart ? counterpart->folder : free_text(*target_, "folder", folder_for(rows));
    move_folder(rows, folder);
    std::vector<std::string> remarks;
    if (!counterpart) give_name(rows, remarks);
    if (is_a_runs_folder(source_folder) && is_a_runs_folder(folder) && is_there(source_folder)) {
      check_no_link(into_, folder);
      fs::create_directories(into_ / folder);
      const FolderLock lock(into_ / folder);
      copy_files(from_ / source_folder, into_ / folder);
    }
    Transaction transaction(*target_);
    if (counterpart) claim_run(*target_, counterpart->id, this_process());  // throws while somebody continues it
    const std::int64_t run = write_rows(*target_, rows, counterpart ? counterpart->id : 0);
    transaction.commit();
    if (const std::string files = remark_on_files(rows, into_); !files.empty()) remarks.push_back(files);
    if (!unknown_.empty()) remarks.push_back(fmt::format("left out: {}", fmt::join(unknown_, ", ")));
    tell(run, counterpart ? counterpart->name : rows.text("name"), counterpart ? "completed" : "copied",
         fmt::format("{}", fmt::join(remarks, "; ")));
  }

  Table table() && { return std::move(table_); }

 private:
  // Its point knows why a run was pruned, and stays behind with its sweep.
  void keep_why_pruned(StoredRows& rows, std::int64_t id) {
    if (rows.text("status") != "interrupted") return;
    const Table found = fetch(*source_,
                              "SELECT coalesce(p.reason, '') FROM points p JOIN runs r ON r.identity = p.identity"
                              " WHERE r.id = ? AND p.status = 'pruned' AND p.newer_than < r.id",
                              {id});
    if (!found.rows.empty()) rows.run["reason"] = "pruned: " + text_in(found.rows[0][0]);
  }

  std::optional<SharedFolderLock> keep_still(std::int64_t id) {
    const Table found = fetch(*source_, "SELECT folder FROM runs WHERE id = ?", {id});
    const fs::path folder = found.rows.empty() ? "" : text_in(found.rows[0][0]);
    if (!is_a_runs_folder(folder) || !link_in(from_, folder).empty()) return std::nullopt;
    return std::make_optional<SharedFolderLock>(from_ / folder);
  }

  StoredRows read_consistently(std::int64_t id) {
    source_->execute("BEGIN");
    try {
      StoredRows rows = read_rows(*source_, id);
      source_->execute("COMMIT");
      return rows;
    } catch (...) {
      source_->execute("ROLLBACK");
      throw;
    }
  }

  static std::string folder_for(const StoredRows& rows) {
    const fs::path folder = rows.text("folder");
    return is_a_runs_folder(folder) ? folder.string() : "checkpoints/" + substitute_for(rows);
  }

  // For a name or a folder that cannot be taken over. The identity comes from elsewhere too.
  static std::string substitute_for(const StoredRows& rows) {
    std::string identity = rows.text("identity").substr(0, 8);
    std::erase_if(identity, [](unsigned char c) { return std::isalnum(c) == 0; });
    return "imported-" + (identity.empty() ? "run" : identity);
  }

  // Its own where that is one, and free.
  void give_name(StoredRows& rows, std::vector<std::string>& remarks) {
    std::string name = rows.text("name");
    if (const std::string fault = fault_of_run_name(name); !fault.empty()) {
      remarks.push_back(fmt::format("`{}` cannot be a name here: {}", printable(name.substr(0, 40)), fault));
      name = substitute_for(rows);
    }
    rows.run["name"] = free_text(*target_, "name", name);
  }

  bool is_there(const fs::path& source_folder) const {
    check_no_link(from_, source_folder);
    return fs::is_directory(from_ / source_folder);
  }

  void unite_tags(const StoredRows& rows, std::int64_t run) {
    Transaction transaction(*target_);
    Statement insert(*target_, "INSERT INTO tags (run, tag) VALUES (?, ?) ON CONFLICT DO NOTHING");
    for (const auto& row : rows.tables.at("tags").rows) insert.bind(run, text_in(row[0])).run();
    transaction.commit();
  }

  void tell(const Value& run, const std::string& name, const char* outcome, const std::string& remark) {
    table_.rows.push_back({run, name, std::string(outcome), remark.empty() ? Value() : Value(remark)});
  }

  fs::path from_, into_;
  std::unique_ptr<Connection> source_, target_;
  std::vector<std::string> unknown_;  // columns of the source's
  Table table_;
};

}  // namespace

fs::path database_of(const fs::path& named) {
  constexpr const char* expected =
      "expected a folder of results, which is one that holds a results.db, or that file itself";
  std::error_code code;
  const fs::file_status status = fs::status(named, code);
  if (!fs::exists(status))
    throw Error(Failure::usage, fmt::format("there is no `{}`", printable(named.string())), expected);
  const bool folder = fs::is_directory(status);
  const fs::path database = folder ? named / "results.db" : named;
  const auto is_there = [](const fs::path& path) {
    std::error_code ignored;
    return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
  };
  if (is_there(database)) {
    try {
      check_file(database);
      return database;
    } catch (const Error& error) {
      throw Error(error.failure(), error.diagnostics().front().message, expected);
    }
  }
  // The folder above or below is named by mistake, or that of one run.
  std::vector<fs::path> near = {named / "results"};
  for (fs::path above = fs::absolute(named, code).lexically_normal(); near.size() < 5 && above.has_relative_path();
       above = above.parent_path())
    near.push_back(above.parent_path());
  const auto meant =
      std::find_if(near.begin(), near.end(), [&](const fs::path& path) { return is_there(path / "results.db"); });
  throw Error(Failure::usage, fmt::format("the folder `{}` has no results.db", printable(named.string())),
              meant == near.end() ? expected : fmt::format("did you mean `{}`?", printable(meant->string())));
}

Table merge_runs(const fs::path& source, const fs::path& target, const std::vector<std::string>& runs) {
  std::error_code code;
  if (fs::equivalent(source, target, code))
    throw Error(Failure::usage, fmt::format("{} is both source and target", printable(source.string())));
  // Before the target is made.
  if (!runs.empty()) {
    const auto there = open_source(source);
    for (const std::string& run : runs) find_run(*there, run);
  }
  try {
    Merge merge(source, target);
    for (std::int64_t id : merge.choose(runs)) merge.merge(id);
    return std::move(merge).table();
  } catch (const fs::filesystem_error& error) {
    throw Error(Failure::run,
                fmt::format("cannot copy {}: {}", printable(error.path1().string()), error.code().message()),
                "run the same command again to continue");
  }
}

}  // namespace rxrun
