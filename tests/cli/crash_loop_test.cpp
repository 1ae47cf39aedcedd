// kill -9 at random times, again and again: the run ends as one that was never disturbed.
#include <gtest/gtest.h>

#include <csignal>
#include <random>
#include <thread>

#include "files/files.h"
#include "program.h"
#include "recording/query.h"

namespace rxrun::test {
namespace {

constexpr int epochs = 40;

struct Outcome {
  std::string weights;
  std::vector<std::vector<Value>> metrics, bests;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome_of(const Workplace& place) {
  const auto ask = [&](const std::string& sql) { return query(place.results() / "results.db", sql).rows; };
  const auto name = std::get<std::string>(ask("SELECT name FROM runs").at(0).at(0));
  return {.weights = sha256_of_file(place.results() / "checkpoints" / name / "best.safetensors"),
          .metrics = ask("SELECT epoch, name, value FROM metrics ORDER BY epoch, name"),
          .bests = ask("SELECT epoch, best, learning_rate FROM epochs ORDER BY epoch")};
}

TEST(CrashLoop, AKilledRunEndsAsAnUndisturbedOne) {
  Workplace undisturbed;
  undisturbed.write("tiny.yaml", tiny_experiment(epochs));
  const auto began = std::chrono::steady_clock::now();
  ASSERT_EQ(undisturbed.rxrun({"tiny.yaml"}).code, 0);
  const double whole = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const Outcome expected = outcome_of(undisturbed);
  ASSERT_EQ(expected.bests.size(), static_cast<std::size_t>(epochs));

  std::mt19937 random(1);
  std::uniform_real_distribution<double> share(0.1, 0.9);
  int killed = 0;
  for (int round = 0; round < 5; ++round) {
    Workplace place;
    place.write("tiny.yaml", tiny_experiment(epochs));
    for (int attempt = 0; attempt < 8; ++attempt) {
      const pid_t child = place.start({"tiny.yaml"});
      std::this_thread::sleep_for(std::chrono::duration<double>(whole * share(random)));
      kill(child, SIGKILL);
      killed += place.wait(child).code == 128 + SIGKILL;
    }
    const Finished last = place.rxrun({"tiny.yaml"});
    ASSERT_EQ(last.code, 0) << last.err;
    EXPECT_EQ(outcome_of(place), expected) << "round " << round;
    EXPECT_EQ(std::get<std::int64_t>(query(place.results() / "results.db", "SELECT count(*) FROM runs").rows[0][0]), 1);
  }
  EXPECT_GE(killed, 10) << "the harness killed too little to prove anything";
}

}  // namespace
}  // namespace rxrun::test
