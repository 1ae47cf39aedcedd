// A run is recorded in two places, its folder and results.db. The process dies before each call that changes a file, in
// the midst of each write, or the call fails; then the run goes on to its end, and both places have to say the same.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/mman.h>

#include <fstream>
#include <iterator>

#include "child.h"
#include "faulty_calls.h"
#include "history_text.h"
#include "recording/connection.h"
#include "recording/record_file.h"
#include "recording/run_rows.h"
#include "recording/tend_runs.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::Contains;

constexpr int kEpochs = 3;

fs::path quick_place() { return fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path(); }

RunEnd stopped() {
  RunEnd end = ended(RunStatus::interrupted, "stopped");
  end.best_epoch = 2;
  end.seconds = 5.0;
  return end;
}

EvaluationRecord look_at(const std::string& part) {
  EvaluationRecord evaluation = test_evaluation(0.8);
  evaluation.part = part;
  evaluation.at_end = false;
  return evaluation;
}

// The epoch from which the run would go on, for all processes: that of its checkpoint, which is no matter here.
std::int64_t& checkpoint() {
  static void* const shared =
      ::mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return *static_cast<std::int64_t*>(shared);
}

void record_epochs(Recorder& recorder, std::int64_t run, std::int64_t from) {
  for (std::int64_t epoch = from; epoch <= kEpochs; ++epoch) {
    recorder.epoch(run, epoch_record(epoch, 0.5 + 0.1 * static_cast<double>(epoch), true));
    checkpoint() = epoch;
  }
}

// Stopped once, and gone on with from an earlier epoch; looked at before its end and after it.
void live_with(const fs::path& database, const Patience& patience) {
  Recorder recorder(database, patience);
  const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
  recorder.epoch(run, epoch_record(1, 0.5, true));
  checkpoint() = 1;
  recorder.epoch(run, epoch_record(2, 0.9, true));
  recorder.end(run, stopped());
  record_evaluation(database, run, look_at("validation"));
  recorder.resume(run, 1);
  record_epochs(recorder, run, 2);
  recorder.end(run, end_record(0.9, kEpochs));
  record_evaluation(database, run, look_at("train"));
  tag_run(database, std::to_string(run), {"paper"}, {});
}

void whole_life(const fs::path& database) { live_with(database, {}); }
void patient_life(const fs::path& database) {
  live_with(database, {.longest = std::chrono::seconds(60), .pause = std::chrono::milliseconds(1)});
}

// Whatever of that is not in the database yet, as whoever runs the same commands again has it.
void rest_of_life(const fs::path& database) {
  Recorder recorder(database);
  const auto found = recorder.find("identity of a-1");
  const std::int64_t run = found ? found->id : recorder.begin(run_record("a-1"), split_record());
  if (!found || found->status != RunStatus::finished) {
    if (found) recorder.resume(run, checkpoint());
    record_epochs(recorder, run, checkpoint() + 1);
    recorder.end(run, end_record(0.9, kEpochs));
  }
  for (const std::string part : {"validation", "train"})
    if (one(database, "SELECT count(*) FROM evaluations WHERE part = '" + part + "'") == "0")
      record_evaluation(database, run, look_at(part));
  tag_run(database, std::to_string(run), {"paper"}, {});
}

// The positive control: the row and the checkpoint first, and then the folder's line.
void life_in_the_wrong_order(const fs::path& database) {
  std::int64_t run = 0;
  fs::path folder;
  {
    Recorder recorder(database);
    run = recorder.begin(run_record("a-1"), split_record());
    folder = database.parent_path() / recorder.find_run(run)->folder;
  }
  {
    Connection connection(database, Connection::Mode::read_write);
    for (int epoch = 1; epoch <= kEpochs; ++epoch) {
      Transaction transaction(connection);
      insert_epoch(connection, run, epoch_record(epoch, 0.5, true));
      update_progress(connection, run);
      transaction.commit();
      checkpoint() = epoch;
      record(folder, epoch_record(epoch, 0.5, true));
    }
  }
  Recorder(database).end(run, end_record(0.9, kEpochs));
}

RunHistory rows_of(const fs::path& database) {
  Connection connection(database, Connection::Mode::read_only);
  return history_of(connection, 1);
}

class RecordFaultsTest : public TemporaryResults {
 protected:
  using Life = void (*)(const fs::path&);

  RecordFaultsTest() : TemporaryResults(quick_place()) {
    { Recorder{database}; }
    std::ifstream file(database, std::ios::binary);
    empty_.assign(std::istreambuf_iterator<char>(file), {});
  }

  // In a process of its own, from an empty database.
  int live(Life life, CallFault fault, int at) {
    for (const auto& entry : fs::directory_iterator(folder)) fs::remove_all(entry.path());
    std::ofstream(database, std::ios::binary) << empty_;
    checkpoint() = 0;
    return in_child([&] {
      install_faulty_calls(fault, at);
      const int code = exit_code_of([&] { life(database); });
      std::ofstream made(folder / "calls");
      for (const std::string& call : calls_made()) made << call << "\n";
      made.close();
      ::_exit(code);
    });
  }

