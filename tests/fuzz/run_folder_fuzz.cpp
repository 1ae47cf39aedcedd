// Import of a run's folder. The input is its files, separated by form feeds, which JSON has no place for: record.jsonl,
// split.jsonl, outputs-1.jsonl.
#include <algorithm>
#include <array>

#include "files/files.h"
#include "fuzz.h"
#include "recording/merge_runs.h"
#include "recording/record_file.h"
#include "recording/recorder.h"

using namespace rxrun;
using namespace rxrun::fuzz;
namespace fs = std::filesystem;

namespace {

constexpr std::array kFiles = {"record.jsonl", "split.jsonl", "outputs-1.jsonl"};

std::string empty_database(const fs::path& path) {
  { const Recorder makes(path); }
  return read_file(path, 1 << 24);
}

void lay_out(const fs::path& folder, std::span<const std::uint8_t> bytes) {
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const char* name : kFiles) {
    const bool last = name == kFiles.back();
    const auto end = last ? bytes.end() : std::find(bytes.begin(), bytes.end(), '\f');
    std::ofstream(folder / name, std::ios::binary) << std::string(bytes.begin(), end);
    if (end == bytes.end()) return;
    bytes = bytes.subspan(static_cast<std::size_t>(end - bytes.begin()) + 1);
  }
}

bool was_copied(const Table& runs) {
  const auto column = std::find(runs.columns.begin(), runs.columns.end(), "outcome") - runs.columns.begin();
  return !runs.rows.empty() && runs.rows[0].at(static_cast<std::size_t>(column)) == Value("copied");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  static const std::string empty = empty_database(scratch.path() / "empty.db");
  const fs::path source = scratch.path() / "source" / "run", target = scratch.path() / "target";
  lay_out(source, {data, size});
  fs::remove_all(target);
  fs::create_directories(target);
  std::ofstream(target / "results.db", std::ios::binary) << empty;
  bool copied = false;
  answered([&] { copied = was_copied(import_runs(source, target / "results.db")); });
  // What was taken over is written there as it can be read again.
  if (copied) read_record(target / "checkpoints" / "run");
  return 0;
}
