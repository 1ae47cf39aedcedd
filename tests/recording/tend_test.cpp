// Tags, notes, names, removal: what is said of a run, and what happens to its files.
#include <gmock/gmock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "child.h"
#include "cli/commands.h"
#include "command_output.h"
#include "files/folder.h"
#include "recording/connection.h"
#include "recording/garbage.h"
#include "recording/sweep_rows.h"
#include "recording/tend_runs.h"
#include "temporary_results.h"

namespace {
std::function<void()> at_the_next_deletion;
}

// In front of the C library's, by which a tree is deleted.
extern "C" int unlinkat(int folder, const char* name, int flags) noexcept {
  if (const auto look = std::exchange(at_the_next_deletion, nullptr)) look();
  return static_cast<int>(::syscall(SYS_unlinkat, folder, name, flags));
}

namespace rxrun::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class TendTest : public TemporaryResults {
 protected:
  void SetUp() override {
    Recorder recorder(database);
    for (const char* name : {"a-1", "a-2", "a-3"}) {
      const std::int64_t run = recorder.begin(run_record(name), split_record());
      recorder.epoch(run, epoch_record(1, 0.5, true));
      recorder.end(run, end_record(0.9, 1));
      write("checkpoints/" + std::string(name) + "/best.safetensors", std::string(1000, 'w'));
    }
  }
  void write(const fs::path& name, const std::string& text) const {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << text;
  }
  void execute(const std::string& sql) { Connection(database, Connection::Mode::read_write).execute(sql.c_str()); }
  CommonOptions common(TableFormat format = TableFormat::text) const { return {.results = folder, .format = format}; }
  std::string gc(bool yes) {
    return output_of([&] { return run_gc({.common = common(), .yes = yes}); });
  }
  bool there(const std::string& name) const { return fs::exists(folder / "checkpoints" / name); }
};

TEST_F(TendTest, TagsComeAndGo) {
  const auto tag = [&](std::vector<std::string> tags) {
    return output_of([&] { return run_tag({.common = common(), .run = "a-1", .tags = std::move(tags)}); });
  };
  EXPECT_EQ(tag({"+paper", "good", "paper"}), "run  name  tags\n  1  a-1   good paper\n");
  EXPECT_EQ(tag({"-good", "-absent"}), "run  name  tags\n  1  a-1   paper\n");
  EXPECT_EQ(tag({}), "run  name  tags\n  1  a-1   paper\n");
  for (const char* bad : {"two words", "+", "++x", "tab\there"})
    EXPECT_THAT(error_of([&] { return run_tag({.common = common(), .run = "a-1", .tags = {bad}}); }), HasSubstr("tag"))
        << bad;
}

TEST_F(TendTest, NotesAndNames) {
  EXPECT_EQ(cell(note_run(database, "1", "looks odd, \"see\" log"), 0, "note"), "looks odd, \"see\" log");
  EXPECT_EQ(cell(note_run(database, "1", ""), 0, "note"), "NULL");
  EXPECT_EQ(cell(rename_run(database, "a-2", "baseline"), 0, "name"), "baseline");
  EXPECT_EQ(one(database, "SELECT folder FROM v_runs WHERE name = 'baseline'"), "checkpoints/a-2");
  const auto refused = [&](const std::string& name) {
    return error_of([&] { return run_rename({.common = common(), .run = "1", .name = name}); });
  };
  EXPECT_THAT(refused("baseline"), HasSubstr("run 2 already has it"));
  EXPECT_THAT(refused("12"), HasSubstr("looks like the number of a run"));
  EXPECT_THAT(refused("a b"), HasSubstr("blank"));
  EXPECT_THAT(refused("a/../b"), HasSubstr("it contains a /"));
  EXPECT_THAT(refused(""), HasSubstr("a name is missing"));
  EXPECT_EQ(cell(rename_run(database, "1", "a-1"), 0, "name"), "a-1") << "its own name is not taken";
}

