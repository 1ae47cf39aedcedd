// export and import: another folder gets the same runs, once.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "child.h"
#include "cli/commands.h"
#include "command_output.h"
#include "files/files.h"
#include "files/folder_lock.h"
#include "plugin/stored_plugins.h"
#include "recording/connection.h"
#include "recording/merge_runs.h"
#include "recording/sweep_rows.h"
#include "recording/tend_runs.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Everything that is said of a run, but for its number.
constexpr const char* kAll =
    "SELECT (SELECT group_concat(name || value) FROM params WHERE run = r.id) || (SELECT group_concat(epoch || name || "
    "value)"
    " FROM metrics WHERE run = r.id) || (SELECT group_concat(epoch || best || seconds || written) FROM epochs WHERE "
    "run = r.id)"
    " || (SELECT group_concat(sample || predicted) FROM v_predictions WHERE run = r.id) || (SELECT group_concat(sample "
    "|| part)"
    " FROM v_splits WHERE run = r.id) || (SELECT group_concat(file || sha256) FROM artifacts WHERE run = r.id)"
    " || (SELECT group_concat(name || value) FROM properties WHERE run = r.id) || (SELECT group_concat(name || value) "
    "FROM results"
    " WHERE run = r.id) || r.identity || r.started || r.command || r.status || r.configuration || coalesce(r.note, '') "
    "|| folder"
    " FROM runs r WHERE r.name = ";

class TransferTest : public TemporaryResults {
 protected:
  std::int64_t record(const std::string& name, bool finished = true, const fs::path& results = {}) {
    const fs::path root = results.empty() ? folder : results;
    Recorder recorder(root / "results.db");
    const std::int64_t run = recorder.begin(run_record(name), split_record());
    recorder.epoch(run, epoch_record(1, 0.5, true));
    const fs::path weights = root / "checkpoints" / name / "best.safetensors";
    fs::create_directories(weights.parent_path());
    std::ofstream(weights) << "weights of " << name;
    RunEnd end = finished ? end_record(0.9, 1) : ended(RunStatus::interrupted, "stopped");
    if (finished) end.artifacts = {{"checkpoints/" + name + "/best.safetensors", sha256_hex("weights of " + name)}};
    recorder.end(run, end);
    return run;
  }
  std::string outcomes(const Table& table) {
    std::string text;
    for (std::size_t row = 0; row < table.rows.size(); ++row)
      text += cell(table, row, "name") + ": " + cell(table, row, "outcome") +
              (cell(table, row, "remark") == "NULL" ? "" : " (" + cell(table, row, "remark") + ")") + "\n";
    return text;
  }
  std::string said_of(const fs::path& results, const std::string& name) {
    return one(results / "results.db", kAll + ("'" + name + "'"));
  }
  std::string bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const fs::path other = folder / "other";
};

TEST_F(TransferTest, ARunArrivesWhole) {
  record("a-1");
  record("a-2");
  record("b-1");
  note_run(database, "b-1", "a note");
  tag_run(database, "b-1", {"paper"}, {});
  const std::string before = bytes_of(database);
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {"3", "a-2"})), "b-1: copied\na-2: copied\n");
  EXPECT_EQ(bytes_of(database), before) << "the source is only read";
  for (const char* name : {"b-1", "a-2"}) EXPECT_EQ(said_of(other, name), said_of(folder, name));
  EXPECT_EQ(one(other / "results.db", "SELECT tags FROM v_runs WHERE name = 'b-1'"), "paper");
  EXPECT_EQ(bytes_of(other / "checkpoints/b-1/best.safetensors"), "weights of b-1");
  EXPECT_EQ(one(other / "results.db", "SELECT count(*) FROM runs"), "2");
  EXPECT_EQ(one(other / "results.db", "SELECT count(*) FROM splits"), "3") << "a split is kept once";
}

