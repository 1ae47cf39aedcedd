// kill -9 at random moments, of the whole sweep and of single workers: every point is finished once, as if undisturbed.
#include <gtest/gtest.h>

#include <csignal>
#include <iostream>
#include <random>
#include <thread>

#include "program.h"
#include "recording/query.h"

namespace rxrun::test {
namespace {

constexpr int kKills = 20;

const std::vector<std::string> kCommand = {"sweep", "tiny.yaml", "lr=1e-2,1e-3", "batch=8,16", "seed=1..3", "--jobs", "2"};

Table ask(const Workplace& place, const std::string& sql) { return query(place.results() / "results.db", sql); }

std::int64_t number(const Workplace& place, const std::string& sql) {
  return std::get<std::int64_t>(ask(place, sql).rows.at(0).at(0));
}

// A process that computes a run right now; 0 when there is none.
pid_t a_worker(const Workplace& place) {
  try {
    const Table found = ask(place, "SELECT pid FROM runs WHERE status = 'running' ORDER BY random() LIMIT 1");
    return found.rows.empty() ? 0 : static_cast<pid_t>(std::get<std::int64_t>(found.rows[0][0]));
  } catch (const std::exception&) {
    return 0;  // no database yet
  }
}

TEST(SweepCrash, EveryPointIsFinishedOnceHoweverOftenItIsKilled) {
  Workplace undisturbed, place;
  for (const Workplace* one : {&undisturbed, &place}) one->write("tiny.yaml", tiny_experiment(100));
  const auto began = std::chrono::steady_clock::now();
  ASSERT_EQ(undisturbed.rxrun(kCommand).code, 0);
  const double whole = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();

  std::mt19937 random(3);
  std::uniform_real_distribution<double> share(0.02, 0.12);
  int sweeps_killed = 0, workers_killed = 0;
  pid_t sweep = place.start(kCommand);
  for (int round = 0; round < kKills; ++round) {
    std::this_thread::sleep_for(std::chrono::duration<double>(whole * share(random)));
    const pid_t worker = round % 2 == 0 ? a_worker(place) : 0;
    if (worker > 0) {
      workers_killed += kill(worker, SIGKILL) == 0;
      continue;
    }
    kill(sweep, SIGKILL);
    sweeps_killed += place.wait(sweep).code == 128 + SIGKILL;
    sweep = place.start(kCommand);
  }
  const Finished last = place.wait(sweep);
  ASSERT_EQ(last.code, 0) << last.out << last.err;
  std::cout << sweeps_killed << " sweeps and " << workers_killed << " workers killed\n";
  EXPECT_EQ(sweeps_killed + workers_killed, kKills) << "the harness killed too little to prove anything";
  EXPECT_GE(workers_killed, 5) << "the harness killed too little to prove anything";

  const std::string metrics = "SELECT r.identity, m.epoch, m.name, m.value FROM metrics m JOIN runs r ON r.id = m.run ORDER BY 1, 2, 3";
  EXPECT_EQ(ask(place, metrics).rows, ask(undisturbed, metrics).rows);
  EXPECT_EQ(number(place, "SELECT count(*) FROM points WHERE status = 'finished'"), 12);
  EXPECT_EQ(number(place, "SELECT count(*) FROM runs"), 12) << "none twice";
  EXPECT_EQ(number(place, "SELECT count(*) FROM runs WHERE status = 'finished' AND epochs = 100"), 12);
  EXPECT_EQ(std::get<std::string>(ask(place, "PRAGMA integrity_check").rows[0][0]), "ok");
}

}  // namespace
}  // namespace rxrun::test