TEST_F(TendTest, RemovedRunsComeBack) {
  execute("INSERT INTO points (identity, resolved, status, run) VALUES ('identity of a-2', 'x', 'finished', 2)");
  EXPECT_THAT(output_of([&] {
                return run_rm({.common = common(), .runs = {"1", "a-2", "1"}});
              }),
              HasSubstr("Runs removed"));
  EXPECT_EQ(one(database, "SELECT group_concat(run) FROM v_runs"), "3");
  EXPECT_EQ(one(database, "SELECT status || coalesce(run, ' none') FROM points"), "waiting none")
      << "the sweep computes it anew";
  EXPECT_TRUE(there("a-1"));
  EXPECT_THAT(error_of([&] { return run_rm({.common = common(), .runs = {"1"}}); }),
              HasSubstr("`rxrun restore 1` brings it back"));
  EXPECT_THAT(error_of([&] {
                return run_restore({.common = common(), .runs = {"1", "3"}});
              }),
              HasSubstr("this run was not removed: `3`"));
  EXPECT_EQ(one(database, "SELECT count(*) FROM v_runs"), "1") << "all or none";
  EXPECT_EQ(restore_runs(database, {"1", "a-2"}).rows.size(), 2u);
  EXPECT_EQ(one(database, "SELECT count(*) FROM v_runs"), "3");
}

TEST_F(TendTest, ARunningRunIsNotRemoved) {
  Recorder recorder(database);
  recorder.begin(run_record("b-1"), split_record());
  try {
    remove_runs(database, {"1", "b-1"}, true);
    ADD_FAILURE() << "removed under its process";
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::try_later);
    EXPECT_THAT(error.what(), HasSubstr("run 4 (b-1) is running, as process"));
  }
  EXPECT_EQ(one(database, "SELECT count(*) FROM v_runs"), "4") << "all or none";
  execute("UPDATE runs SET host = 'elsewhere' WHERE id = 4");
  EXPECT_THROW(remove_runs(database, {"b-1"}, false), Error);
  EXPECT_EQ(remove_runs(database, {"b-1"}, true).rows.size(), 1u);
  // A process that is gone does not hold it.
  const int child = in_child([&] { Recorder(database).begin(run_record("b-2"), split_record()); });
  ASSERT_EQ(child, 0);
  EXPECT_EQ(remove_runs(database, {"b-2"}, false).rows.size(), 1u);
}

TEST_F(TendTest, GcDeletesOnlyAfterYes) {
  EXPECT_EQ(gc(false), "Nothing to delete.\n");
  remove_runs(database, {"1"}, false);
  EXPECT_THAT(gc(false), HasSubstr("Nothing has been deleted yet"));
  EXPECT_TRUE(there("a-1"));
  EXPECT_EQ(one(database, "SELECT split_run FROM runs WHERE id = 2"), "1");
  EXPECT_THAT(gc(true), HasSubstr("Deleted 1 run and 0 unfinished files"));
  EXPECT_FALSE(there("a-1"));
  EXPECT_TRUE(there("a-2"));
  EXPECT_EQ(one(database, "SELECT count(*) FROM runs WHERE id = 1"), "0");
  for (const char* table :
       {"metrics", "params", "epochs", "results", "properties", "classes", "evaluations", "artifacts"})
    EXPECT_EQ(one(database, std::string("SELECT count(*) FROM ") + table + " WHERE run = 1"), "0") << table;
  for (const char* table : {"outputs", "measures"})
    EXPECT_EQ(one(database, std::string("SELECT count(*) FROM ") + table +
                                " WHERE evaluation NOT IN (SELECT id FROM evaluations)"),
              "0")
        << table;
  EXPECT_EQ(one(database, "SELECT count(*) FROM v_splits WHERE run = 3"), "3")
      << "the split that it held for others stays";
  Connection connection(database, Connection::Mode::read_write);
  EXPECT_FALSE(Statement(connection, "PRAGMA foreign_key_check").step());
  EXPECT_THAT(error_of([&] { return run_restore({.common = common(), .runs = {"1"}}); }),
              HasSubstr("there is no removed run"));
}

