// The file results.db: made once, refused when it is not ours, upgraded with a copy kept.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "child.h"
#include "recording/connection.h"
#include "recording/schema.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

class DatabaseFileTest : public TemporaryResults {
 protected:
  // Neither the recorder nor a query takes it or touches it; both say the same.
  std::string refusal() {
    const std::string before = fs::is_regular_file(database) ? bytes_of(database) : "";
    std::string recorder = error_text([&] { Recorder{database}; });
    const std::string reader = error_text([&] { list_runs(database); });
    EXPECT_EQ(recorder, reader);
    if (fs::is_regular_file(database)) {
      EXPECT_EQ(bytes_of(database), before);
    }
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1)
        << "something was left behind";
    return recorder;
  }
  void execute(const char* sql) { Connection(database, Connection::Mode::read_write).execute(sql); }
  std::string file() const { return database.string(); }
};

TEST_F(DatabaseFileTest, AFolder) {
  fs::create_directory(database);
  EXPECT_THAT(refusal(), StartsWith("error: " + file() + " is a folder, not the database of results\n"));
}

TEST_F(DatabaseFileTest, AnEmptyFile) {
  write(database, "");
  EXPECT_THAT(refusal(), StartsWith("error: " + file() +
                                    " is empty (0 bytes): not a database of results, or one that lost its content\n"));
}

TEST_F(DatabaseFileTest, ATextFile) {
  write(database, "my thesis\n");
  EXPECT_THAT(refusal(), StartsWith("error: " + file() + " is not a database\n"));
}

TEST_F(DatabaseFileTest, AFileThatOnlyBeginsLikeADatabase) {
  write(database, std::string("SQLite format 3\0", 16) + std::string(5000, 'x'));
  EXPECT_THAT(refusal(), HasSubstr(file() + " is not a database of results\n"));
}

TEST_F(DatabaseFileTest, ASymbolicLinkEvenIfItLeadsNowhere) {
  fs::create_symlink(folder / "elsewhere.db", database);
  EXPECT_THAT(refusal(), StartsWith("error: " + file() + " is a symbolic link"));
}

TEST_F(DatabaseFileTest, APipe) {
  ASSERT_EQ(::mkfifo(database.c_str(), 0600), 0);
  EXPECT_THAT(refusal(), StartsWith("error: " + file() + " is not a regular file\n"));
}

TEST_F(DatabaseFileTest, AnotherProgramsDatabase) {
  create_if_missing(database);
  execute("PRAGMA application_id = 252006673");
  EXPECT_THAT(refusal(),
              StartsWith("error: " + file() +
                         " is a database of another program: its application id is 0x0f055111, expected 0x7278726e\n"));
  execute("PRAGMA application_id = 0");
  EXPECT_THAT(refusal(), HasSubstr("another program"));
}

TEST_F(DatabaseFileTest, ANewerSchemaIsNamed) {
  create_if_missing(database);
  execute("PRAGMA user_version = 9");
  EXPECT_THAT(refusal(),
              StartsWith("error: " + file() +
                         " has schema version 9, made by a newer rxrun; this one supports up to version 6\n"));
}

TEST_F(DatabaseFileTest, AFolderThatCannotBeMade) {
  write(folder / "file", "x");
  EXPECT_THAT(error_text([&] { Recorder{folder / "file" / "results" / "results.db"}; }),
              HasSubstr("cannot create the folder"));
}

TEST_F(DatabaseFileTest, AFileThatWasReplacedUnderAWriterIsNotCalledReadOnly) {
  for (const bool replaced : {false, true}) {
    Recorder recorder(database);
    const std::int64_t run = recorder.begin(run_record(replaced ? "a-2" : "a-1"), split_record());
    fs::rename(database, folder / (replaced ? "second.db" : "first.db"));
    if (replaced) write(database, bytes_of(folder / "first.db"));
    EXPECT_THAT(error_text([&] { recorder.epoch(run, epoch_record(1, 0.5, true)); }),
                AllOf(HasSubstr(file() + " was moved, deleted or replaced while it was being written"),
                      Not(HasSubstr("permission"))));
  }
}

TEST_F(DatabaseFileTest, WhatToDoOnAFullDiskHoldsForEveryCommand) {
  { const Recorder made(database); }
  constexpr int full = 13;  // SQLITE_FULL
  const Connection connection(database, Connection::Mode::read_write);
  EXPECT_THAT(error_text([&] { connection.fail(full); }),
              AllOf(HasSubstr("free some space and run the same command again"), Not(HasSubstr("resume"))));
}

