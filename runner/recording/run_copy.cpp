#include "recording/run_copy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/descriptor.h"
#include "files/files.h"
#include "files/folder_lock.h"
#include "plugin/stored_plugins.h"
#include "recording/ownership.h"
#include "recording/reading.h"
#include "recording/record_file.h"
#include "recording/run_folder.h"
#include "recording/run_rows.h"
#include "recording/tend_runs.h"
#include "recording/writing.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 40;

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

// What is written anew of a run's rows.
bool is_of_its_rows(const std::string& name) {
  return name == kRecordFile || name == "split.jsonl" || name == "experiment.yaml" || name == kImportedNote ||
         (name.starts_with("outputs-") && name.ends_with(".jsonl"));
}

// Its regular files, each whole or not at all; links and what is half-written stay behind. Returns those that stay
// behind for the names in them.
std::vector<std::string> copy_files(const fs::path& from, const fs::path& to, const HiddenNames& names) {
  std::vector<std::string> left;
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const std::string name = entry.path().filename().string();
    if (!fs::is_regular_file(entry.symlink_status()) || name == "lock" || name.starts_with(".rxrun-")) continue;
    const fs::path file = entry.path().lexically_relative(from), path = to / file;
    if (names.hides() && !HiddenNames::may_hand_on(file)) {
      if (!is_of_its_rows(file.string())) left.push_back(printable(file.string()));
      continue;
    }
    check_no_link(to, file.parent_path());
    fs::create_directories(path.parent_path());
    write_file_atomically(path, [&](const Sink& sink) {
      for_each_block(entry.path(), kLargestFile, [&](std::string_view block) { sink(block.data(), block.size()); });
    });
  }
  std::sort(left.begin(), left.end());
  return left;
}

void add_remark(std::string& remark, const std::string& more) {
  if (!more.empty()) remark += (remark.empty() ? "" : "; ") + more;
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
  const std::string before = history.run.folder + "/", after = folder + "/";
  if (history.end)
    for (auto& [file, sha256] : history.end->artifacts)
      if (file.starts_with(before)) file.replace(0, before.size(), after);
  history.run.folder = folder;
}

// For a name or a folder that cannot be taken over. The identity comes from elsewhere too.
std::string substitute_for(const RunRecord& run) {
  std::string identity = run.identity.substr(0, 8);
  std::erase_if(identity, [](unsigned char c) { return std::isalnum(c) == 0; });
  return "imported-" + (identity.empty() ? "run" : identity);
}

}  // namespace

CopiedRuns::CopiedRuns(const fs::path& database) : database_(database), into_(database.parent_path()) {
  table_.columns = {"run", "name", "outcome", "remark"};
}

Connection& CopiedRuns::connection() {
  if (!opened_) opened_ = open_for_writing(database_);
  return *opened_;
}

void CopiedRuns::take(RunHistory history, const std::optional<fs::path>& files, const HiddenNames& names) {
  const auto counterpart = find_counterpart(connection(), history.run);
  if (counterpart && names.hides()) require_names_of(history, counterpart->id);
  if (counterpart && counterpart->removed) return tell(counterpart->id, counterpart->name, "removed there", "");
  if (counterpart && (counterpart->finished || !is_finished(history))) {
    unite_tags(history.words, counterpart->id);
    return tell(counterpart->id, counterpart->name, "there already", "");
  }
  std::string remark;
  const std::string folder = counterpart ? counterpart->folder : folder_for(history.run, files);
  move_folder(history, folder);
  if (!counterpart) give_name(history.run, remark);
  history.words.name.clear();
  std::optional<FolderLock> lock;
  if (is_a_runs_folder(folder)) {
    check_no_link(into_, folder);
    fs::create_directories(into_ / folder);
    lock.emplace(into_ / folder);
    const bool here = files && lies_here(*files, folder);
    std::vector<std::string> left;
    if (files && !here) left = copy_files(*files, into_ / folder, names);
    if (!left.empty()) add_remark(remark, fmt::format("{} left behind, which may name images", fmt::join(left, ", ")));
    if (names.hides())
      write_file_atomically(into_ / folder / "experiment.yaml", std::string_view(history.run.resolved));
    // Before there is a row of it, so that a kill leaves no run that counts as one's own.
    if (!here) write_file_atomically(into_ / folder / kImportedNote, std::string_view(kImportedText));
  }
  Transaction transaction(connection());
  if (counterpart) claim_run(connection(), counterpart->id, this_process());  // throws while somebody continues it
  const std::int64_t run = insert_history(connection(), history, counterpart ? counterpart->id : 0);
  if (is_a_runs_folder(folder)) write_record(into_ / folder, history_of(connection(), run));
  transaction.commit();
  add_remark(remark, remark_on_files(history, into_));
  tell(run, counterpart ? counterpart->name : history.run.name, counterpart ? "completed" : "copied", remark);
}