TEST_F(TransferTest, MergingTwiceChangesNothing) {
  record("a-1");
  record("a-2");
  record("c-1", true, other);
  merge_runs(database, other / "results.db", {});
  const std::string once =
      one(other / "results.db", "SELECT count(*) || ' ' || (SELECT count(*) FROM metrics) FROM runs");
  tag_run(database, "a-1", {"late"}, {});
  rename_run(other / "results.db", "a-2", "renamed");
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {})), "a-1: there already\nrenamed: there already\n");
  EXPECT_EQ(one(other / "results.db", "SELECT count(*) || ' ' || (SELECT count(*) FROM metrics) FROM runs"), once);
  EXPECT_EQ(one(other / "results.db", "SELECT tags FROM v_runs WHERE name = 'a-1'"), "late");
  // And back again.
  EXPECT_EQ(outcomes(merge_runs(other / "results.db", database, {})),
            "c-1: copied\na-1: there already\na-2: there already\n");
}

TEST_F(TransferTest, OneThatHasFinishedElsewhereIsCompleted) {
  record("a-1", false);
  merge_runs(database, other / "results.db", {});
  tag_run(other / "results.db", "a-1", {"mine"}, {});
  {
    Recorder recorder(database);
    recorder.resume(1, 1);
    recorder.epoch(1, epoch_record(2, 0.8, true));
    std::ofstream(folder / "checkpoints/a-1/best.safetensors") << "better weights";
    RunEnd end = end_record(0.95, 2);
    end.artifacts = {{"checkpoints/a-1/best.safetensors", sha256_hex("better weights")}};
    recorder.end(1, end);
  }
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {})), "a-1: completed\n");
  EXPECT_EQ(said_of(other, "a-1"), said_of(folder, "a-1"));
  EXPECT_EQ(bytes_of(other / "checkpoints/a-1/best.safetensors"), "better weights");
  EXPECT_EQ(one(other / "results.db", "SELECT tags FROM v_runs"), "mine");
  EXPECT_EQ(one(other / "results.db", "SELECT count(*) FROM runs"), "1");
}

TEST_F(TransferTest, ANameThatAnotherRunHasGetsANumber) {
  record("a-1");
  record("a-1", true, other);
  Connection(other / "results.db", Connection::Mode::read_write).execute("UPDATE runs SET identity = 'another'");
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {})), "a-1-2: copied\n");
  EXPECT_EQ(one(other / "results.db", "SELECT folder FROM runs WHERE name = 'a-1-2'"), "checkpoints/a-1-2");
  EXPECT_EQ(one(other / "results.db", "SELECT file FROM artifacts WHERE run = 2"),
            "checkpoints/a-1-2/best.safetensors");
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {})), "a-1-2: there already\n");
}

TEST_F(TransferTest, RunningAndRemovedRunsStay) {
  record("a-1");
  record("a-2");
  remove_runs(database, {"a-2"}, false);
  Recorder(database).begin(run_record("a-3"), split_record());  // by this process
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {})),
            "a-1: copied\na-3: running (wait for it to end)\n");
  remove_runs(other / "results.db", {"a-1"}, false);
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {"a-1"})), "a-1: removed there\n");
  EXPECT_THROW(merge_runs(database, other / "results.db", {"a-2"}), Error);
  // The process of a-4 is gone: it was interrupted.
  ASSERT_EQ(in_child([&] { Recorder(database).begin(run_record("a-4"), split_record()); }), 0);
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {"a-4"})), "a-4: copied\n");
  EXPECT_EQ(one(other / "results.db", "SELECT status FROM v_runs WHERE name = 'a-4'"), "interrupted");
}

// Between the lock on its folder and its row a run that is resumed still says that it was interrupted.
TEST_F(TransferTest, ARunThatIsJustResumedStays) {
  record("a-1", false);
  {
    const FolderLock resumed(folder / "checkpoints/a-1");
    EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {})), "a-1: running (wait for its end)\n");
  }
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {})), "a-1: copied\n");
}

TEST_F(TransferTest, DamagedAndMissingFilesAreTold) {
  record("a-1");
  record("a-2");
  std::ofstream(folder / "checkpoints/a-1/best.safetensors") << "damaged";
  fs::remove_all(folder / "checkpoints/a-2");
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {})),
            "a-1: copied (best.safetensors does not match its checksum)\na-2: copied (best.safetensors is missing)\n");
}

