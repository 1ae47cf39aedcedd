// kill -9 at random moments, of the whole sweep and of single workers: every point is finished once, as if undisturbed.
#include <gtest/gtest.h>

#include <csignal>
#include <iostream>
#include <random>
#include <thread>

#include "program.h"
#include "recording/process.h"
#include "recording/query.h"

namespace rxrun::test {
namespace {

constexpr int kKills = 20;

const std::vector<std::string> kCommand = {"sweep",  "tiny.yaml", "lr=1e-2,1e-3", "batch=8,16", "seed=1..3",
                                           "--jobs", "2"};

Table ask(const Workplace& place, const std::string& sql) { return query(place.results() / "results.db", sql); }

std::int64_t number(const Workplace& place, const std::string& sql) {
  return std::get<std::int64_t>(ask(place, sql).rows.at(0).at(0));
}

// A process that computes a run right now, waited for; 0 when none comes.
pid_t a_worker(const Workplace& place) {
  for (int attempt = 0; attempt < 400; ++attempt) {
    try {
      const Table found = ask(place,
                              "SELECT host, boot_id, pid_namespace, pid, process_start FROM runs WHERE status = "
                              "'running' ORDER BY random()");
      for (const auto& row : found.rows) {
        const ProcessIdentity process{.host = std::get<std::string>(row[0]),
                                      .boot_id = std::get<std::string>(row[1]),
                                      .pid_namespace = std::get<std::string>(row[2]),
                                      .pid = std::get<std::int64_t>(row[3]),
                                      .start = std::get<std::int64_t>(row[4])};
        if (!is_gone(process)) return static_cast<pid_t>(process.pid);
      }
    } catch (const std::exception&) {
      // no database yet
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return 0;
}

TEST(SweepCrash, EveryPointIsFinishedOnceHoweverOftenItIsKilled) {
  Workplace undisturbed, place;
  for (const Workplace* one : {&undisturbed, &place}) one->write("tiny.yaml", tiny_experiment(400));
  const auto began = std::chrono::steady_clock::now();
  ASSERT_EQ(undisturbed.rxrun(kCommand).code, 0);
  const double whole = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();

  std::mt19937 random(3);
  std::uniform_real_distribution<double> share(0.0, 1.0);
  const auto pause = [&](double most) {
    std::this_thread::sleep_for(std::chrono::duration<double>(most * share(random)));
  };
  int sweeps_killed = 0, workers_killed = 0;
  pid_t sweep = place.start(kCommand);
  // Single workers and whole sweeps in turn; a worker that ended by itself before the signal came is no kill.
  for (int round = 0; sweeps_killed + workers_killed < kKills && round < 3 * kKills; ++round) {
    if (workers_killed <= sweeps_killed) {
      const pid_t worker = a_worker(place);
      if (worker == 0) break;  // nothing is left to kill
      pause(whole / 40);
      workers_killed += kill(worker, SIGKILL) == 0;
    } else {
      pause(whole / 8);
      kill(sweep, SIGKILL);
      sweeps_killed += place.wait(sweep).code == 128 + SIGKILL;
      sweep = place.start(kCommand);
    }
  }
  const Finished last = place.wait(sweep);
  ASSERT_EQ(last.code, 0) << last.out << last.err;
  std::cout << sweeps_killed << " sweeps and " << workers_killed << " workers killed\n";
  EXPECT_EQ(sweeps_killed + workers_killed, kKills) << "the harness killed too little to prove anything";

  const std::string metrics =
      "SELECT r.identity, m.epoch, m.name, m.value FROM metrics m JOIN runs r ON r.id = m.run ORDER BY 1, 2, 3";
  EXPECT_EQ(ask(place, metrics).rows, ask(undisturbed, metrics).rows);
  EXPECT_EQ(number(place, "SELECT count(*) FROM points WHERE status = 'finished'"), 12);
  EXPECT_EQ(number(place, "SELECT count(*) FROM runs"), 12) << "none twice";
  EXPECT_EQ(number(place, "SELECT count(*) FROM runs WHERE status = 'finished' AND epochs = 400"), 12);
  EXPECT_EQ(std::get<std::string>(ask(place, "PRAGMA integrity_check").rows[0][0]), "ok");
}

}  // namespace
}  // namespace rxrun::test
