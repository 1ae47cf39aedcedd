// What the disk can do to results.db: die, fill up and fail at every operation, and flipped bits.
#include <gmock/gmock.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include "child.h"
#include "faulty_disk.h"
#include "recording/connection.h"
#include "recording/merge_runs.h"
#include "recording/query.h"
#include "recording/tend_runs.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kEpochs = 3;

// In memory where that is offered: some hundred runs are killed here, and what a disk would keep of a dying process,
// memory keeps too.
fs::path quick_place() { return fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path(); }

class FaultsTest : public TemporaryResults {
 protected:
  FaultsTest() : TemporaryResults(quick_place()) {}
  void SetUp() override { Recorder{database}; }
};

// A whole run; `state` counts what was acknowledged: 1 for its beginning, then its epochs, then its end.
void run_with(Recorder& recorder, int& state) {
  const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
  state = 1;
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    recorder.epoch(run, epoch_record(epoch, 0.5 + 0.1 * epoch, true));
    ++state;
  }
  recorder.end(run, end_record(0.9, kEpochs));
  ++state;
}

void whole_run(const fs::path& database, int& state) {
  Recorder recorder(database);
  run_with(recorder, state);
}

// The disk has room again as soon as it is told to be full.
void patient_run(const fs::path& database, int& state) {
  Recorder recorder(database, {.longest = std::chrono::seconds(60),
                               .pause = std::chrono::milliseconds(1),
                               .tell = [](const std::string&) { mend_disk(); }});
  run_with(recorder, state);
}

// The positive control: the same rows without transactions.
void naive_run(const fs::path& database, int& state) {
  const std::int64_t run = Recorder(database).begin(run_record("a-1"), split_record());
  state = 1;
  Connection connection(database, Connection::Mode::read_write);
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    Statement(connection, "UPDATE runs SET epochs = ? WHERE id = ?").bind(epoch, run).run();
    Statement(connection, "INSERT INTO epochs (run, epoch, best, written) VALUES (?, ?, 0, '')").bind(run, epoch).run();
    for (const char* name :
         {"train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "validation_auc", "learning_rate"})
      Statement(connection, "INSERT INTO metrics (run, epoch, name, value) VALUES (?, ?, ?, 0.5)")
          .bind(run, epoch, name)
          .run();
    ++state;
  }
}

// What is in the database, in the terms of `state`; -1 when it is in between.
int recorded_state(const fs::path& database) {
  if (one(database, "PRAGMA integrity_check") != "ok") return -1;
  const Table runs =
      query(database,
            "SELECT status, epochs, (SELECT count(*) FROM epochs), (SELECT count(*) FROM metrics),"
            " (SELECT count(*) FROM splits), (SELECT count(*) FROM outputs), (SELECT count(*) FROM results) FROM runs");
  if (runs.rows.empty()) return one(database, "SELECT count(*) FROM params") == "0" ? 0 : -1;
  const auto number = [&](int column) {
    return std::get<std::int64_t>(runs.rows[0][static_cast<std::size_t>(column)]);
  };
  const std::int64_t epochs = number(1);
  const bool finished = runs.rows[0][0] == Value("finished");
  if (number(2) != epochs || number(3) != 6 * epochs || number(4) != 3) return -1;
  if (finished != (number(5) == 1) || finished != (number(6) == 10)) return -1;
  return static_cast<int>(1 + epochs + (finished ? 1 : 0));
}

struct Shared {
  int acknowledged = 0;
  int operations = 0;
};

// Runs `body` in a child whose disk has that fault; what it had acknowledged comes back through a pipe.
int run_on_faulty_disk(DiskFault fault, int at, const fs::path& database, void (*body)(const fs::path&, int&),
                       Shared& shared, const std::function<void()>& afterwards = {}) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return kForeignException;
  const pid_t child = start_child([&] {
    install_faulty_disk(fault, at);
    Shared mine;
    const int code = exit_code_of([&] { body(database, mine.acknowledged); });
    mine.operations = disk_operations();
    if (afterwards) {
      mend_disk();
      afterwards();
    }
    if (::write(pipe_ends[1], &mine, sizeof mine) != sizeof mine) throw std::runtime_error("pipe");
    ::_exit(code);
  });
  ::close(pipe_ends[1]);
  const bool told = ::read(pipe_ends[0], &shared, sizeof shared) == sizeof shared;
  ::close(pipe_ends[0]);
  const int code = wait_for(child);
  if (!told && code >= 0) ADD_FAILURE() << "the child ended with " << code << " before it could tell";
  return code;
}

int operations_of(const fs::path& database, void (*body)(const fs::path&, int&)) {
  Shared shared;
  EXPECT_EQ(run_on_faulty_disk(DiskFault::none, 0, database, body, shared), 0);
  EXPECT_GT(shared.operations, 20);
  return shared.operations;
}