// A large tree takes long; whoever trains meanwhile has to be able to write.
TEST_F(TendTest, GcDeletesFilesWithoutTheWriteLock) {
  remove_runs(database, {"1"}, false);
  std::string rows;
  at_the_next_deletion = [&] {
    try {
      execute("UPDATE runs SET note = 'written' WHERE id = 2");
      rows = one(database, "SELECT count(*) FROM runs WHERE id = 1");
    } catch (const Error& error) {
      rows = error.what();
    }
  };
  gc(true);
  EXPECT_EQ(rows, "0") << "the row goes before the files";
  EXPECT_FALSE(there("a-1"));
  EXPECT_FALSE(there(".rxrun-deleted-1"));
}

TEST_F(TendTest, GcEndsADeletionThatWasCutOff) {
  write("checkpoints/.rxrun-deleted-77/best.safetensors", "x");
  EXPECT_THAT(gc(false), HasSubstr(".rxrun-deleted-77"));
  EXPECT_THAT(gc(true), HasSubstr("Deleted 0 runs and 1 unfinished file"));
  EXPECT_FALSE(there(".rxrun-deleted-77"));
}

TEST_F(TendTest, ARunWhoseRowCannotBeDeletedKeepsItsFolder) {
  remove_runs(database, {"1"}, false);
  execute("CREATE TRIGGER kept BEFORE DELETE ON runs BEGIN SELECT raise(ABORT, 'not this one'); END");
  EXPECT_THROW(gc(true), Error);
  EXPECT_TRUE(there("a-1/best.safetensors"));
  EXPECT_FALSE(there(".rxrun-deleted-1"));
}

TEST_F(TendTest, GcTouchesNothingElse) {
  write("precious/file", "x");
  write("checkpoints/nobody/file", "x");
  fs::create_directory_symlink(folder / "precious", folder / "checkpoints" / "link");
  // What a database from elsewhere could say.
  execute(
      "UPDATE runs SET folder = 'checkpoints/../precious' WHERE id = 1; UPDATE runs SET folder = 'checkpoints/link' "
      "WHERE id = 2;"
      "UPDATE runs SET folder = '" +
      (folder / "precious").string() + "' WHERE id = 3");
  remove_runs(database, {"1", "2", "3"}, false);
  const std::string told = gc(true);
  EXPECT_THAT(told, HasSubstr("Deleted 3 runs and"));
  EXPECT_THAT(told, HasSubstr("checkpoints/nobody"));
  EXPECT_TRUE(fs::exists(folder / "precious/file"));
  EXPECT_TRUE(there("nobody"));
  EXPECT_TRUE(there("link"));
}

TEST_F(TendTest, GcDeletesWhatADeadProcessLeftHalfWritten) {
  const auto left = [&](const std::string& name, bool old) {
    write("checkpoints/a-2/" + name, "x");
    if (old)
      fs::last_write_time(folder / "checkpoints/a-2" / name, fs::file_time_type::clock::now() - std::chrono::hours(2));
  };
  left(".rxrun-1-0-ab.tmp", true);           // process 1 lives
  left(".rxrun-999999999-0-ab.tmp", false);  // no such process here, but just written: perhaps on another machine
  left(".rxrun-999999998-0-ab.tmp", true);
  const int child = in_child([&] {
    const fs::path copy = temporary_beside(folder / "results.db.v1.bak");
    std::ofstream(copy) << "x";
    fs::last_write_time(copy, fs::file_time_type::clock::now() - std::chrono::hours(2));
  });
  ASSERT_EQ(child, 0);
  left("last-previous.safetensors.link", true);
  left("mine.link", true);
  EXPECT_THAT(gc(true), HasSubstr("Deleted 0 runs and 3 unfinished files"));
  EXPECT_FALSE(there("a-2/last-previous.safetensors.link"));
  EXPECT_TRUE(there("a-2/mine.link"));
  EXPECT_TRUE(there("a-2/.rxrun-1-0-ab.tmp"));
  EXPECT_TRUE(there("a-2/.rxrun-999999999-0-ab.tmp"));
  EXPECT_FALSE(there("a-2/.rxrun-999999998-0-ab.tmp"));
}

