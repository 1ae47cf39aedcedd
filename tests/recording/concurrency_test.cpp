// Several processes on one results.db, some of which die.
#include <gmock/gmock.h>
#include <signal.h>

#include <chrono>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "child.h"
#include "recording/connection.h"
#include "recording/process.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using ::testing::HasSubstr;

class ConcurrencyTest : public TemporaryResults {};

TEST_F(ConcurrencyTest, EightWritersLoseNothing) {
  constexpr int kProcesses = 8, kEpochs = 50;
  std::vector<pid_t> children;
  children.reserve(kProcesses);
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(start_child([&, i] {
      Recorder recorder(database);
      const std::int64_t run = recorder.begin(run_record("a-" + std::to_string(i)), split_record());
      for (int epoch = 1; epoch <= kEpochs; ++epoch)
        recorder.epoch(run, epoch_record(epoch, 0.5 + epoch * 0.001, true));
      recorder.end(run, end_record(0.8, kEpochs));
    }));
  }
  // Readers beside them never see half a transaction.
  while (!std::filesystem::exists(database)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(one(database,
                  "SELECT count(*) FROM epochs e WHERE 6 <> (SELECT count(*) FROM metrics m WHERE m.run = e.run AND "
                  "m.epoch = e.epoch)"),
              "0");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  for (pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(one(database, "SELECT count(*) FROM v_best WHERE epochs = 50 AND best_epoch = 50"), "8");
  EXPECT_EQ(one(database, "SELECT count(*) FROM v_curves WHERE validation_accuracy IS NOT NULL"),
            std::to_string(kProcesses * kEpochs));
  EXPECT_EQ(one(database, "SELECT count(DISTINCT split_run) FROM runs"), "1");
  EXPECT_EQ(one(database, "PRAGMA integrity_check"), "ok");
}

// ---- kill -9 at a random time ----

using Writer = std::function<void(const std::filesystem::path&, const std::string& name, int acknowledge)>;

void record_until_killed(const std::filesystem::path& database, const std::string& name, int acknowledge) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record(name), split_record());
  for (int epoch = 1; epoch < 10'000; ++epoch) {
    recorder.epoch(run, epoch_record(epoch, 0.5, epoch == 1));
    if (::write(acknowledge, "x", 1) != 1) return;
  }
}

