// Import of a damaged database. The input is the damage: three bytes of a place in the file, one of what is written
// there, and so on.
#include <sqlite3.h>

#include "files/files.h"
#include "fuzz.h"
#include "recording/merge_runs.h"
#include "recording/recorder.h"

using namespace rxrun;
using namespace rxrun::fuzz;
namespace fs = std::filesystem;

namespace {

// A run or two, of an older version, upgraded to this program's.
std::string database_with_runs(const fs::path& path) {
  sqlite3* database = nullptr;
  require(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  const std::string text = read_file(RXRUN_SOURCE_DIR "/tests/golden/results_v3.sql", 1 << 20);
  require(sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  require(sqlite3_close(database) == SQLITE_OK);
  const Recorder upgrades(path);
  return read_file(path, 1 << 24);
}

std::string empty_database(const fs::path& path) {
  { const Recorder makes(path); }
  return read_file(path, 1 << 24);
}

void replace(const fs::path& folder, const std::string& bytes) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  std::ofstream(folder / "results.db", std::ios::binary) << bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  static const std::string whole = database_with_runs(scratch.path() / "whole.db");
  static const std::string empty = empty_database(scratch.path() / "empty.db");
  std::string bytes = whole;
  for (std::size_t i = 0; i + 4 <= size; i += 4)
    bytes[(data[i] | data[i + 1] << 8 | data[i + 2] << 16) % bytes.size()] = static_cast<char>(data[i + 3]);
  replace(scratch.path() / "source", bytes);
  replace(scratch.path() / "target", empty);
  answered([&] { merge_runs(scratch.path() / "source/results.db", scratch.path() / "target/results.db", {}); });
  return 0;
}
