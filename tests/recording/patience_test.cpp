// A results.db that cannot be written for a while: a run that has begun goes on, and its rows follow.
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>

#include <fstream>
#include <thread>

#include "child.h"
#include "faulty_disk.h"
#include "recording/connection.h"
#include "recording/record_file.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Reads on and on, and so keeps every writer from its commit.
class LongReader {
 public:
  explicit LongReader(const std::filesystem::path& database)
      : connection_(std::make_unique<Connection>(database, Connection::Mode::read_only)) {
    connection_->begin_reading();
  }
  void go() { connection_.reset(); }

 private:
  std::unique_ptr<Connection> connection_;
};

class PatienceTest : public TemporaryResults {
 protected:
  Patience patience(milliseconds longest = milliseconds(2000)) {
    return {.longest = longest,
            .pause = milliseconds(20),
            .tell = [this](const std::string& text) { told.push_back(text); },
            .stop = [this] { return stop; }};
  }
  std::size_t epochs_in_the_folder() const { return read_record(folder / "checkpoints/a-1").epochs.size(); }
  std::string epochs() const { return one(database, "SELECT count(*) FROM epochs"); }

  std::vector<std::string> told;
  bool stop = false;
};

TEST_F(PatienceTest, AReaderWhoStaysHoldsNoTrainingUp) {
  Recorder recorder(database, patience(milliseconds(300)));
  const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
  LongReader reader(database);
  recorder.epoch(run, epoch_record(1, 0.5, true));
  recorder.epoch(run, epoch_record(2, 0.6, true));
  recorder.confirm(run);
  EXPECT_TRUE(recorder.is_behind());
  EXPECT_EQ(epochs_in_the_folder(), 2u);
  EXPECT_EQ(epochs(), "0");
  EXPECT_THAT(told, ElementsAre(::testing::AllOf(HasSubstr("locked by another process for more than 0.3 s"),
                                                 HasSubstr("checkpoints/a-1/record.jsonl has its epochs"))));
  reader.go();
  recorder.confirm(run);
  EXPECT_FALSE(recorder.is_behind());
  EXPECT_EQ(epochs(), "2");
  EXPECT_EQ(one(database, "SELECT epochs || best_epoch FROM runs"), "22");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_THAT(told[1], HasSubstr("has the 2 epochs that were kept back"));
  recorder.epoch(run, epoch_record(3, 0.7, true));
  recorder.end(run, end_record(0.9, 3));
  EXPECT_EQ(one(database, "SELECT status || (SELECT group_concat(epoch) FROM epochs) FROM runs"), "finished1,2,3");
  EXPECT_EQ(told.size(), 2u);
}

TEST_F(PatienceTest, AnotherWriterWhoStaysDoesNotEither) {
  Recorder recorder(database, patience(milliseconds(300)));
  const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
  Connection other(database, Connection::Mode::read_write);
  std::optional<Transaction> writing(std::in_place, other);
  recorder.epoch(run, epoch_record(1, 0.5, true));
  EXPECT_EQ(epochs_in_the_folder(), 1u);
  writing.reset();
  recorder.confirm(run);
  EXPECT_EQ(epochs(), "1");
}

// To try at each epoch would take longer than short epochs do.
TEST_F(PatienceTest, ShortEpochsAreNotSlowedDown) {
  Recorder recorder(database, patience(milliseconds(3000)));
  const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
  LongReader reader(database);
  recorder.epoch(run, epoch_record(1, 0.5, true));
  const auto began = std::chrono::steady_clock::now();
  for (int epoch = 2; epoch <= 20; ++epoch) recorder.epoch(run, epoch_record(epoch, 0.5, true));
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(2500)) << "nineteen tries take 250 ms each";
  EXPECT_EQ(epochs_in_the_folder(), 20u);
  reader.go();
  recorder.end(run, end_record(0.9, 1));
  EXPECT_EQ(epochs(), "20");
}

TEST_F(PatienceTest, AFullDatabaseDoesNotEither) {
  ASSERT_EQ(in_child([&] {
              install_faulty_disk(DiskFault::full, 1 << 30);
              Recorder recorder(database, patience());
              const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
              install_faulty_disk(DiskFault::full, 1);
              recorder.epoch(run, epoch_record(1, 0.5, true));
              recorder.epoch(run, epoch_record(2, 0.6, true));
              if (told.size() != 1 || told[0].find("cannot write") == std::string::npos || epochs() != "0")
                throw std::runtime_error(told.empty() ? "nothing told" : told[0]);
              mend_disk();
              recorder.end(run, end_record(0.9, 2));
            }),
            0);
  EXPECT_EQ(one(database, "SELECT status || epochs || (SELECT count(*) FROM outputs) FROM runs"), "finished21");
}