// Copies of an empty database are cheap; each attempt starts from one.
void start_over(const fs::path& database, const std::string& empty) {
  fs::remove(database.string() + "-journal");
  std::ofstream(database, std::ios::binary | std::ios::trunc) << empty;
}

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(FaultsTest, KilledAtEveryOperationTheRunIsAsItWasOrAsItIs) {
  const std::string empty = bytes_of(database);
  const int operations = operations_of(database, whole_run);
  EXPECT_EQ(recorded_state(database), kEpochs + 2);
  int previous = 0;
  for (int at = 1; at <= operations; ++at) {
    start_over(database, empty);
    Shared shared;
    ASSERT_EQ(run_on_faulty_disk(DiskFault::kill, at, database, whole_run, shared), -SIGKILL) << at;
    const int state = recorded_state(database);
    // The later it dies, the more is there: nothing that was acknowledged is ever lost.
    ASSERT_GE(state, previous) << "killed at operation " << at << " of " << operations;
    previous = state;
  }
  EXPECT_GE(previous, kEpochs + 1);
}

TEST_F(FaultsTest, TheSameHarnessFindsANaiveWriter) {
  const std::string empty = bytes_of(database);
  const int operations = operations_of(database, naive_run);
  int between = 0;
  for (int at = 1; at <= operations; at += 3) {
    start_over(database, empty);
    Shared shared;
    run_on_faulty_disk(DiskFault::kill, at, database, naive_run, shared);
    if (recorded_state(database) < 0) ++between;
  }
  EXPECT_GT(between, 0);
}

class FailingDiskTest : public FaultsTest, public ::testing::WithParamInterface<DiskFault> {};

TEST_P(FailingDiskTest, AtEveryOperationItIsAnErrorAndTheRunGoesOnOnceMended) {
  const std::string empty = bytes_of(database);
  const int operations = operations_of(database, whole_run);
  int failures = 0;
  for (int at = 1; at <= operations; ++at) {
    start_over(database, empty);
    Shared shared;
    const int code = run_on_faulty_disk(GetParam(), at, database, whole_run, shared, [&] {
      // The same process, with room again: it finds its run and ends it.
      Recorder recorder(database);
      const auto run = recorder.find("identity of a-1");
      if (!run || run->status == RunStatus::finished) return;
      recorder.resume(run->id, run->epochs);
      for (std::int64_t epoch = run->epochs + 1; epoch <= kEpochs; ++epoch)
        recorder.epoch(run->id, epoch_record(epoch, 0.9, true));
      recorder.end(run->id, end_record(0.9, kEpochs));
    });
    ASSERT_TRUE(code == 0 || code == 1 || code == 2) << "operation " << at << ": " << code;
    if (code != 0) ++failures;
    const int state = recorded_state(database);
    ASSERT_TRUE(state == kEpochs + 2 || (state == 0 && shared.acknowledged == 0))
        << "operation " << at << ": " << state;
  }
  EXPECT_GT(failures, operations / 3);
}

INSTANTIATE_TEST_SUITE_P(Disks, FailingDiskTest,
                         ::testing::Values(DiskFault::full, DiskFault::write_error, DiskFault::sync_error),
                         [](const auto& info) {
                           return info.param == DiskFault::full          ? "full"
                                  : info.param == DiskFault::write_error ? "write_error"
                                                                         : "sync_error";
                         });

TEST_F(FaultsTest, FullForAWhileFromAnyOperationOnARunThatHasBegunEndsAllTheSame) {
  const std::string empty = bytes_of(database);
  const int operations = operations_of(database, patient_run);
  int ended = 0;
  for (int at = 1; at <= operations; ++at) {
    start_over(database, empty);
    Shared shared;
    const int code = run_on_faulty_disk(DiskFault::full, at, database, patient_run, shared);
    const int state = recorded_state(database);
    if (code == 0) ++ended;
    ASSERT_TRUE(code == 0 ? state == kEpochs + 2 : state == 0 && shared.acknowledged == 0)
        << "operation " << at << ": " << code << ", " << state;
  }
  EXPECT_GT(ended, operations / 2);
}

// ---- the kernel's own limits ----

void fill_up(const fs::path& database, int& epochs) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
  for (epochs = 0; epochs < 100'000; ++epochs) {
    EpochRecord epoch = epoch_record(epochs + 1, 0.5, true);
    for (int i = 0; i < 200; ++i) epoch.metrics["test_metric_of_a_long_name_" + std::to_string(i)] = i;
    recorder.epoch(run, epoch);
  }
}