  std::vector<std::string> calls_of(Life life) {
    EXPECT_EQ(live(life, CallFault::none, 0), 0);
    std::ifstream file(folder / "calls");
    std::vector<std::string> calls;
    for (std::string line; std::getline(file, line);) calls.push_back(line);
    return calls;
  }

  fs::path run_folder() const { return folder / one(database, "SELECT folder FROM runs WHERE id = 1"); }

  // The folder can be read, and has what the run has to go on from.
  std::string fault_before_going_on() const {
    if (one(database, "SELECT count(*) FROM runs") == "0") return {};
    const RunHistory told = read_record(run_folder());
    if (std::ssize(told.epochs) < checkpoint()) return "the folder lacks epochs before the checkpoint";
    if (one(database, "SELECT status FROM runs") == "finished" && !told.end) return "the folder lacks the end";
    return {};
  }

  std::string fault_at_the_end() const {
    if (one(database,
            "SELECT count(*) || (SELECT count(*) FROM epochs) || (SELECT count(*) FROM evaluations)"
            " || (SELECT count(*) FROM tags) FROM runs WHERE status = 'finished'") != "1331")
      return "the database has not all of it, or has it twice";
    const std::string rows = text_in_common(rows_of(database)), told = text_in_common(read_record(run_folder()));
    return rows == told ? "" : "results.db says\n" + rows + "the folder says\n" + told;
  }

  std::string empty_;
};

TEST_F(RecordFaultsTest, TheCallsOfBothAreSeen) {
  const std::vector<std::string> calls = calls_of(whole_life);
  EXPECT_EQ(fault_at_the_end(), "");
  for (const char* call : {"write record.jsonl", "fsync record.jsonl", "rename record.jsonl", "rename outputs-1.jsonl",
                           "write results.db", "unlink results.db-journal", "mkdir a-1"})
    EXPECT_THAT(calls, Contains(call));
  EXPECT_THAT(calls, Contains(AnyOf("fsync results.db", "fdatasync results.db")));
}

class RecordFaultTest : public RecordFaultsTest, public ::testing::WithParamInterface<CallFault> {
 protected:
  struct Count {
    int tried = 0, failures = 0;
  };
  void try_every_call(Life life, Count& count);
};

void RecordFaultTest::try_every_call(Life life, Count& count) {
  const bool kills = GetParam() == CallFault::kill || GetParam() == CallFault::kill_half;
  const std::vector<std::string> calls = calls_of(life);
  for (std::size_t at = 1; at <= calls.size(); ++at) {
    if (calls[at - 1].starts_with("write results.db"))
      continue;  // as little as before its sync: faults_test.cpp has them
    ++count.tried;
    SCOPED_TRACE("call " + std::to_string(at) + " of " + std::to_string(calls.size()) + ": " + calls[at - 1]);
    const int code = live(life, GetParam(), static_cast<int>(at));
    if (kills)
      ASSERT_EQ(code, -SIGKILL);
    else
      ASSERT_TRUE(code == 0 || code == 1 || code == 2) << code;
    if (code != 0) ++count.failures;
    EXPECT_EQ(fault_before_going_on(), "");
    ASSERT_EQ(in_child([&] { rest_of_life(database); }), 0);
    EXPECT_EQ(fault_at_the_end(), "");
  }
}

TEST_P(RecordFaultTest, AtEveryCallBothPlacesSayTheSameOnceTheRunHasEnded) {
  Count count;
  try_every_call(whole_life, count);
  EXPECT_GT(count.failures, count.tried / 3);
}

// Who waits for a full disk fails less often, for the call that failed is made again.
TEST_P(RecordFaultTest, WithPatienceToo) {
  Count hasty, patient;
  try_every_call(patient_life, patient);
  if (GetParam() != CallFault::refuse && GetParam() != CallFault::half) return;
  try_every_call(whole_life, hasty);
  EXPECT_LT(patient.failures, hasty.failures);
}

INSTANTIATE_TEST_SUITE_P(Calls, RecordFaultTest,
                         ::testing::Values(CallFault::kill, CallFault::kill_half, CallFault::refuse, CallFault::half),
                         [](const auto& info) {
                           return info.param == CallFault::kill        ? "kill"
                                  : info.param == CallFault::kill_half ? "kill_half"
                                  : info.param == CallFault::refuse    ? "refuse"
                                                                       : "half";
                         });

TEST_F(RecordFaultsTest, TheSameHarnessFindsWhoWritesTheFolderLast) {
  const std::vector<std::string> calls = calls_of(life_in_the_wrong_order);
  int found = 0;
  for (std::size_t at = 1; at <= calls.size(); ++at) {
    if (calls[at - 1].starts_with("write results.db")) continue;
    live(life_in_the_wrong_order, CallFault::kill, static_cast<int>(at));
    if (!fault_before_going_on().empty()) ++found;
  }
  EXPECT_GT(found, 0);
}

}  // namespace
}  // namespace rxrun::testing
