// The runs of other results on their way into these (merge_runs.h).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "recording/connection.h"
#include "recording/hidden_names.h"
#include "recording/query.h"
#include "recording/run_record.h"

namespace rxrun {

// Where runs are copied to: rows and files, one at a time.
class CopiedRuns {
 public:
  // The database is opened, or made, as Recorder's: when the first run comes, or by open().
  explicit CopiedRuns(const std::filesystem::path& database);
  void open() { connection(); }

  // `files`: the folder of the run, where it has one; whoever calls keeps it still meanwhile. `names`: by which those
  // in `history` are hidden already. Throws Error (try_later) while somebody works on the run here.
  void take(RunHistory history, const std::optional<std::filesystem::path>& files, const HiddenNames& names = {});
  // Whether a folder of a run is one of these results' own.
  bool has_folder(const std::filesystem::path& files) const;
  // A row of the table: what came of a run.
  void tell(const Value& run, const std::string& name, const char* outcome, const std::string& remark);
  Table table() && { return std::move(table_); }

 private:
  Connection& connection();
  void require_names_of(const RunHistory& history, std::int64_t run);
  bool lies_here(const std::filesystem::path& files, const std::string& folder) const;
  std::string folder_for(const RunRecord& run, const std::optional<std::filesystem::path>& files);
  void give_name(RunRecord& run, std::string& remark);
  void unite_tags(const RunWords& words, std::int64_t run);

  const std::filesystem::path database_, into_;
  std::unique_ptr<Connection> opened_;
  Table table_;
};

// What `copy` returns; what the file system could not do becomes an Error.
Table copied(const std::function<Table()>& copy);

// Throws Error for a symbolic link on the way from `root` to `relative`: it may lead anywhere, and what lies there is
// neither copied nor written to.
void check_no_link(const std::filesystem::path& root, const std::filesystem::path& relative);

}  // namespace rxrun