TEST_F(TendTest, GcLooksIntoTheFoldersOfSweeps) {
  SweepRows rows(database);
  const std::int64_t sweep = rows.open({.name = "grid",
                                        .declaration = "",
                                        .command = "",
                                        .points = {{.identity = "x", .resolved = "", .overrides = "[]"}}});
  const std::string known = "sweeps/" + rows.name(sweep) + "/";
  for (const std::string& folder_of : {known, std::string("sweeps/gone-01234567/"), std::string("sweeps/")}) {
    write(folder_of + ".rxrun-999999998-0-ab.tmp", "x");
    fs::last_write_time(folder / (folder_of + ".rxrun-999999998-0-ab.tmp"),
                        fs::file_time_type::clock::now() - std::chrono::hours(2));
  }
  write(known + "0123.log", "x");
  write("sweeps/gone-01234567/0123.log", "x");
  write("precious/file", "x");
  fs::create_directory_symlink(folder / "precious", folder / "sweeps" / "link");
  const std::string told = gc(true);
  EXPECT_THAT(told, HasSubstr("sweeps/gone-01234567"));
  EXPECT_FALSE(fs::exists(folder / (known + ".rxrun-999999998-0-ab.tmp")));
  EXPECT_FALSE(fs::exists(folder / "sweeps/.rxrun-999999998-0-ab.tmp"));
  EXPECT_TRUE(fs::exists(folder / (known + "0123.log"))) << "the logs of a sweep that is there";
  EXPECT_TRUE(fs::exists(folder / "sweeps/link"));
  EXPECT_TRUE(fs::exists(folder / "precious/file"));
}

TEST_F(TendTest, GcDeletesDecodedImages) {
  const std::string name = "cache/0123456789abcdef0123456789abcdef";
  write(name + ".images", "xxxx");
  write(name + ".lock", "");
  for (const char* mine : {"notes.txt", "holiday.images", "0123456789ABCDEF0123456789ABCDEF.images", "app.lock"})
    write(std::string("cache/") + mine, "x");
  fs::create_directories(folder / "cache" / "folder.images");
  EXPECT_THAT(gc(false), ::testing::AllOf(HasSubstr(name + ".images"),
                                          HasSubstr("0 runs and 0 unfinished files, and decoded images")));
  EXPECT_TRUE(fs::exists(folder / (name + ".images")));
  gc(true);
  EXPECT_FALSE(fs::exists(folder / (name + ".images")));
  EXPECT_FALSE(fs::exists(folder / (name + ".lock")));
  for (const char* mine : {"notes.txt", "holiday.images", "0123456789ABCDEF0123456789ABCDEF.images", "app.lock"})
    EXPECT_TRUE(fs::exists(folder / "cache" / mine)) << mine;
  EXPECT_TRUE(fs::exists(folder / "cache/folder.images"));
}

