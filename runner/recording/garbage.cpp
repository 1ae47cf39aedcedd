#include "recording/garbage.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/folder_lock.h"
#include "recording/reading.h"
#include "recording/run_folder.h"
#include "recording/schema.h"
#include "recording/writing.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

bool is_grave(const fs::path& folder) { return !number_of_grave(folder).empty(); }

bool is_link(const fs::path& path) {
  std::error_code code;
  return fs::is_symlink(fs::symlink_status(path, code));
}

std::uint64_t size_of(const fs::path& path) {
  std::error_code code;
  if (fs::is_regular_file(fs::symlink_status(path, code))) return fs::file_size(path, code);
  std::uint64_t bytes = 0;
  for (fs::recursive_directory_iterator file(path, fs::directory_options::skip_permission_denied, code), end;
       !code && file != end; file.increment(code))
    if (fs::is_regular_file(file->symlink_status(code))) bytes += file->file_size(code);
  return bytes;
}

// The folder to delete with a removed run, also when its deletion was cut off; none when it is not there or another run
// has it too.
std::optional<fs::path> folder_of(Connection& connection, const fs::path& results, std::int64_t run,
                                  const std::string& folder) {
  if (!is_a_runs_folder(folder)) return std::nullopt;
  Statement others(connection, "SELECT 1 FROM runs WHERE folder = ? AND id <> ?");
  if (others.bind(folder, run).step()) return std::nullopt;
  std::error_code code;
  const fs::path path = results / folder;
  if (is_link(path.parent_path())) return std::nullopt;
  for (const fs::path& name : {path, grave_of(path, run)})
    if (fs::is_directory(fs::symlink_status(name, code))) return name;
  return std::nullopt;
}

// The second name that a checkpoint bears for a moment (training/checkpoint.cpp).
constexpr const char* kSecondName = "last-previous.safetensors.link";

// ".rxrun-PID-...tmp": the names that files/folder.cpp (temporary_beside) gives to temporary files. One that is young
// may belong to a process that cannot be seen from here.
bool is_left_over(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  const std::string prefix = ".rxrun-";
  if (name != kSecondName && (!name.starts_with(prefix) || !name.ends_with(".tmp"))) return false;
  std::error_code code;
  if (!fs::is_regular_file(entry.symlink_status(code)) || code) return false;
  if (fs::file_time_type::clock::now() - entry.last_write_time(code) < std::chrono::hours(1)) return false;
  if (name == kSecondName) return true;
  pid_t process = 0;
  const auto parsed = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), process);
  return parsed.ec == std::errc() && *parsed.ptr == '-' && process > 0 && ::kill(process, 0) != 0 && errno == ESRCH;
}

void find_left_over(const fs::path& folder, std::vector<LeftOver>& found) {
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
    if (is_left_over(*entry)) found.push_back({entry->path(), size_of(entry->path())});
}

void find_removed_runs(Connection& connection, const fs::path& results, Garbage& garbage) {
  for (const auto& row :
       fetch(connection, "SELECT id, name, folder FROM runs WHERE removed IS NOT NULL ORDER BY id").rows) {
    RemovedRun run{.id = integer_in(row[0]), .name = text_in(row[1]), .folder = {}};
    if (const auto folder = folder_of(connection, results, run.id, text_in(row[2]))) {
      run.folder = *folder;
      run.bytes = size_of(*folder);
    }
    garbage.runs.push_back(std::move(run));
  }
}

void find_in_checkpoints(Connection& connection, const fs::path& checkpoints, Garbage& garbage) {
  Statement known(connection, "SELECT 1 FROM runs WHERE folder = ?");
  // Another process is just deleting it, or a kill cut the deletion off: the files go with the run, if at all.
  Statement buried(connection, "SELECT 1 FROM runs WHERE id = ?");
  std::error_code code;
  for (fs::directory_iterator entry(checkpoints, code), end; !code && entry != end; entry.increment(code)) {
    if (!fs::is_directory(entry->symlink_status(code))) continue;
    if (is_grave(entry->path())) {
      if (!buried.bind(number_of_grave(entry->path())).step())
        garbage.unfinished_files.push_back({entry->path(), size_of(entry->path())});
    } else if (known.bind("checkpoints/" + entry->path().filename().string()).step()) {
      find_left_over(entry->path(), garbage.unfinished_files);
    } else {
      garbage.unnamed_folders.push_back({entry->path(), size_of(entry->path())});
    }
  }
  find_left_over(checkpoints, garbage.unfinished_files);
}

// Logs and experiments of points. `known`: by the name of the sweep.
void find_in_sweeps(const fs::path& folder, Statement& known, Garbage& garbage) {
  find_left_over(folder, garbage.unfinished_files);
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    if (!fs::is_directory(entry->symlink_status(code))) continue;
    if (known.bind(entry->path().filename().string()).step())
      find_left_over(entry->path(), garbage.unfinished_files);
    else
      garbage.unnamed_sweeps.push_back({entry->path(), size_of(entry->path())});
  }
}

