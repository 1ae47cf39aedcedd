// Eight processes that write epochs into one database, as a machine full of short experiments would, for as long as
// RXRUN_TEST_SECONDS says (60): no lock error, nothing lost, the file intact.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <iterator>
#include <limits>
#include <vector>

#include "child.h"
#include "recording/connection.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int kWriters = 8;
constexpr std::int64_t kEpochsOfARun = 200;

Seconds duration_of_test() {
  const char* wanted = std::getenv("RXRUN_TEST_SECONDS");
  return Seconds(wanted ? std::strtod(wanted, nullptr) : 60.0);
}

// What a writer was told that it has written, sent to the test through a pipe.
struct Tally {
  std::int64_t runs = 0, epochs = 0, transactions = 0;
  double longest = 0.0;  // seconds that one transaction took, waiting included
};

class Writer {
 public:
  Writer(const std::filesystem::path& database, int number) : recorder_(database), number_(number) {}

  // Run after run, each from begin to end.
  Tally write_until(Clock::time_point end) {
    while (Clock::now() < end) {
      const std::string name = "a-" + std::to_string(number_) + "-" + std::to_string(++tally_.runs);
      std::int64_t run = 0, epoch = 0;
      timed([&] { run = recorder_.begin(run_record(name), split_record()); });
      while (epoch < kEpochsOfARun && Clock::now() < end) {
        ++epoch;
        timed([&] { recorder_.epoch(run, epoch_record(epoch, 0.5 + 0.001 * static_cast<double>(epoch), true)); });
      }
      tally_.epochs += epoch;
      timed([&] { recorder_.end(run, end_record(0.8, epoch)); });
    }
    return tally_;
  }

 private:
  template <typename Transaction>
  void timed(const Transaction& transaction) {
    const Clock::time_point began = Clock::now();
    transaction();
    tally_.longest = std::max(tally_.longest, Seconds(Clock::now() - began).count());
    ++tally_.transactions;
  }

  Recorder recorder_;
  const int number_;
  Tally tally_;
};

class ManyWriters : public TemporaryResults {};

TEST_F(ManyWriters, LoseNothingHoweverLong) {
  const Seconds duration = duration_of_test();
  const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(duration);
  struct Child {
    pid_t process;
    int tally;
  };
  std::vector<Child> children;
  for (int i = 0; i < kWriters; ++i) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t process = start_child([&] {
      const Tally tally = Writer(database, i).write_until(end);
      if (::write(ends[1], &tally, sizeof tally) != sizeof tally) throw std::runtime_error("pipe");
    });
    ::close(ends[1]);
    children.push_back({process, ends[0]});
  }
  // Somebody looks at the results meanwhile.
  std::int64_t looks = 0;
  while (Clock::now() < end) {
    if (std::filesystem::exists(database)) {
      const std::string halves =
          one(database,
              "SELECT count(*) FROM epochs e WHERE run > (SELECT max(id) - 8 FROM runs) AND 6 <> (SELECT count(*)"
              " FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch)");
      ASSERT_EQ(halves, "0") << "half an epoch was seen";
      ++looks;
    }
    ::usleep(250'000);
  }
  Tally all;
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  for (const Child& child : children) {
    Tally one;
    EXPECT_EQ(::read(child.tally, &one, sizeof one), static_cast<ssize_t>(sizeof one)) << "a writer gave up";
    ::close(child.tally);
    EXPECT_EQ(wait_for(child.process), 0);
    fewest = std::min(fewest, one.epochs);
    all = {.runs = all.runs + one.runs,
           .epochs = all.epochs + one.epochs,
           .transactions = all.transactions + one.transactions,
           .longest = std::max(all.longest, one.longest)};
  }
  std::cout << kWriters << " writers, " << duration.count() << " s: " << all.runs << " runs, " << all.epochs
            << " epochs, " << static_cast<double>(all.transactions) / duration.count()
            << " transactions/s, the longest took " << all.longest << " s, the least of a writer were " << fewest
            << " epochs; looked at " << looks << " times\n";
  EXPECT_GT(looks, 0);
  EXPECT_GT(fewest * kWriters * 2, all.epochs) << "a writer starved: it wrote less than half of its share";
  EXPECT_EQ(one(database, "SELECT count(*) FROM runs WHERE status = 'finished'"), std::to_string(all.runs));
  EXPECT_EQ(one(database, "SELECT count(*) FROM epochs"), std::to_string(all.epochs));
  EXPECT_EQ(one(database, "SELECT count(*) FROM metrics WHERE epoch > 0"), std::to_string(6 * all.epochs));
  EXPECT_EQ(one(database,
                "SELECT count(*) FROM runs r WHERE epochs <> (SELECT count(*) FROM epochs WHERE run = r.id) OR"
                " epochs <> (SELECT max(epoch) FROM epochs WHERE run = r.id)"),
            "0");
  EXPECT_EQ(one(database, "PRAGMA integrity_check"), "ok");
  Connection connection(database, Connection::Mode::read_only);
  EXPECT_FALSE(Statement(connection, "PRAGMA foreign_key_check").step());
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(name == "results.db" || name == "checkpoints") << name << " was left behind";
  }
}

// The slowest look of one reader, in seconds.
double look_until(Clock::time_point end, const std::filesystem::path& database) {
  double slowest = 0.0;
  const std::vector<std::function<void()>> looks = {[&] { list_runs(database, {.limit = 20}); },
                                                    [&] { best_runs(database, "test_accuracy", 10); },
                                                    [&] { show_run(database, "1"); }};
  for (std::size_t i = 0; Clock::now() < end; ++i) {
    const Clock::time_point began = Clock::now();
    looks[i % looks.size()]();
    slowest = std::max(slowest, Seconds(Clock::now() - began).count());
    ::usleep(50'000);
  }
  return slowest;
}

TEST_F(ManyWriters, KeepNoReaderWaiting) {
  constexpr int kReaders = 20;
  const Clock::time_point end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::min(duration_of_test(), Seconds(30.0)));
  {
    Recorder recorder(database);
    recorder.end(recorder.begin(run_record("b-1"), split_record()), end_record(0.8, 0));
  }
  std::vector<pid_t> writers, readers;
  for (int i = 0; i < kWriters; ++i) writers.push_back(start_child([&] { Writer(database, i).write_until(end); }));
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  for (int i = 0; i < kReaders; ++i)
    readers.push_back(start_child([&] {
      const double slowest = look_until(end, database);
      if (::write(ends[1], &slowest, sizeof slowest) != sizeof slowest) throw std::runtime_error("pipe");
    }));
  double slowest = 0.0;
  for (const pid_t reader : readers) {
    double one = 0.0;
    EXPECT_EQ(wait_for(reader), 0) << "a reader failed";
    EXPECT_EQ(::read(ends[0], &one, sizeof one), static_cast<ssize_t>(sizeof one));
    slowest = std::max(slowest, one);
  }
  for (const pid_t writer : writers) EXPECT_EQ(wait_for(writer), 0);
  std::cout << kReaders << " readers beside " << kWriters << " writers: the slowest look took " << slowest << " s\n";
  EXPECT_LT(slowest, 1.0);
}

}  // namespace
}  // namespace rxrun::testing