TEST_F(TendTest, GcFollowsNoLinkInPlaceOfAFolder) {
  remove_runs(database, {"1"}, false);
  for (const char* name : {"checkpoints", "cache", "sweeps"}) {
    fs::create_directories(folder / name);
    fs::rename(folder / name, folder / (std::string(name) + "-elsewhere"));
    fs::create_directory_symlink(folder / (std::string(name) + "-elsewhere"), folder / name);
  }
  write("cache/0123456789abcdef0123456789abcdef.images", "x");
  write("checkpoints/.rxrun-deleted-77/file", "x");
  write("sweeps/.rxrun-999999998-0-ab.tmp", "x");
  fs::last_write_time(folder / "sweeps/.rxrun-999999998-0-ab.tmp",
                      fs::file_time_type::clock::now() - std::chrono::hours(2));
  const std::string told = gc(true);
  EXPECT_THAT(told, ::testing::AllOf(HasSubstr("Nothing to delete"), HasSubstr("symbolic link"),
                                     HasSubstr((folder / "cache").string())));
  for (const char* file : {"cache/0123456789abcdef0123456789abcdef.images", "checkpoints/.rxrun-deleted-77/file",
                           "sweeps/.rxrun-999999998-0-ab.tmp", "checkpoints/a-1/best.safetensors"})
    EXPECT_TRUE(fs::exists(folder / file)) << file;
  EXPECT_EQ(one(database, "SELECT count(*) FROM runs"), "3");
}

TEST_F(TendTest, OnlyARunsNumberMakesAGrave) {
  write("checkpoints/.rxrun-deleted-scenes/file", "x");
  EXPECT_THAT(gc(true), HasSubstr("left alone"));
  EXPECT_TRUE(there(".rxrun-deleted-scenes/file"));
}

// Killed between the renaming of the folder and the commit of the row's deletion.
TEST_F(TendTest, ARunWhoseDeletionWasCutOffCanBeRestored) {
  remove_runs(database, {"1", "2"}, false);
  for (const char* number : {"1", "2"})
    fs::rename(folder / "checkpoints" / (std::string("a-") + number),
               folder / "checkpoints" / (std::string(".rxrun-deleted-") + number));
  const Garbage garbage = find_garbage(folder);
  EXPECT_TRUE(garbage.unfinished_files.empty());
  EXPECT_GT(garbage.runs.at(0).bytes, 1000u) << "the weights and the record";
  restore_runs(database, {"1"});
  EXPECT_TRUE(there("a-1/best.safetensors"));
  EXPECT_THAT(gc(true), HasSubstr("Deleted 1 run and 0 unfinished files"));
  EXPECT_TRUE(there("a-1/best.safetensors"));
  EXPECT_FALSE(there("a-2"));
  EXPECT_FALSE(there(".rxrun-deleted-2"));
}

TEST_F(TendTest, WithoutResultsNoneAreMade) {
  const fs::path none = folder / "none";
  EXPECT_THAT(error_of([&] { return run_rm({.common = {.results = none}, .runs = {"1"}}); }),
              HasSubstr("no results yet"));
  EXPECT_THAT(error_of([&] { return run_gc({.common = {.results = none}}); }), HasSubstr("no results yet"));
  EXPECT_FALSE(fs::exists(none));
}

// A crashed process has no time to say so in results.db; what it left in its folder does.
TEST_F(TendTest, ACrashedRunHasFailedAndSaysWhy) {
  execute("UPDATE runs SET status = 'running', process_start = 1 WHERE id < 3");
  write("checkpoints/a-1/crash.txt", "rxrun: crashed with SIGSEGV in layer `x` (x1) of plugin `y`\n");
  const auto rows = nlohmann::json::parse(output_of([&] { return run_ls({.common = common(TableFormat::json)}); }));
  std::map<std::string, std::string> status;
  for (const auto& row : rows) status[row["name"]] = row["status"];
  EXPECT_EQ(status["a-1"], "failed");
  EXPECT_EQ(status["a-2"], "interrupted");
  Recorder(database).begin(run_record("a-4"), split_record());
  EXPECT_EQ(one(database, "SELECT status || ': ' || reason FROM runs WHERE id = 1"),
            "failed: crashed with SIGSEGV in layer `x` (x1) of plugin `y`");
  EXPECT_EQ(one(database, "SELECT status || ': ' || reason FROM runs WHERE id = 2"),
            "interrupted: its process is gone");
}

}  // namespace
}  // namespace rxrun::testing