// The positive control: a writer without a transaction an epoch.
void record_naively(const std::filesystem::path& database, const std::string& name, int acknowledge) {
  std::int64_t run = 0;
  run = Recorder(database).begin(run_record(name), split_record());
  Connection connection(database, Connection::Mode::read_write);
  Statement progress(connection, "UPDATE runs SET epochs = ? WHERE id = ?");
  Statement row(connection, "INSERT INTO epochs (run, epoch, best, written) VALUES (?, ?, 0, '')");
  Statement metric(connection, "INSERT INTO metrics (run, epoch, name, value) VALUES (?, ?, ?, 0.5)");
  for (int epoch = 1; epoch < 10'000; ++epoch) {
    progress.bind(epoch, run).run();
    row.bind(run, epoch).run();
    for (const char* name_of_metric :
         {"train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "validation_auc"})
      metric.bind(run, epoch, name_of_metric).run();
    if (::write(acknowledge, "x", 1) != 1) return;
  }
}

// Kills `writer` again and again; returns what is wrong with the database then, one line a fault.
std::vector<std::string> faults_after_kills(const std::filesystem::path& database, const Writer& writer, int kills,
                                            int& epochs_in_all) {
  std::mt19937 random(7);
  std::vector<std::string> faults;
  epochs_in_all = 0;
  for (int kill_number = 0; kill_number < kills; ++kill_number) {
    int pipe_ends[2];
    if (::pipe(pipe_ends) != 0) return {"no pipe"};
    const std::string name = "a-" + std::to_string(kill_number);
    const pid_t child = start_child([&] { writer(database, name, pipe_ends[1]); });
    ::close(pipe_ends[1]);
    char acknowledged = 0;
    int acknowledgements = 0;
    // Some die before their first epoch, most within a later one: at any point of the time that an epoch takes here and
    // now.
    const int wanted = static_cast<int>(random() % 4);
    auto last = std::chrono::steady_clock::now();
    std::chrono::microseconds pause{20'000};
    while (acknowledgements < wanted && ::read(pipe_ends[0], &acknowledged, 1) == 1) {
      ++acknowledgements;
      const auto now = std::chrono::steady_clock::now();
      if (acknowledgements > 1) pause = std::chrono::duration_cast<std::chrono::microseconds>(now - last);
      last = now;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % static_cast<unsigned>(pause.count() + 1)));
    ::kill(child, SIGKILL);
    if (wait_for(child) != -SIGKILL) faults.push_back(name + ": ended by itself");
    while (::read(pipe_ends[0], &acknowledged, 1) == 1) ++acknowledgements;
    ::close(pipe_ends[0]);
    if (!std::filesystem::exists(database)) {
      if (acknowledgements > 0) faults.push_back(name + ": no database");
      continue;
    }
    if (one(database, "PRAGMA integrity_check") != "ok") faults.push_back(name + ": not intact");
    const Table runs = query(database,
                             "SELECT epochs, (SELECT count(*) FROM epochs WHERE run = r.id), (SELECT "
                             "coalesce(max(epoch), 0) FROM epochs WHERE run = r.id),"
                             " (SELECT count(*) FROM metrics WHERE run = r.id) FROM runs r WHERE name = ?",
                             {name});
    const std::int64_t recorded = runs.rows.empty() ? 0 : std::get<std::int64_t>(runs.rows[0][1]);
    epochs_in_all += static_cast<int>(recorded);
    if (recorded < acknowledgements) faults.push_back(name + ": an acknowledged epoch is lost");
    if (runs.rows.empty()) continue;
    if (runs.rows[0] != std::vector<Value>{recorded, recorded, recorded, 6 * recorded})
      faults.push_back(name + ": half an epoch");
  }
  return faults;
}

TEST_F(ConcurrencyTest, KilledAtAnyTimeNothingIsLostOrHalf) {
  int epochs = 0;
  EXPECT_THAT(faults_after_kills(database, record_until_killed, 25, epochs), ::testing::IsEmpty());
  EXPECT_GT(epochs, 10);
  EXPECT_EQ(query(database, "SELECT 1").rows.size(), 1u);
  for (const auto& row : list_runs(database).rows) EXPECT_EQ(row[3], Value("interrupted"));
}

TEST_F(ConcurrencyTest, TheSameHarnessFindsANaiveWriter) {
  int epochs = 0;
  EXPECT_THAT(faults_after_kills(database, record_naively, 12, epochs),
              ::testing::Contains(HasSubstr("half an epoch")));
}

// ---- whose run it is ----

TEST_F(ConcurrencyTest, ARunWhoseProcessIsGoneIsInterruptedAndCanBeTakenOver) {
  EXPECT_EQ(in_child([&] {
              Recorder recorder(database);
              recorder.epoch(recorder.begin(run_record("a-1"), {}), epoch_record(1, 0.5, true));
            }),
            0);
  EXPECT_EQ(one(database, "SELECT status FROM v_runs"), "running");  // plain SQL cannot know
  EXPECT_EQ(cell(list_runs(database), 0, "status"), "interrupted");
  EXPECT_EQ(cell(show_run(database, "1").facts, 0, "status"), "interrupted");
  Recorder recorder(database);
  EXPECT_EQ(recorder.find("identity of a-1")->status, RunStatus::interrupted);
  recorder.resume(1, 1);
  EXPECT_EQ(cell(list_runs(database), 0, "status"), "running");
  recorder.epoch(1, epoch_record(2, 0.6, true));
  EXPECT_EQ(one(database, "SELECT epochs FROM v_runs"), "2");
}

TEST_F(ConcurrencyTest, TheNextRunTellsPlainSqlOfThoseThatAreGone) {
  EXPECT_EQ(in_child([&] { Recorder(database).begin(run_record("a-1"), {}); }), 0);
  Recorder(database).begin(run_record("a-2"), {});
  EXPECT_EQ(one(database, "SELECT group_concat(status) FROM (SELECT status FROM v_runs ORDER BY run)"),
            "interrupted,running");
}

TEST_F(ConcurrencyTest, ALivingProcessKeepsItsRun) {
  int ready[2], done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = start_child([&] {
    ::close(done[1]);
    Recorder recorder(database);
    recorder.begin(run_record("a-1"), {});
    char byte = 'x';
    if (::write(ready[1], &byte, 1) == 1 && ::read(done[0], &byte, 1) >= 0)
      recorder.epoch(1, epoch_record(1, 0.5, true));
  });
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  {
    Recorder recorder(database);
    EXPECT_EQ(recorder.find("identity of a-1")->status, RunStatus::running);
    for (const auto& attempt : std::vector<std::function<void()>>{
             [&] { recorder.resume(1, 0); }, [&] { recorder.epoch(1, epoch_record(1, 0.5, true)); },
             [&] { recorder.end(1, end_record(0.5, 1)); }}) {
      EXPECT_THAT(error_text(attempt), HasSubstr("run 1 belongs to process " + std::to_string(child)));
      EXPECT_EQ(exit_code_of(attempt), 75);
    }
  }
  ::close(done[1]);
  EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(one(database, "SELECT epochs FROM v_runs"), "1");
}

// ---- a host that cannot be looked at from here ----

class OtherHost : public TemporaryResults {
 protected:
  // Run 1 of this identity, as another host left it so long ago.
  void left_running(const std::string& ago) {
    ASSERT_EQ(in_child([&] {
                Recorder recorder(database);
                recorder.epoch(recorder.begin(run_record("a-1"), split_record()), epoch_record(1, 0.5, true));
              }),
              0);
    silent_for(ago);
  }
  void silent_for(const std::string& ago) {
    Connection connection(database, Connection::Mode::read_write);
    Statement(connection,
              "UPDATE runs SET host = 'elsewhere', heartbeat = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', ?) WHERE id = 1")
        .bind(ago)
        .run();
  }
  static RunRecord same_again() {
    RunRecord record = run_record("a-1-2");
    record.identity = "identity of a-1";
    return record;
  }
};

TEST_F(OtherHost, KeepsItsRunAsLongAsItIsHeardOf) {
  left_running("-4 minutes");
  Recorder recorder(database);
  EXPECT_EQ(recorder.find("identity of a-1")->status, RunStatus::running);
  EXPECT_EQ(cell(list_runs(database), 0, "status"), "running");
  EXPECT_EQ(exit_code_of([&] { recorder.begin(same_again(), split_record()); }), 75);
  EXPECT_EQ(exit_code_of([&] { recorder.resume(1, 1); }), 75);
}

TEST_F(OtherHost, LosesItsRunWhenNothingIsHeardOfItAnyMore) {
  left_running("-6 minutes");
  Recorder recorder(database);
  EXPECT_EQ(recorder.find("identity of a-1")->status, RunStatus::interrupted);
  EXPECT_EQ(cell(list_runs(database), 0, "status"), "interrupted");
  EXPECT_NO_THROW(recorder.begin(same_again(), split_record()));
  EXPECT_EQ(one(database, "SELECT status || ': ' || reason FROM runs WHERE id = 1"),
            "interrupted: no heartbeat from elsewhere any more");
  EXPECT_NO_THROW(recorder.resume(1, 1));
}

TEST_F(OtherHost, AConfirmedRunIsHeardOf) {
  Recorder recorder(database);
  recorder.begin(run_record("a-1"), split_record());
  const auto silent = [&] {
    return one(database, "SELECT (julianday('now') - julianday(heartbeat)) * 1440 > 1 FROM runs");
  };
  Connection(database, Connection::Mode::read_write)
      .execute("UPDATE runs SET heartbeat = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-6 minutes')");
  EXPECT_EQ(silent(), "1");
  recorder.confirm(1);
  EXPECT_EQ(silent(), "0");
  silent_for("-1 minutes");
  EXPECT_EQ(exit_code_of([&] { recorder.confirm(1); }), 75) << "another has it";
}

TEST_F(OtherHost, AHeartbeatThatIsNoTimeTakesNothingFromAnybody) {
  left_running("-6 minutes");
  Connection(database, Connection::Mode::read_write).execute("UPDATE runs SET heartbeat = 'yesterday'");
  EXPECT_EQ(Recorder(database).find("identity of a-1")->status, RunStatus::running);
}

TEST(ProcessTest, GoneMeansCertainlyGone) {
  const ProcessIdentity here = this_process();
  EXPECT_FALSE(is_gone(here));
  EXPECT_GT(here.start, 0);
  ProcessIdentity other = here;
  other.start += 1;  // the pid is used again
  EXPECT_TRUE(is_gone(other));
  other = here;
  other.boot_id = "before the machine was restarted";
  EXPECT_TRUE(is_gone(other));
  other = here;
  other.host = "another";
  other.pid = 1 << 30;
  EXPECT_FALSE(is_gone(other)) << "nobody can tell from here";
  other = here;
  other.pid_namespace = "pid:[1]";
  other.pid = 1 << 30;
  EXPECT_FALSE(is_gone(other)) << "a container counts for itself";
  other = here;
  other.pid = 1 << 30;
  EXPECT_TRUE(is_gone(other));
}

TEST(ProcessTest, AZombieIsGone) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const ProcessIdentity mine = this_process();
    const bool sent = ::write(pipe_ends[1], &mine.start, sizeof mine.start) == sizeof mine.start;
    ::_exit(sent ? 0 : 1);
  }
  ProcessIdentity zombie = this_process();
  zombie.pid = child;
  ASSERT_EQ(::read(pipe_ends[0], &zombie.start, sizeof zombie.start), static_cast<ssize_t>(sizeof zombie.start));
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(is_gone(zombie));
  EXPECT_EQ(wait_for(child), 0);
}

}  // namespace
}  // namespace rxrun::testing