void CopiedRuns::tell(const Value& run, const std::string& name, const char* outcome, const std::string& remark) {
  table_.rows.push_back({run, name, std::string(outcome), remark.empty() ? Value() : Value(remark)});
}

// The names that came first would stay, and be handed on.
void CopiedRuns::require_names_of(const RunHistory& history, std::int64_t run) {
  const Table first = fetch(connection(),
                            "SELECT s.sample, s.group_name FROM runs r JOIN splits s ON s.run = r.split_run"
                            " WHERE r.id = ? ORDER BY s.position LIMIT 1",
                            {run});
  if (first.rows.empty() == history.split.empty() &&
      (first.rows.empty() ||
       (text_in(first.rows[0][0]) == history.split[0].sample && text_in(first.rows[0][1]) == history.split[0].group)))
    return;
  throw Error(Failure::usage,
              fmt::format("{} has run {} already, and calls its images by other names", printable(into_.string()),
                          printable(history.run.name)),
              "export it to another folder");
}

bool CopiedRuns::has_folder(const fs::path& files) const {
  return lies_here(files, (fs::path("checkpoints") / files.filename()).string());
}

bool CopiedRuns::lies_here(const fs::path& files, const std::string& folder) const {
  std::error_code code;
  return fs::equivalent(files, into_ / folder, code);
}

// A folder of these results that no run has stays where it is.
std::string CopiedRuns::folder_for(const RunRecord& run, const std::optional<fs::path>& files) {
  const std::string wanted = is_a_runs_folder(run.folder) ? run.folder : "checkpoints/" + substitute_for(run);
  const std::string free = free_text(connection(), "folder", wanted);
  return files && free == wanted && lies_here(*files, wanted) ? wanted : free;
}

// Its own where that is one, and free.
void CopiedRuns::give_name(RunRecord& run, std::string& remark) {
  std::string name = run.name;
  if (const std::string fault = fault_of_run_name(name); !fault.empty()) {
    remark = fmt::format("`{}` cannot be a name here: {}", printable(name.substr(0, 40)), fault);
    name = substitute_for(run);
  }
  run.name = free_text(connection(), "name", name);
}

void CopiedRuns::unite_tags(const RunWords& words, std::int64_t run) {
  Transaction transaction(connection());
  Statement insert(connection(), "INSERT INTO tags (run, tag) VALUES (?, ?) ON CONFLICT DO NOTHING");
  for (const std::string& tag : words.tags) insert.bind(run, tag).run();
  record_words(connection(), {run});
  transaction.commit();
}

void check_no_link(const fs::path& root, const fs::path& relative) {
  if (const fs::path link = link_in(root, relative); !link.empty())
    throw Error(
        Failure::usage,
        fmt::format("{} is a symbolic link, which is not followed when runs are copied", printable(link.string())),
        "replace it with the folder that it points to");
}

Table copied(const std::function<Table()>& copy) {
  try {
    return copy();
  } catch (const fs::filesystem_error& error) {
    throw Error(Failure::run,
                fmt::format("cannot copy {}: {}", printable(error.path1().string()), error.code().message()),
                "run the same command again to continue");
  }
}

}  // namespace rxrun