TEST_F(DatabaseFileTest, ReadOnlyFolderAndFileAreToldBeforeTheFirstEpoch) {
  const auto as_user = [](const std::function<void()>& body) {
    return in_child([&] {
      if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) std::abort();
      body();
    });
  };
  create_if_missing(database);
  fs::permissions(folder, fs::perms(0777));
  fs::permissions(database, fs::perms(0666));
  EXPECT_EQ(as_user([&] { Recorder{database}; }), 0);
  fs::permissions(database, fs::perms(0444));
  EXPECT_EQ(as_user([&] { Recorder{database}; }), 2);
  EXPECT_EQ(as_user([&] { list_runs(database); }), 0);
  fs::permissions(database, fs::perms(0666));
  fs::permissions(folder, fs::perms(0555));
  EXPECT_EQ(as_user([&] { Recorder{database}; }), 2);
  EXPECT_EQ(as_user([&] { list_runs(database); }), 0);
  fs::remove(database);
  EXPECT_EQ(as_user([&] { Recorder{database}; }), 2);
  create_if_missing(database);
  fs::permissions(database, fs::perms(0000));
  EXPECT_EQ(as_user([&] { list_runs(database); }), 2);
}

TEST_F(DatabaseFileTest, TheSchemaSaysTheNumbersThatTheProgramKnows) {
  create_if_missing(database);
  EXPECT_EQ(one(database, "PRAGMA application_id"), std::to_string(kApplicationId));
  EXPECT_EQ(one(database, "PRAGMA user_version"), std::to_string(kSchemaVersion));
  EXPECT_EQ(one(database, "PRAGMA integrity_check"), "ok");
  EXPECT_EQ(one(database,
                "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict AND "
                "name NOT LIKE 'sqlite%'"),
            "0");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 1);
}

TEST_F(DatabaseFileTest, ManyProcessesCreateItAtOnceAndAllRecord) {
  constexpr int kProcesses = 16;
  // All wait for one lock, so that they start together.
  const int gate = ::open((folder.string() + ".gate").c_str(), O_CREAT | O_RDWR, 0600);
  ASSERT_EQ(::flock(gate, LOCK_EX), 0);
  std::vector<pid_t> children;
  children.reserve(kProcesses);
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(start_child([&, i] {
      const int mine = ::open((folder.string() + ".gate").c_str(), O_RDWR);
      ::flock(mine, LOCK_SH);
      Recorder recorder(database);
      recorder.begin(run_record("a-" + std::to_string(i)), split_record());
    }));
  }
  ::flock(gate, LOCK_UN);
  for (pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  ::close(gate);
  fs::remove(folder.string() + ".gate");
  EXPECT_EQ(one(database, "SELECT count(*) FROM runs"), std::to_string(kProcesses));
  EXPECT_EQ(one(database, "PRAGMA integrity_check"), "ok");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 2) << "and checkpoints/";
}

constexpr Migration kSteps[] = {{6, "ALTER TABLE runs ADD COLUMN extra TEXT; UPDATE runs SET extra = 'two';"},
                                {7, "CREATE TABLE later (x INTEGER) STRICT;"}};