TEST_F(PatienceTest, KilledWhileItKeepsEpochsBackItHasThemWhenItGoesOn) {
  LongReader* reader = nullptr;
  EXPECT_EQ(in_child([&] {
              Recorder recorder(database, patience(milliseconds(100)));
              const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
              recorder.epoch(run, epoch_record(1, 0.5, true));
              reader = new LongReader(database);
              recorder.epoch(run, epoch_record(2, 0.6, false));
              recorder.epoch(run, epoch_record(3, 0.7, true));
              ::_exit(recorder.is_behind() ? 0 : 1);
            }),
            0);
  EXPECT_EQ(epochs(), "1");
  Recorder recorder(database);
  recorder.resume(1, 3);
  EXPECT_EQ(one(database, "SELECT group_concat(epoch || ':' || best) FROM epochs"), "1:1,2:0,3:1");
  EXPECT_EQ(one(database, "SELECT value FROM results WHERE name = 'validation_accuracy'"), "0.7");
  recorder.epoch(1, epoch_record(4, 0.5, false));
  recorder.end(1, end_record(0.9, 3));
  EXPECT_EQ(epochs_in_the_folder(), 4u);
}

TEST_F(PatienceTest, TheEndWaits) {
  Recorder recorder(database, patience(milliseconds(20'000)));
  const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
  LongReader reader(database);
  std::thread later([&reader] {
    std::this_thread::sleep_for(milliseconds(300));
    reader.go();
  });
  recorder.end(run, end_record(0.9, 0));
  later.join();
  EXPECT_EQ(one(database, "SELECT status FROM runs"), "finished");
}

TEST_F(PatienceTest, TheEndGivesUpAndLeavesTheRunToBeContinued) {
  EXPECT_EQ(in_child([&] {
              Recorder recorder(database, patience(milliseconds(200)));
              const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
              recorder.epoch(run, epoch_record(1, 0.5, true));
              LongReader reader(database);
              recorder.end(run, end_record(0.9, 1));
            }),
            75);
  EXPECT_FALSE(read_record(folder / "checkpoints/a-1").end) << "what is no row is no line";
  Recorder recorder(database);
  recorder.resume(1, 1);
  recorder.end(1, end_record(0.9, 1));
  EXPECT_EQ(one(database, "SELECT status FROM runs"), "finished");
}

TEST_F(PatienceTest, WhoStopsItIsNotToWait) {
  EXPECT_EQ(in_child([&] {
              Recorder recorder(database, patience(milliseconds(100)));
              const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
              LongReader reader(database);
              recorder.end(run, ended(RunStatus::interrupted, "stopped by signal 15"));
              if (told.size() != 1 || told[0].find("counts as interrupted") == std::string::npos)
                throw std::runtime_error("not told");
            }),
            0);
  EXPECT_EQ(cell(list_runs(database), 0, "status"), "interrupted");
}

TEST_F(PatienceTest, AFolderOnAFullDiskIsWaitedFor) {
  const int code = in_child([&] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", folder.c_str(), "tmpfs", 0, "size=2m") != 0)
      ::_exit(77);
    Recorder recorder(database, patience(milliseconds(20'000)));
    const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
    recorder.epoch(run, epoch_record(1, 0.5, true));
    const std::filesystem::path filler = folder / "filler";
    const std::string block(4096, 'x');
    std::ofstream fill(filler);
    while (fill.write(block.data(), 4096).flush()) {
    }
    EpochRecord large = epoch_record(2, 0.6, true);  // a line longer than what its last block has room for
    for (int i = 0; i < 500; ++i) large.metrics["a_metric_of_a_long_name_" + std::to_string(i)] = i;
    std::thread later([&] {
      std::this_thread::sleep_for(milliseconds(300));
      std::filesystem::resize_file(filler, 0);
    });
    recorder.epoch(run, large);
    later.join();
    recorder.end(run, end_record(0.9, 2));
    if (told.empty() || told[0].find("record.jsonl: No space left on device; waiting, for 20 s") == std::string::npos ||
        epochs() != "2" || epochs_in_the_folder() != 2)
      throw std::runtime_error(told.empty() ? "nothing told" : told[0]);
  });
  if (code == 77) GTEST_SKIP() << "no right to mount";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace rxrun::testing
