// What a row or a link says of a place outside of the results is not followed, by whatever writes, reads or deletes.
#include "recording/run_folder.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <map>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/connection.h"
#include "recording/garbage.h"
#include "recording/merge_runs.h"
#include "recording/tend_runs.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class RunFolderTest : public TemporaryResults {
 protected:
  // Results with a run that was interrupted, a folder elsewhere, and what lies in that.
  void SetUp() override {
    fs::create_directories(results);
    Recorder recorder(results / "results.db");
    const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
    recorder.epoch(run, epoch_record(1, 0.5, true));
    recorder.end(run, ended(RunStatus::interrupted, "stopped"));
    fs::create_directories(elsewhere);
  }
  void execute(const std::string& sql) {
    Connection(results / "results.db", Connection::Mode::read_write).execute(sql.c_str());
  }
  // `name` in the results becomes a link to a folder, or a file, elsewhere that has what it had.
  void replace_by_link(const fs::path& name) {
    fs::rename(results / name, elsewhere / name.filename());
    fs::create_symlink(elsewhere / name.filename(), results / name);
  }
  std::map<std::string, std::string> what_is_elsewhere() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(elsewhere)) {
      std::ifstream file(entry.is_directory() ? fs::path("/dev/null") : entry.path(), std::ios::binary);
      found[entry.path().string()] = {std::istreambuf_iterator<char>(file), {}};
    }
    return found;
  }
  static std::string error(const std::function<void()>& act) {
    try {
      act();
    } catch (const Error& error) {
      return render(error.diagnostics());
    }
    return "no error";
  }

  const fs::path results = folder / "results", elsewhere = folder / "elsewhere";
};

TEST_F(RunFolderTest, ARowNamesAPlaceOfItsOwnOrNone) {
  EXPECT_EQ(own_folder(results, 1, "checkpoints/a-1"), results / "checkpoints/a-1");
  EXPECT_EQ(own_folder(results, 1, "checkpoints/new"), results / "checkpoints/new");
  for (const std::string& named :
       {elsewhere.string(), std::string("/"), std::string(), std::string("."), std::string(".."), std::string("a-1"),
        std::string("checkpoints"), std::string("checkpoints/"), std::string("checkpoints/.."),
        std::string("checkpoints/."), std::string("checkpoints/../../elsewhere"), std::string("checkpoints/a/b"),
        std::string("../elsewhere"), std::string("checkpoints/.rxrun-deleted-1")})
    EXPECT_THAT(error([&] { own_folder(results, 7, named); }),
                HasSubstr("run 7 has no folder of its own: " + (results / "results.db").string()))
        << named;
}

TEST_F(RunFolderTest, NoLinkPipeOrDeviceIsTakenForAFolderOrAFile) {
  const auto fault = [&] { return error([&] { own_folder(results, 1, "checkpoints/a-1"); }); };
  for (const char* name : {"checkpoints/a-1/record.jsonl", "checkpoints/a-1", "checkpoints"}) {
    replace_by_link(name);
    EXPECT_THAT(fault(), HasSubstr((results / name).string() + " is a symbolic link"));
    fs::remove(results / name);
    fs::rename(elsewhere / fs::path(name).filename(), results / name);
  }
  fs::create_symlink("/nowhere", results / "checkpoints/a-1/run.log");  // would be written to all the same
  EXPECT_THAT(fault(), HasSubstr("run.log is a symbolic link"));
  fs::remove(results / "checkpoints/a-1/run.log");
  ASSERT_EQ(::mkfifo((results / "checkpoints/a-1/run.log").c_str(), 0600), 0);
  EXPECT_THAT(fault(), HasSubstr("run.log is neither a file nor a folder"));
  fs::remove(results / "checkpoints/a-1/run.log");
  EXPECT_EQ(fault(), "no error");
}

// Every command that writes or deletes for a run, with its folder elsewhere by its row, or by a link.
TEST_F(RunFolderTest, NothingIsWrittenReadOrDeletedElsewhere) {
  const fs::path database = results / "results.db";
  EvaluationRecord evaluation = test_evaluation(0.5);
  const std::vector<std::pair<const char*, std::function<void()>>> acts = {
      {"resume", [&] { Recorder(database).resume(1, 1); }},
      {"epoch", [&] { Recorder(database).epoch(1, epoch_record(2, 0.6, true)); }},
      {"evaluate", [&] { record_evaluation(database, 1, evaluation); }},
      {"tag", [&] { tag_run(database, "1", {"paper"}, {}); }},
      {"note", [&] { note_run(database, "1", "a note"); }},
      {"rename", [&] { rename_run(database, "1", "b-1"); }},
      {"export", [&] { merge_runs(database, folder / "other/results.db", {"1"}); }},
      {"begin", [&] { Recorder(database).begin(run_record("c-1"), split_record()); }},
      {"rm", [&] { remove_runs(database, {"1"}, false); }},
      {"restore", [&] { restore_runs(database, {"1"}); }},
      {"rm", [&] { remove_runs(database, {"1"}, false); }},
      {"gc", [&] { delete_garbage(results, find_garbage(results)); }},
  };
  const auto try_all = [&] {
    const auto before = what_is_elsewhere();
    ASSERT_FALSE(before.empty());
    for (const auto& [name, act] : acts) {
      error(act);  // or done, but not there
      EXPECT_EQ(what_is_elsewhere(), before) << name;
    }
  };
  const auto renew = [&] {
    fs::remove_all(results);
    fs::remove_all(elsewhere);
    SetUp();
  };
  fs::rename(results / "checkpoints/a-1", elsewhere / "a-1");
  execute("UPDATE runs SET folder = '" + (elsewhere / "a-1").string() + "'");
  try_all();
  renew();
  fs::rename(results / "checkpoints/a-1", elsewhere / "a-1");
  execute("UPDATE runs SET folder = 'checkpoints/../../elsewhere/a-1'");
  try_all();
  renew();
  replace_by_link("checkpoints/a-1");
  try_all();
  renew();
  replace_by_link("checkpoints");
  try_all();
}

TEST_F(RunFolderTest, ACrashNoteElsewhereIsNotRead) {
  std::ofstream(results / "checkpoints/a-1/crash.txt") << "rxrun: crashed in a layer\n";
  EXPECT_EQ(crash_note(results, "checkpoints/a-1"), "crashed in a layer");
  replace_by_link("checkpoints/a-1/crash.txt");
  EXPECT_EQ(crash_note(results, "checkpoints/a-1"), "");
  fs::remove(results / "checkpoints/a-1/crash.txt");
  ASSERT_EQ(::mkfifo((results / "checkpoints/a-1/crash.txt").c_str(), 0600), 0);
  EXPECT_EQ(crash_note(results, "checkpoints/a-1"), "") << "and nobody waits for it";
  EXPECT_EQ(crash_note(results, "../elsewhere"), "");
}

TEST_F(RunFolderTest, ASweepsFolderLiesInTheResults) {
  EXPECT_EQ(own_sweep_folder(results, "a-1"), results / "sweeps/a-1");
  for (const char* name : {"", ".", "..", "../../elsewhere", "/tmp", "a/b"})
    EXPECT_THAT(error([&] { own_sweep_folder(results, name); }), HasSubstr("is no name of a folder")) << name;
  fs::create_directory_symlink(elsewhere, results / "sweeps");
  EXPECT_THAT(error([&] { own_sweep_folder(results, "a-1"); }), HasSubstr("is a symbolic link"));
}

}  // namespace
}  // namespace rxrun::testing