TEST_F(FaultsTest, AFileSizeLimitIsToldWithPathAndCause) {
  const int code = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{300'000, 300'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int epochs = 0;
    const std::string text = error_text([&] { fill_up(database, epochs); });
    if (text.find(database.string()) == std::string::npos || text.find("File too large") == std::string::npos ||
        epochs < 2) {
      std::fputs(text.c_str(), stderr);
      throw std::runtime_error("the message");
    }
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(one(database, "PRAGMA integrity_check"), "ok");
  EXPECT_GT(std::stoi(one(database, "SELECT epochs FROM v_runs")), 2);
}

TEST_F(FaultsTest, AFullFileSystemIsToldAndWhatWasThereStays) {
  const int code = in_child([&] {
    // A mount of its own is seen by this child only. Without the right to make one there is nothing to try.
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", folder.c_str(), "tmpfs", 0, "size=1m") != 0)
      ::_exit(77);
    int epochs = 0;
    const std::string text = error_text([&] { fill_up(database, epochs); });
    const bool named =
        text.find("cannot write " + database.string()) != std::string::npos && text.find("full") != std::string::npos;
    const bool intact = one(database, "PRAGMA integrity_check") == "ok" &&
                        one(database, "SELECT epochs FROM v_runs") == std::to_string(epochs);
    if (!named || !intact || epochs < 2) {
      std::fputs(text.c_str(), stderr);
      throw std::runtime_error("the message or the file");
    }
  });
  if (code == 77) GTEST_SKIP() << "no right to mount";
  EXPECT_EQ(code, 0);
}

// ---- flipped bits ----

TEST_F(FaultsTest, ADamagedFileIsAnErrorNeverASignal) {
  {
    Recorder recorder(database);
    for (int i = 0; i < 20; ++i) {
      const std::int64_t run = recorder.begin(run_record("a-" + std::to_string(i)), split_record());
      recorder.epoch(run, epoch_record(1, 0.5, true));
      recorder.end(run, end_record(0.8, 1));
    }
  }
  const std::string intact = bytes_of(database);
  std::mt19937 random(11);
  int told = 0;
  for (int mutant = 0; mutant < 200; ++mutant) {
    std::string bytes = intact;
    const bool cut_short = mutant % 10 == 9;
    if (cut_short) {
      bytes.resize(random() % bytes.size());
    } else {
      // Half of them within the first pages, where headers and the schema lie.
      const std::size_t reach = mutant % 2 == 0 ? std::size_t{3} * 4096 : bytes.size();
      for (int flip = 0; flip < 1 + mutant % 5; ++flip)
        bytes[random() % reach] ^= static_cast<char>(1 << (random() % 8));
    }
    start_over(database, bytes);
    fs::remove_all(folder / "copy");
    const int code = in_child([&] {
      ::alarm(60);
      int worst = exit_code_of([&] { render(list_runs(database), TableFormat::text); });
      worst =
          std::max(worst, exit_code_of([&] { render(best_runs(database, "test_accuracy", 10), TableFormat::json); }));
      worst = std::max(worst, exit_code_of([&] { show_run(database, "3"); }));
      worst = std::max(worst, exit_code_of([&] { query(database, "SELECT * FROM v_leaderboard"); }));
      worst = std::max(worst, exit_code_of([&] { query(database, "SELECT * FROM v_curves"); }));
      worst = std::max(worst, exit_code_of([&] { query(database, "SELECT * FROM v_paired LIMIT 50"); }));
      worst = std::max(worst, exit_code_of([&] { query(database, "SELECT * FROM v_pareto"); }));
      worst = std::max(worst, exit_code_of([&] { list_runs(database, {.where = {"cardinality=32", "tag!=x"}}); }));
      worst = std::max(worst, exit_code_of([&] { seed_values(database, "test_accuracy", {"cardinality"}, {}); }));
      worst = std::max(worst, exit_code_of([&] { compare_runs(database, {"3", "4", "20"}); }));
      worst = std::max(worst, exit_code_of([&] { merge_runs(database, folder / "copy" / "results.db", {"3", "20"}); }));
      worst = std::max(worst, exit_code_of([&] {
                         Recorder recorder(database);
                         const std::int64_t run = recorder.begin(run_record("b-1"), split_record());
                         recorder.epoch(run, epoch_record(1, 0.5, true));
                         recorder.end(run, end_record(0.5, 1));
                       }));
      worst = std::max(worst, exit_code_of([&] { remove_runs(database, {"5"}, false); }));
      ::_exit(worst);
    });
    EXPECT_TRUE(code == 0 || code == 1 || code == 2) << "mutant " << mutant << ": " << code;
    if (cut_short) {
      EXPECT_NE(code, 0) << "mutant " << mutant << " lost its end and nobody noticed";
    } else if (code != 0) {
      ++told;
    }
  }
  // Pages have no checksums: a bit that flips within a value or in free space cannot be seen. Those in structures are.
  EXPECT_GT(told, 5);
}

}  // namespace
}  // namespace rxrun::testing