// Whoever has mapped them keeps them until it ends. A lock that is held while its file is deleted holds nobody up: then
// two processes make the same file, each under a name of its own, and the later one takes the earlier one's place.
// Their names are 32 hexadecimal digits (data/prepared_images.cpp); whatever else lies there is somebody's own.
void find_decoded_images(const fs::path& folder, std::vector<LeftOver>& found) {
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    const std::string kind = entry->path().extension().string(), name = entry->path().stem().string();
    const bool is_a_digest = name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (is_a_digest && (kind == ".images" || kind == ".lock") && fs::is_regular_file(entry->symlink_status(code)))
      found.push_back({entry->path(), size_of(entry->path())});
  }
}

void delete_tree(const fs::path& path) {
  std::error_code code;
  fs::remove_all(path, code);
  if (code) throw Error(Failure::run, fmt::format("cannot delete {}: {}", printable(path.string()), code.message()));
}

// Other runs may share the rows of its split: one of them gets them.
void hand_over_split(Connection& connection, std::int64_t run) {
  Statement heir(connection, "SELECT min(id) FROM runs WHERE split_run = ?1 AND id <> ?1");
  heir.bind(run).step();
  const std::int64_t next = heir.integer(0);
  if (next == 0) return;
  Statement(connection, "UPDATE splits SET run = ? WHERE run = ?").bind(next, run).run();
  Statement(connection, "UPDATE runs SET split_run = ? WHERE split_run = ?").bind(next, run).run();
}

// A folder under the name that it bears between the row's deletion and its own; without commit() it gets its name back.
class Buried {
 public:
  Buried(const fs::path& folder, std::int64_t run) : folder_(folder), grave_(grave_of(folder, run)), lock_(folder) {
    delete_tree(grave_);  // of an earlier attempt
    rename(folder_, grave_);
  }
  ~Buried() {
    std::error_code ignored;
    if (!committed_) fs::rename(grave_, folder_, ignored);
  }
  Buried(const Buried&) = delete;
  Buried& operator=(const Buried&) = delete;
  void commit() {
    committed_ = true;
    delete_tree(grave_);
  }

 private:
  static void rename(const fs::path& from, const fs::path& to) {
    std::error_code code;
    fs::rename(from, to, code);
    if (code) throw Error(Failure::run, fmt::format("cannot rename {}: {}", printable(from.string()), code.message()));
  }

  fs::path folder_, grave_;
  FolderLock lock_;  // nobody is just working in it, and no other process deletes it
  bool committed_ = false;
};

// The files go when the row is gone and the write lock given back: a tree can take long, and others want to write.
void delete_run(Connection& connection, const fs::path& results, std::int64_t run) {
  std::optional<Buried> buried;
  {
    Transaction transaction(connection);
    const Table row = fetch(connection, "SELECT folder FROM runs WHERE id = ? AND removed IS NOT NULL", {run});
    if (row.rows.empty()) return;  // restored meanwhile, or deleted by another process
    const std::string folder = text_in(row.rows[0][0]);
    if (folder_of(connection, results, run, folder)) {
      unbury(results / folder, run);
      buried.emplace(results / folder, run);
    }
    hand_over_split(connection, run);
    Statement(connection, "UPDATE points SET run = NULL WHERE run = ?").bind(run).run();
    Statement(connection, "DELETE FROM runs WHERE id = ?").bind(run).run();
    transaction.commit();
  }
  if (buried) buried->commit();
}

// What another process is just deleting is left to it.
void delete_grave(const fs::path& path) {
  try {
    const FolderLock lock(path);
    delete_tree(path);
  } catch (const Error& error) {
    if (error.failure() != Failure::try_later) throw;
  }
}

}  // namespace

Garbage find_garbage(const fs::path& results) {
  const auto connection = open_for_reading(results / "results.db");
  connection->end_reading();  // folders take long to look through
  Garbage garbage;
  for (const char* folder : {"checkpoints", "sweeps", "cache"})
    if (is_link(results / folder)) garbage.links.push_back(results / folder);
  if (!is_link(results / "checkpoints")) {
    find_removed_runs(*connection, results, garbage);
    find_in_checkpoints(*connection, results / "checkpoints", garbage);
  }
  find_left_over(results, garbage.unfinished_files);
  Statement known_sweep(*connection, "SELECT 1 FROM sweeps WHERE name = ?");
  if (!is_link(results / "sweeps")) find_in_sweeps(results / "sweeps", known_sweep, garbage);
  if (!is_link(results / "cache")) {
    find_left_over(results / "cache", garbage.unfinished_files);
    find_decoded_images(results / "cache", garbage.decoded_images);
  }
  return garbage;
}

void delete_garbage(const fs::path& results, const Garbage& garbage) {
  check_file(results / "results.db");
  const auto connection = open_for_writing(results / "results.db");
  for (const RemovedRun& run : garbage.runs) delete_run(*connection, results, run.id);
  for (const auto* files : {&garbage.unfinished_files, &garbage.decoded_images})
    for (const LeftOver& file : *files) is_grave(file.path) ? delete_grave(file.path) : delete_tree(file.path);
}

}  // namespace rxrun