TEST_F(TransferTest, ASourceCannotReachOutOfTheResults) {
  record("a-1");
  std::ofstream(folder / "secret") << "secret";
  fs::create_symlink(folder / "secret", folder / "checkpoints/a-1/link");
  record("a-2");
  Connection(database, Connection::Mode::read_write).execute("UPDATE runs SET folder = '../..' WHERE id = 2");
  merge_runs(database, other / "results.db", {});
  EXPECT_FALSE(fs::exists(fs::symlink_status(other / "checkpoints/a-1/link")));
  EXPECT_EQ(one(other / "results.db", "SELECT folder FROM runs WHERE id = 2"), "checkpoints/imported-identity");
  EXPECT_FALSE(fs::exists(other / "checkpoints/imported-identity/secret"));
}

// Statements of the target's are made of its own columns' names.
TEST_F(TransferTest, ColumnsOfTheSourceAreNoSql) {
  record("a-1", false);
  merge_runs(database, other / "results.db", {});
  record("precious", true, other);
  Connection source(database, Connection::Mode::read_write);
  source.execute("UPDATE runs SET status = 'finished'");
  source.execute(R"(ALTER TABLE runs ADD COLUMN "status = ?, reason = 'injected' WHERE ? OR 1 --" TEXT)");
  source.execute(R"(ALTER TABLE params ADD COLUMN "value) VALUES (2, 'injected', 1) --" TEXT)");
  source.execute(R"(ALTER TABLE params ADD COLUMN "with ""quotes""" TEXT)");
  const std::string told = outcomes(merge_runs(database, other / "results.db", {}));
  EXPECT_THAT(told, HasSubstr("a-1: completed"));
  EXPECT_EQ(one(other / "results.db", "SELECT count(*) FROM runs WHERE reason = 'injected'"), "0");
  EXPECT_EQ(one(other / "results.db", "SELECT count(*) FROM params WHERE name = 'injected'"), "0");
  EXPECT_EQ(one(other / "results.db", "SELECT status FROM runs WHERE name = 'precious'"), "finished");
  EXPECT_EQ(said_of(other, "a-1"), said_of(folder, "a-1"));
}

TEST_F(TransferTest, ADamagedSourceIsTold) {
  record("a-1");
  Connection source(database, Connection::Mode::read_write);
  source.execute("PRAGMA foreign_keys = OFF; UPDATE runs SET experiment = 77");
  EXPECT_THAT(error_of([&] { return merge_runs(database, other / "results.db", {}), 0; }),
              HasSubstr("the experiment of run 1 is not in it"));
  source.execute("UPDATE runs SET experiment = 1; ALTER TABLE params RENAME COLUMN value TO worth");
  EXPECT_THAT(error_of([&] { return merge_runs(database, other / "results.db", {}), 0; }),
              HasSubstr("no such column: value"));
}

TEST_F(TransferTest, NoSymbolicLinkIsFollowed) {
  record("a-1");
  const auto fault = [&] { return error_of([&] { return merge_runs(database, other / "results.db", {}), 0; }); };
  const auto nothing_came = [&] {
    if (fs::exists(other / "results.db")) {
      EXPECT_EQ(one(other / "results.db", "SELECT count(*) FROM runs"), "0");
    }
    EXPECT_FALSE(fs::exists(folder / "elsewhere/a-1"));
  };
  fs::create_directories(folder / "elsewhere");
  for (const char* part : {"checkpoints/a-1", "checkpoints"}) {  // of the source
    fs::rename(folder / part, folder / "moved");
    fs::create_directory_symlink(folder / "moved", folder / part);
    EXPECT_THAT(fault(), HasSubstr((folder / part).string() + " is a symbolic link"));
    EXPECT_FALSE(fs::exists(other / "checkpoints"));
    nothing_came();
    fs::remove(folder / part);
    fs::rename(folder / "moved", folder / part);
  }
  for (const char* part : {"checkpoints", "checkpoints/a-1"}) {  // of the target
    fs::create_directories((other / part).parent_path());
    fs::create_directory_symlink(folder / "elsewhere", other / part);
    EXPECT_THAT(fault(), HasSubstr((other / part).string() + " is a symbolic link"));
    nothing_came();
    fs::remove(other / part);
  }
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {})), "a-1: copied\n");
}

TEST_F(TransferTest, NamesFromElsewhereObeyTheRuleOfRename) {
  for (const char* name : {"a-1", "b-1", "c-1", "d-1"}) record(name);
  Connection(database, Connection::Mode::read_write)
      .execute(
          "UPDATE runs SET name = '' WHERE id = 1; UPDATE runs SET name = 'a/../b' WHERE id = 2;"
          "UPDATE runs SET name = '7', identity = '../../..' WHERE id = 3;"
          "UPDATE runs SET folder = 'checkpoints/.rxrun-deleted-4', identity = '../x/../y' WHERE id = 4");
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {"1", "2", "3", "4"})),
            "imported-identity: copied (`` cannot be a name here: it is empty)\n"
            "imported-identity-2: copied (`a/../b` cannot be a name here: it contains a /)\n"
            "imported-run: copied (`7` cannot be a name here: it looks like the number of a run)\n"
            "d-1: copied (best.safetensors is missing)\n");
  EXPECT_EQ(one(other / "results.db", "SELECT folder FROM runs WHERE name = 'd-1'"), "checkpoints/imported-x");
  EXPECT_EQ(outcomes(merge_runs(database, other / "results.db", {"1"})), "imported-identity: there already\n");
}

// Its sweep stays behind, and with it the point that knows.
TEST_F(TransferTest, APrunedRunKeepsWhy) {
  record("a-1", false);
  SweepRows sweeps(database);
  const std::int64_t sweep =
      sweeps.open({.name = "a",
                   .declaration = "",
                   .command = "",
                   .points = {{.identity = "identity of a-1", .resolved = "", .overrides = "{}"}}});
  const auto claim = sweeps.claim(sweep, {});
  ASSERT_TRUE(claim);
  sweeps.release(claim->point, {.status = PointStatus::pruned, .reason = "asha, epoch 1", .log_tail = {}});
  merge_runs(database, other / "results.db", {"1"});
  EXPECT_EQ(one(other / "results.db", "SELECT status || ', ' || reason FROM v_runs"),
            "interrupted, pruned: asha, epoch 1");
}

// What is told of runs stands in their folders first: without results.db, they are all that is needed.
TEST_F(TransferTest, ALostDatabaseIsMadeAgainFromTheFolders) {
  record("a-1");
  record("b-1", false);
  tag_run(database, "a-1", {"paper"}, {});
  note_run(database, "a-1", "a note");
  rename_run(database, "a-1", "renamed");
  EXPECT_EQ(one(database, "SELECT test_accuracy FROM v_runs WHERE run = 1"), "NULL") << "that was of other weights";
  EvaluationRecord evaluation = test_evaluation(0.85);
  evaluation.weights = sha256_hex("weights of a-1");
  record_evaluation(database, 1, evaluation);
  const std::string a = said_of(folder, "renamed"), b = said_of(folder, "b-1");
  ASSERT_NE(a, "no row");
  fs::rename(database, folder / "lost");
  EXPECT_EQ(outcomes(import_runs(folder / "checkpoints", database)), "renamed: copied\nb-1: copied\n");
  EXPECT_EQ(said_of(folder, "renamed"), a);
  EXPECT_EQ(said_of(folder, "b-1"), b);
  EXPECT_EQ(one(database, "SELECT tags || ', ' || note || ', ' || folder FROM v_runs WHERE run = 1"),
            "paper, a note, checkpoints/a-1");
  EXPECT_EQ(one(database, "SELECT test_accuracy FROM v_runs WHERE run = 1"), "0.85");
  EXPECT_EQ(outcomes(import_runs(folder / "checkpoints/a-1", database)), "renamed: there already\n");
}

// The journal of a database that was moved away would be rolled back into the new one.
TEST_F(TransferTest, AJournalThatWasLeftBehindIsNotTakenForTheNewDatabases) {
  record("a-1");
  fs::rename(database, folder / "lost");
  std::ofstream(database.string() + "-journal") << "of the old one";
  EXPECT_THAT(error_of([&] { return import_runs(folder / "checkpoints", database), 0; }),
              HasSubstr("but its journal " + database.string() + "-journal is"));
  EXPECT_FALSE(fs::exists(database));
}

TEST_F(TransferTest, AFolderThatIsDamagedOrAtWorkIsToldAndTheOthersCome) {
  for (const char* name : {"a-1", "b-1", "c-1"}) record(name);
  std::ofstream(folder / "checkpoints/a-1/record.jsonl", std::ios::app) << "{]\n";
  const FolderLock working(folder / "checkpoints/b-1");
  const std::string told = outcomes(import_runs(folder / "checkpoints", other / "results.db"));
  EXPECT_THAT(told, HasSubstr("a-1: damaged ("));
  EXPECT_THAT(told, HasSubstr("record.jsonl:5: not JSON"));
  EXPECT_THAT(told, HasSubstr("b-1: running (wait for its end)"));
  EXPECT_THAT(told, HasSubstr("c-1: copied"));
}

TEST_F(TransferTest, ABareRunFolderIsImported) {
  record("a-1");
  fs::rename(folder / "checkpoints/a-1", folder / "sent");
  const std::string told = outcomes(import_runs(folder / "sent", other / "results.db"));
  EXPECT_EQ(told, "a-1: copied\n");
  EXPECT_EQ(one(other / "results.db", "SELECT folder || ' ' || (SELECT file FROM artifacts) FROM runs"),
            "checkpoints/sent checkpoints/sent/best.safetensors");
  EXPECT_EQ(bytes_of(other / "checkpoints/sent/best.safetensors"), "weights of a-1");
  EXPECT_EQ(one(other / "results.db", "SELECT group_concat(sample || predicted) FROM v_predictions"), "c.png1");
}

// What marks it is made here, whatever the sender says, and by nothing else.
TEST_F(TransferTest, ARunFromElsewhereIsMarked) {
  record("a-1");
  record("b-1");
  fs::remove_all(folder / "checkpoints/b-1");  // comes without files
  const auto marked = [](const fs::path& results, const std::string& name) {
    return fs::exists(results / "checkpoints" / name / kImportedNote);
  };
  EXPECT_FALSE(marked(folder, "a-1"));
  merge_runs(database, other / "results.db", {});
  EXPECT_TRUE(marked(other, "a-1"));
  EXPECT_TRUE(marked(other, "b-1"));
  import_runs(folder / "checkpoints/a-1", folder / "third/results.db");
  EXPECT_TRUE(marked(folder / "third", "a-1"));
  fs::rename(database, folder / "lost");
  import_runs(folder / "checkpoints", database);
  EXPECT_FALSE(marked(folder, "a-1")) << "that was here before";
  // One that goes on here is no longer one's own alone once another's rows take the place.
  record("c-1", false);
  record("c-1", true, folder / "fourth");
  import_runs(folder / "fourth", database);
  EXPECT_TRUE(marked(folder, "c-1"));
}

TEST_F(TransferTest, WhatIsWrongWithARunsFolderIsToldAndNothingIsMade) {
  const auto imported = [&](const fs::path& from) {
    std::string told = outcomes(import_runs(from, folder / "new/results.db"));
    EXPECT_FALSE(fs::exists(folder / "new"));
    return told;
  };
  const fs::path run = folder / "sent/a-1", file = run / "record.jsonl";
  fs::create_directories(run);
  std::ofstream(file).close();
  EXPECT_EQ(imported(run), "a-1: damaged (" + file.string() + " is empty (0 bytes))\n");
  EXPECT_EQ(imported(folder / "sent"), "a-1: damaged (" + file.string() + " is empty (0 bytes))\n");
  fs::remove(file);
  fs::create_symlink(folder / "nowhere", file);
  EXPECT_THAT(imported(run), HasSubstr("record.jsonl is a symbolic link"));
  fs::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_THAT(imported(run), HasSubstr("not a regular file"));
  fs::remove(file);
  fs::create_directory(file);
  EXPECT_THAT(imported(run), HasSubstr("it is a folder"));
}

// It is no fault of the runs.
TEST_F(TransferTest, WhatIsWrongWithTheTargetIsToldAsSuch) {
  record("a-1");
  fs::create_directories(other);
  std::ofstream(other / "results.db") << "no database";
  EXPECT_THAT(error_of([&] { return import_runs(folder / "checkpoints", other / "results.db"), 0; }),
              HasSubstr((other / "results.db").string() + " is not a database"));
}

TEST_F(TransferTest, HowALostDatabaseIsMadeAgainIsSaid) {
  record("a-1");
  const std::string whole = bytes_of(database), rescue = "`rxrun import " + (folder / "checkpoints").string() +
                                                         " --results " + folder.string() + "` makes it again";
  const auto fault = [&] { return error_of([&] { return run_ls({.common = {.results = folder}}); }); };
  for (const std::string& bytes : {std::string(), std::string("no database"), whole.substr(0, whole.size() / 2)}) {
    std::ofstream(database, std::ios::binary) << bytes;
    EXPECT_THAT(fault(), HasSubstr("keep a copy and move it away; then " + rescue)) << bytes.size();
  }
  std::string damaged = whole;
  damaged.replace(100, 4000, 4000, 'x');
  std::ofstream(database, std::ios::binary) << damaged;
  EXPECT_THAT(fault(), HasSubstr(rescue));
  fs::remove(database);
  EXPECT_THAT(fault(), HasSubstr(rescue));
  run_import({.common = {.results = folder}, .from = folder / "checkpoints"});
  EXPECT_EQ(one(database, "SELECT name FROM runs"), "a-1");
  fs::remove_all(folder / "checkpoints");
  std::ofstream(database, std::ios::binary).close();
  EXPECT_THAT(fault(), HasSubstr("delete it if it is not needed"));
}

TEST_F(TransferTest, CommandsAndTheirFaults) {
  record("a-1");
  const CommonOptions common{.results = folder};
  EXPECT_EQ(output_of([&] { return run_export({.common = common, .runs = {"1"}, .to = other}); }),
            "run  name  outcome\n  1  a-1   copied\n");
  EXPECT_EQ(output_of([&] { return run_import({.common = common, .from = other / "results.db"}); }),
            "run  name  outcome\n  1  a-1   there already\n");
  EXPECT_THAT(error_of([&] { return run_import({.common = common, .from = folder}); }),
              HasSubstr("both source and target"));
  const auto import_fault = [&](const fs::path& from) {
    return error_of([&] { return run_import({.common = {.results = folder / "mine"}, .from = from}); });
  };
  EXPECT_EQ(
      import_fault(folder / "none"),
      "error: there is no `" + (folder / "none").string() +
          "`\n  = expected a folder of results, which is one that holds a results.db, that file itself, or the folder "
          "of a run\n");
  fs::create_directories(folder / "project" / "results");
  EXPECT_THAT(import_fault(folder / "project" / "results"), HasSubstr("did you mean `" + folder.string() + "`?"));
  fs::copy(other / "results.db", folder / "project" / "results" / "results.db");
  EXPECT_THAT(import_fault(folder / "project"),
              HasSubstr("did you mean `" + (folder / "project" / "results").string() + "`?"));
  fs::create_directories(folder / "checkpoints" / "empty");
  EXPECT_THAT(import_fault(folder / "checkpoints" / "empty"), HasSubstr("did you mean `" + folder.string() + "`?"));
  EXPECT_THAT(import_fault(folder / "checkpoints" / "a-1" / "best.safetensors"), HasSubstr("is not a database"));
  EXPECT_THAT(import_fault(folder / "checkpoints" / "a-1" / "best.safetensors"),
              HasSubstr("= expected a folder of results"));
  EXPECT_FALSE(fs::exists(folder / "mine")) << "nothing is made before there is something to take over";
  EXPECT_THAT(
      error_of([&] {
        return run_export({.common = common, .runs = {"1"}, .to = folder / "checkpoints" / "a-1" / "best.safetensors"});
      }),
      HasSubstr("is a file, not a folder of results"));
  EXPECT_THAT(error_of([&] { return run_export({.common = common, .runs = {"7"}, .to = other}); }),
              HasSubstr("there is no run `7`"));
  EXPECT_THAT(error_of([&] { return run_export({.common = common, .runs = {"7"}, .to = folder / "new"}); }),
              HasSubstr("there is no run `7`"));
  EXPECT_FALSE(std::filesystem::exists(folder / "new")) << "nothing is made for a run that is not there";
  Connection(other / "results.db", Connection::Mode::read_write).execute("PRAGMA user_version = 1");
  EXPECT_THAT(error_of([&] { return run_import({.common = common, .from = other}); }),
              HasSubstr("`rxrun ls --results " + other.string() + "` upgrades it"));
}

}  // namespace
}  // namespace rxrun::testing
