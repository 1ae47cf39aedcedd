// The runs of other results on their way into these (merge_runs.h).
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "recording/connection.h"
#include "recording/query.h"
#include "recording/run_record.h"

namespace rxrun {

// Where runs are copied to: rows and files, one at a time.
class CopiedRuns {
 public:
  // As Recorder's.
  explicit CopiedRuns(const std::filesystem::path& database);

  // `files`: the folder of the run, where it has one; whoever calls keeps it still meanwhile. Throws Error (try_later)
  // while somebody works on the run here.
  void take(RunHistory history, const std::optional<std::filesystem::path>& files);
  // Whether a folder of a run is one of these results' own.
  bool has_folder(const std::filesystem::path& files) const;
  // A row of the table: what came of a run.
  void tell(const Value& run, const std::string& name, const char* outcome, const std::string& remark);
  Table table() && { return std::move(table_); }

 private:
  bool lies_here(const std::filesystem::path& files, const std::string& folder) const;
  std::string folder_for(const RunRecord& run, const std::optional<std::filesystem::path>& files);
  void give_name(RunRecord& run, std::string& remark);
  void unite_tags(const RunWords& words, std::int64_t run);

  const std::filesystem::path into_;
  const std::unique_ptr<Connection> connection_;
  Table table_;
};

// What `copy` returns; what the file system could not do becomes an Error.
Table copied(const std::function<Table()>& copy);

// The first part of `relative`, below `root`, that is a symbolic link; empty: none is.
std::filesystem::path link_in(const std::filesystem::path& root, const std::filesystem::path& relative);
// Throws Error for such a link: it may lead anywhere, and what lies there is neither copied nor written to.
void check_no_link(const std::filesystem::path& root, const std::filesystem::path& relative);

}  // namespace rxrun
