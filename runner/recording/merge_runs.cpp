#include "recording/merge_runs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <optional>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/descriptor.h"
#include "files/files.h"
#include "files/folder_lock.h"
#include "recording/find_run.h"
#include "recording/ownership.h"
#include "recording/reading.h"
#include "recording/record_file.h"
#include "recording/run_folder.h"
#include "recording/run_rows.h"
#include "recording/schema.h"
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

bool is_running(Connection& connection, std::int64_t run) {
  Statement select(connection, fmt::format("SELECT status, {}, heartbeat FROM runs WHERE id = ?", kOwnerColumns));
  return select.bind(run).step() &&
         status_now(status_of(select.text(0)), owner_at(select, 1), select.text(6)) == RunStatus::running;
}

// What `target` has of the run already.
struct Counterpart {
  std::int64_t id = 0;
  std::string name, folder;
  bool finished = false, removed = false;
};

std::optional<Counterpart> find_counterpart(Connection& target, const RunRecord& run) {
  const Table found = fetch(target,
                            "SELECT id, name, folder, status = 'finished', removed IS NOT NULL FROM runs"
                            " WHERE identity = ?1 AND (name = ?2 OR started = ?3) ORDER BY name <> ?2, id LIMIT 1",
                            {run.identity, run.name, run.started});
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
std::string remark_on_files(const RunHistory& history, const fs::path& results) {
  std::vector<std::string> remarks;
  if (!history.end) return {};
  for (const auto& [name, sha256] : history.end->artifacts) {
    const fs::path file = fs::path(history.run.folder) / fs::path(name).filename();
    std::error_code code;
    if (!fs::is_regular_file(fs::symlink_status(results / file, code)))
      remarks.push_back(fmt::format("{} is missing", file.filename().string()));
    else if (sha256_of_file(results / file) != sha256)
      remarks.push_back(fmt::format("{} does not match its checksum", file.filename().string()));
  }
  return fmt::format("{}", fmt::join(remarks, ", "));
}

bool is_finished(const RunHistory& history) { return history.end && history.end->status == RunStatus::finished; }

// The run's folder is another one here: in its record, and before every file that it names.
void move_folder(RunHistory& history, const std::string& folder) {
  const std::string before = history.run.folder + "/";
  if (history.end)
    for (auto& [file, sha256] : history.end->artifacts)
      if (file.starts_with(before)) file = folder + "/" + file.substr(before.size());
  history.run.folder = folder;
}

// For a name or a folder that cannot be taken over. The identity comes from elsewhere too.
std::string substitute_for(const RunRecord& run) {
  std::string identity = run.identity.substr(0, 8);
  std::erase_if(identity, [](unsigned char c) { return std::isalnum(c) == 0; });
  return "imported-" + (identity.empty() ? "run" : identity);
}

// Where runs are copied to.
class Target {
 public:
  explicit Target(const fs::path& database) : into_(database.parent_path()), connection_(open_for_writing(database)) {
    table_.columns = {"run", "name", "outcome", "remark"};
  }

  // `files`: the folder of the run, where it has one.
  void take(RunHistory history, const std::optional<fs::path>& files) {
    const auto counterpart = find_counterpart(*connection_, history.run);
    if (counterpart && counterpart->removed) return tell(counterpart->id, counterpart->name, "removed there", "");
    if (counterpart && (counterpart->finished || !is_finished(history))) {
      unite_tags(history.words, counterpart->id);
      return tell(counterpart->id, counterpart->name, "there already", "");
    }
    std::vector<std::string> remarks;
    const std::string folder = counterpart ? counterpart->folder : folder_for(history.run, files);
    move_folder(history, folder);
    if (!counterpart) give_name(history.run, remarks);
    history.words.name.clear();
    std::optional<FolderLock> lock;
    if (is_a_runs_folder(folder)) {
      check_no_link(into_, folder);
      fs::create_directories(into_ / folder);
      lock.emplace(into_ / folder);
      if (files && !lies_here(*files, folder)) copy_files(*files, into_ / folder);
    }
    Transaction transaction(*connection_);
    if (counterpart) claim_run(*connection_, counterpart->id, this_process());  // throws while somebody continues it
    const std::int64_t run = insert_history(*connection_, history, counterpart ? counterpart->id : 0);
    if (is_a_runs_folder(folder)) write_record(into_ / folder, history_of(*connection_, run));
    transaction.commit();
    if (const std::string remark = remark_on_files(history, into_); !remark.empty()) remarks.push_back(remark);
    tell(run, counterpart ? counterpart->name : history.run.name, counterpart ? "completed" : "copied",
         fmt::format("{}", fmt::join(remarks, "; ")));
  }

  void tell(const Value& run, const std::string& name, const char* outcome, const std::string& remark) {
    table_.rows.push_back({run, name, std::string(outcome), remark.empty() ? Value() : Value(remark)});
  }

  Table table() && { return std::move(table_); }

 private:
  bool lies_here(const fs::path& files, const std::string& folder) const {
    std::error_code code;
    return fs::equivalent(files, into_ / folder, code);
  }

  // A folder of these results that no run has stays where it is.
  std::string folder_for(const RunRecord& run, const std::optional<fs::path>& files) {
    const std::string wanted = is_a_runs_folder(run.folder) ? run.folder : "checkpoints/" + substitute_for(run);
    const std::string free = free_text(*connection_, "folder", wanted);
    return files && free == wanted && lies_here(*files, wanted) ? wanted : free;
  }

  // Its own where that is one, and free.
  void give_name(RunRecord& run, std::vector<std::string>& remarks) {
    std::string name = run.name;
    if (const std::string fault = fault_of_run_name(name); !fault.empty()) {
      remarks.push_back(fmt::format("`{}` cannot be a name here: {}", printable(name.substr(0, 40)), fault));
      name = substitute_for(run);
    }
    run.name = free_text(*connection_, "name", name);
  }

  void unite_tags(const RunWords& words, std::int64_t run) {
    Transaction transaction(*connection_);
    Statement insert(*connection_, "INSERT INTO tags (run, tag) VALUES (?, ?) ON CONFLICT DO NOTHING");
    for (const std::string& tag : words.tags) insert.bind(run, tag).run();
    transaction.commit();
  }

  fs::path into_;
  std::unique_ptr<Connection> connection_;
  Table table_;
};

// A folder of results to copy from.
class Source {
 public:
  explicit Source(const fs::path& database) : from_(database.parent_path()), connection_(open_source(database)) {}

  std::vector<std::int64_t> choose(const std::vector<std::string>& words) {
    std::vector<std::int64_t> ids;
    for (const std::string& word : words) ids.push_back(find_run(*connection_, word));
    if (words.empty())
      for (const auto& row : fetch(*connection_, "SELECT id FROM runs WHERE removed IS NULL ORDER BY id").rows)
        ids.push_back(integer_in(row[0]));
    return ids;
  }

  void give(std::int64_t id, Target& target) {
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
    const fs::path folder = history.run.folder;
    std::optional<fs::path> files;
    if (is_a_runs_folder(folder)) {
      check_no_link(from_, folder);
      if (fs::is_directory(from_ / folder)) files = from_ / folder;
    }
    target.take(std::move(history), files);
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

// The folders of runs that are meant by a folder: it itself, or those in it or in its checkpoints/; in order of the
// name.
std::vector<fs::path> run_folders_in(const fs::path& named) {
  if (has_record(named)) return {named};
  std::vector<fs::path> folders;
  for (const fs::path& parent : {named, named / "checkpoints"}) {
    std::error_code code;
    for (fs::directory_iterator entry(parent, code), end; !code && entry != end; entry.increment(code))
      if (entry->is_directory() && !entry->is_symlink() && has_record(entry->path())) folders.push_back(entry->path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

// In the order in which they began, which is that of their numbers where they came from.
Table merge_run_folders(const std::vector<fs::path>& folders, const fs::path& target) {
  std::vector<std::pair<RunHistory, fs::path>> runs;
  for (const fs::path& folder : folders) {
    RunHistory history = read_record(folder);
    history.run.folder = "checkpoints/" + fs::absolute(folder).lexically_normal().filename().string();
    if (history.end)
      for (auto& [file, sha256] : history.end->artifacts)
        file = history.run.folder + "/" + fs::path(file).filename().string();
    if (!history.words.name.empty()) history.run.name = history.words.name;
    runs.emplace_back(std::move(history), folder);
  }
  std::stable_sort(runs.begin(), runs.end(),
                   [](const auto& a, const auto& b) { return a.first.run.started < b.first.run.started; });
  Target into(target);
  for (auto& [history, folder] : runs) {
    const std::string name = history.run.name;
    try {
      into.take(std::move(history), folder);
    } catch (const Error& error) {
      if (error.failure() != Failure::try_later) throw;
      into.tell(Value(), name, "running", "wait for its end");
    }
  }
  return std::move(into).table();
}

// What the file system could not do as an Error.
Table told(const std::function<Table()>& copy) {
  try {
    return copy();
  } catch (const fs::filesystem_error& error) {
    throw Error(Failure::run,
                fmt::format("cannot copy {}: {}", printable(error.path1().string()), error.code().message()),
                "run the same command again to continue");
  }
}

fs::path database_of(const fs::path& named) {
  constexpr const char* expected =
      "expected a folder of results, which is one that holds a results.db, that file itself, or the folder of a run";
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

}  // namespace

Table merge_runs(const fs::path& source, const fs::path& target, const std::vector<std::string>& runs) {
  std::error_code code;
  if (fs::equivalent(source, target, code))
    throw Error(Failure::usage, fmt::format("{} is both source and target", printable(source.string())));
  // Before the target is made.
  if (!runs.empty()) {
    const auto there = open_source(source);
    for (const std::string& run : runs) find_run(*there, run);
  }
  return told([&] {
    Source from(source);
    Target into(target);
    for (const std::int64_t id : from.choose(runs)) from.give(id, into);
    return std::move(into).table();
  });
}

Table import_runs(const fs::path& named, const fs::path& target) {
  std::error_code code;
  if (!fs::exists(fs::symlink_status(named / "results.db", code)))
    if (const std::vector<fs::path> folders = run_folders_in(named); !folders.empty())
      return told([&] { return merge_run_folders(folders, target); });
  return merge_runs(database_of(named), target, {});
}

}  // namespace rxrun