TEST_F(DatabaseFileTest, UpgradesStepByStepAndKeepsACopy) {
  { Recorder(database).begin(run_record("a-1"), split_record()); }
  {
    Connection connection(database, Connection::Mode::read_write);
    migrate(connection, kSteps, 8);
    EXPECT_EQ(check_schema(connection, 8), 8);
    Statement note(connection, "SELECT extra, (SELECT count(*) FROM later) FROM runs");
    ASSERT_TRUE(note.step());
    EXPECT_EQ(note.text(0), "two");
  }
  const fs::path copy = folder / "results.db.v6.bak";
  ASSERT_TRUE(fs::exists(copy));
  EXPECT_EQ(one(copy, "SELECT name FROM v_runs"), "a-1");
  EXPECT_EQ(one(copy, "PRAGMA integrity_check"), "ok");
  EXPECT_THAT(error_text([&] { Recorder{database}; }), HasSubstr("schema version 8"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 3) << "and checkpoints/";
}

TEST_F(DatabaseFileTest, AFailedUpgradeChangesNothing) {
  { Recorder(database).begin(run_record("a-1"), split_record()); }
  const std::string before = bytes_of(database);
  const Migration broken[] = {kSteps[0], {7, "CREATE TABLE later (x); SELECT * FROM nowhere;"}};
  {
    Connection connection(database, Connection::Mode::read_write);
    EXPECT_THAT(error_text([&] { migrate(connection, broken, 8); }), HasSubstr("no such table: nowhere"));
    EXPECT_THAT(error_text([&] { migrate(connection, std::span(kSteps, 1), 8); }),
                HasSubstr("no upgrade to version 8 is known"));
  }
  EXPECT_EQ(bytes_of(database), before);
  EXPECT_EQ(one(database, "SELECT name FROM v_runs"), "a-1");
}

TEST_F(DatabaseFileTest, ACopyThatCannotBeKeptLeavesNothing) {
  { Recorder{database}; }
  fs::create_directories(folder / "results.db.v6.bak" / "in the way");
  Connection connection(database, Connection::Mode::read_write);
  EXPECT_THAT(error_text([&] { migrate(connection, kSteps, 8); }), HasSubstr("cannot rename"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 2);
  EXPECT_EQ(one(database, "PRAGMA user_version"), "6");
}

TEST_F(DatabaseFileTest, ManyProcessesUpgradeItOnce) {
  { Recorder(database).begin(run_record("a-1"), split_record()); }
  std::vector<pid_t> children;
  children.reserve(8);
  for (int i = 0; i < 8; ++i) {
    children.push_back(start_child([&] {
      Connection connection(database, Connection::Mode::read_write);
      migrate(connection, kSteps, 8);
    }));
  }
  for (pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(one(folder / "results.db.v6.bak", "PRAGMA user_version"), "6");
  Connection connection(database, Connection::Mode::read_write);
  EXPECT_EQ(check_schema(connection, 8), 8);
}

std::string shape_of(const fs::path& file) {
  return one(
      file,
      "SELECT group_concat(t.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk, char(10)) "
      "FROM (SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name) t, "
      "pragma_table_xinfo(t.name) c");
}

// golden/results_v1.sql is the schema as version 1 was, with a run in it.
TEST_F(DatabaseFileTest, UpgradesVersion1ToWhatANewDatabaseIs) {
  {
    std::ofstream(database).close();
    Connection connection(database, Connection::Mode::read_write);
    connection.execute(bytes_of(fs::path(RXRUN_GOLDEN) / "results_v1.sql").c_str());
  }
  { Recorder{database}; }
  const fs::path fresh = folder / "fresh.db";
  { Recorder{fresh}; }
  EXPECT_EQ(shape_of(database), shape_of(fresh));
  EXPECT_EQ(one(database, "SELECT name FROM v_runs"), "old-1");
  EXPECT_EQ(one(database, "PRAGMA user_version"), std::to_string(kSchemaVersion));
}

// golden/results_v2.sql is the schema as version 2 was, with a sweep in it.
TEST_F(DatabaseFileTest, UpgradesVersion2ToWhatANewDatabaseIs) {
  {
    std::ofstream(database).close();
    Connection connection(database, Connection::Mode::read_write);
    connection.execute(bytes_of(fs::path(RXRUN_GOLDEN) / "results_v2.sql").c_str());
  }
  { Recorder{database}; }
  const fs::path fresh = folder / "fresh.db";
  { Recorder{fresh}; }
  EXPECT_EQ(shape_of(database), shape_of(fresh));
  EXPECT_EQ(one(database, "SELECT sweep_name || ' ' || overrides FROM v_sweep"), "old-1 {}");
  EXPECT_EQ(one(database,
                "SELECT count(*) FROM sweeps w JOIN sweep_points p ON p.sweep = w.id"
                " WHERE w.search IS NULL AND p.coordinates IS NULL"),
            "1");
  EXPECT_EQ(one(database, "PRAGMA user_version"), std::to_string(kSchemaVersion));
  Connection copy(folder / "results.db.v2.bak", Connection::Mode::read_only);  // reading by query() would upgrade it
  EXPECT_EQ(check_schema(copy), 2);
}

// golden/results_v3.sql is the schema as version 3 was, with a run that a pruning rule stopped.
TEST_F(DatabaseFileTest, UpgradesVersion3ToWhatANewDatabaseIs) {
  {
    std::ofstream(database).close();
    Connection connection(database, Connection::Mode::read_write);
    connection.execute(bytes_of(fs::path(RXRUN_GOLDEN) / "results_v3.sql").c_str());
  }
  { Recorder{database}; }
  const fs::path fresh = folder / "fresh.db";
  { Recorder{fresh}; }
  EXPECT_EQ(shape_of(database), shape_of(fresh));
  const std::string index = "SELECT group_concat(name) FROM pragma_index_info('runs_finished')";
  EXPECT_EQ(one(database, index), one(fresh, index));
  EXPECT_EQ(one(database, "SELECT status || ' ' || reason FROM v_runs"),
            "pruned at epoch 2: validation_accuracy 0.5000, the better half goes on");
  EXPECT_EQ(one(database, "PRAGMA user_version"), std::to_string(kSchemaVersion));
}

// Reading asks this version's views; nobody has to know that the file is older.
TEST_F(DatabaseFileTest, ReadingUpgradesToo) {
  {
    std::ofstream(database).close();
    Connection connection(database, Connection::Mode::read_write);
    connection.execute(bytes_of(fs::path(RXRUN_GOLDEN) / "results_v1.sql").c_str());
  }
  EXPECT_EQ(cell(list_runs(database), 0, "name"), "old-1");
  EXPECT_EQ(one(database, "PRAGMA user_version"), std::to_string(kSchemaVersion));
  EXPECT_TRUE(fs::exists(folder / "results.db.v1.bak"));
}

}  // namespace
}  // namespace rxrun::testing
