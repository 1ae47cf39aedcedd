// `rxrun sweep` as a user starts it: planned, run, killed, started again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "machine/cores.h"
#include "program.h"
#include "recording/query.h"

namespace rxrun::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

Table ask(const Workplace& place, const std::string& sql) { return query(place.results() / "results.db", sql); }

std::int64_t number(const Workplace& place, const std::string& sql) {
  return std::get<std::int64_t>(ask(place, sql).rows.at(0).at(0));
}

Workplace& with_tiny(Workplace& place, int epochs) {
  place.write("tiny.yaml", tiny_experiment(epochs));
  return place;
}

const char* const kMetrics =
    "SELECT r.identity, m.epoch, m.name, m.value FROM v_metrics m JOIN runs r ON r.id = m.run"
    " WHERE m.name <> 'images_per_second' ORDER BY 1, 2, 3";

TEST(SweepCommand, PlansWithoutTouchingAnything) {
  Workplace place;
  with_tiny(place, 1);
  const Finished plan =
      place.rxrun({"sweep", "tiny.yaml", "stem.0.conv.channels=4,8", "lr=1e-2,1e-3", "batch=8", "--plan", "--json"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  const auto rows = nlohmann::json::parse(plan.out);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0]["network.stem.0.conv.channels"], 4);
  EXPECT_EQ(rows[2]["network.stem.0.conv.channels"], 8);
  EXPECT_EQ(rows[1]["training.optimizer.adam.lr"], 0.001);
  EXPECT_LT(rows[0]["parameters"], rows[2]["parameters"]);
  EXPECT_GT(rows[0]["multiply_adds"], 0);
  EXPECT_EQ(rows[0]["status"], "waiting");
  EXPECT_THAT(plan.err, HasSubstr("differ in size"));
  EXPECT_FALSE(std::filesystem::exists(place.results()));
}

TEST(SweepCommand, APointOfSeveralFilesIsNamedByItsFileToo) {
  Workplace place;
  with_tiny(place, 1);
  std::string text = tiny_experiment(1);
  text.replace(text.find("patience: 1"), 11, "patience: 1, warm_up: 9");
  place.write("other.yaml", text);
  const Finished sweep = place.rxrun({"sweep", "tiny.yaml", "other.yaml", "seed=1,2", "--jobs", "1"});
  ASSERT_EQ(sweep.code, 0) << sweep.err;
  EXPECT_THAT(sweep.out, HasSubstr("[1/4] tiny.yaml, seed=1: started"));
  EXPECT_THAT(sweep.out, HasSubstr("[4/4] other.yaml, seed=2: started"));
  EXPECT_THAT(sweep.err, HasSubstr("warning: other.yaml:17:")) << "a warning keeps its place";
}

TEST(SweepCommand, APointThatCannotBeBuiltIsToldBeforeAnythingRuns) {
  Workplace place;
  with_tiny(place, 1);
  const Finished sweep = place.rxrun({"sweep", "tiny.yaml", "stem.0.conv.groups=1,2"});
  EXPECT_EQ(sweep.code, 2);
  EXPECT_THAT(sweep.err, HasSubstr("conv"));
  const Finished range = place.rxrun({"sweep", "tiny.yaml", "batch=8,0"});
  EXPECT_EQ(range.code, 2);
  EXPECT_THAT(range.err, HasSubstr("`batch`"));
  EXPECT_FALSE(std::filesystem::exists(place.results()));
}

TEST(SweepCommand, DividesTheThreadsOnlyWhereNoneAreDeclared) {
  Workplace place;
  with_tiny(place, 1);
  const char* const threads = "SELECT value FROM properties WHERE name = 'environment.threads'";
  ASSERT_EQ(place.rxrun({"sweep", "tiny.yaml", "seed=1", "--jobs", "1", "machine.threads=3"}).code, 0);
  EXPECT_EQ(std::get<std::string>(ask(place, threads).rows.at(0).at(0)), "3");
}

// A width of floor(16 d / 64) is nothing for d below 4, and the block refuses it.
TEST(SweepCommand, AWidthThatIsWorkedOutPassesOverThoseThatALayerRefuses) {
  Workplace place;
  std::string text = tiny_experiment(1);
  text.replace(text.find("plugins: [convnet]"), 18,
               "plugins: [convnet, resnext]\n  cardinality: 2\n  base_width: 16\n  width_rule: paper");
  text.insert(text.find("  head:"), "  stages: [{block: resnext_bottleneck, depth: 1, planes: 16}]\n");
  place.write("wide.yaml", text);
  const Finished plan =
      place.rxrun({"sweep", "wide.yaml", "cardinality=1,2", "base_width=iso(parameters)", "--plan", "--json"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  const auto rows = nlohmann::json::parse(plan.out);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1]["network.base_width"], 16);
  EXPECT_GT(rows[0]["network.base_width"], 16);
  const Finished none = place.rxrun({"sweep", "wide.yaml", "cardinality=1,2", "depht=iso(parameters)", "--plan"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("there is no key `depht`"));
}

TEST(SweepCommand, FaultsOfTheDeclarationPointAtTheirCharacter) {
  Workplace place;
  with_tiny(place, 1);
  const Finished sweep = place.rxrun({"sweep", "tiny.yaml", "lr=1,,2"});
  EXPECT_EQ(sweep.code, 2);
  EXPECT_THAT(sweep.err, HasSubstr("command line:1:6: error: a value is missing"));
  EXPECT_THAT(place.rxrun({"sweep", "tiny.yaml", "seed=1..101", "batch=1..100"}).err, HasSubstr("10100 points"));
}

TEST(SweepCommand, FaultsOfValuesPointAtThemAsTyped) {
  Workplace place;
  with_tiny(place, 1);
  EXPECT_THAT(place.rxrun({"sweep", "tiny.yaml", "batch=80,8,0", "seed=1..2", "--plan"}).err,
              HasSubstr("  1 | batch=80,8,0\n    |            ^\n"));
  EXPECT_THAT(place.rxrun({"sweep", "tiny.yaml", "zip(batch=8,16; epochs=2,0)", "--plan"}).err,
              HasSubstr("  1 | zip(batch=8,16; epochs=2,0)\n    |                          ^\n"));
  EXPECT_THAT(place.rxrun({"sweep", "tiny.yaml", "batch=0..2", "--plan"}).err, HasSubstr("  1 | batch=0\n"))
      << "of a range no word has it";
}

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST(SweepCommand, AMisspeltKeyIsToldOnceWhereItWasTyped) {
  Workplace place;
  with_tiny(place, 1);
  const Finished sweep = place.rxrun({"sweep", "tiny.yaml", "bacth=8,16,32", "seed=1..5", "--plan"});
  EXPECT_EQ(sweep.code, 2);
  EXPECT_EQ(sweep.err,
            "command line:1:1: error: there is no key `bacth`\n"
            "  1 | bacth=8,16,32\n"
            "    | ^~~~~\n"
            "    = did you mean `data.batch`?\n");
  const Finished zip = place.rxrun({"sweep", "tiny.yaml", "zip(seed=1,2; bacth=8,16)", "--plan"});
  EXPECT_THAT(zip.err, HasSubstr("command line:1:15: error: there is no key `bacth`\n  1 | zip(seed=1,2; bacth=8,16)"));
  place.write("other.yaml", tiny_experiment(2) + "sweep: {bacth: [8, 16]}\n");
  const Finished section = place.rxrun({"sweep", "other.yaml", "--plan"});
  EXPECT_THAT(section.err, HasSubstr("other.yaml:"));
  EXPECT_EQ(count_of(section.err, "there is no key"), 1u) << section.err;
  // A value that is wrong is told for itself.
  EXPECT_EQ(count_of(place.rxrun({"sweep", "tiny.yaml", "batch=0,-1", "seed=1..3", "--plan"}).err, "error:"), 2u);
}

TEST(SweepCommand, AnOptionThatTheFileDoesNotWriteIsNamedInFull) {
  Workplace place;
  with_tiny(place, 1);
  const Finished sweep = place.rxrun({"sweep", "tiny.yaml", "groups=1,2", "--plan"});
  EXPECT_EQ(sweep.code, 2);
  EXPECT_EQ(count_of(sweep.err, "error:"), 1u) << sweep.err;
  EXPECT_THAT(sweep.err, HasSubstr("there is no key `groups`"));
  EXPECT_THAT(sweep.err,
              HasSubstr("write `network.groups`: it reaches every layer that has an option of that name, here conv"));
  EXPECT_THAT(place.rxrun({"check", "tiny.yaml", "groups=1"}).err, HasSubstr("write `network.groups`"));
  EXPECT_EQ(place.rxrun({"sweep", "tiny.yaml", "network.groups=1,1", "seed=1", "--plan"}).code, 0);
}

TEST(SweepCommand, MoreTrialsThanThereAreDifferentPointsAreTold) {
  Workplace place;
  with_tiny(place, 1);
  const Finished plan = place.rxrun({"sweep", "tiny.yaml", "batch=uniform(4,12,4)", "--trials", "50", "--plan"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.err,
              HasSubstr("50 trials were requested, but there are only 3 different points: all of them are used"));
  EXPECT_THAT(plan.out, HasSubstr("3 points, 0 done"));
  const Finished search =
      place.rxrun({"sweep", "tiny.yaml", "lr=1e-2,1e-3", "batch=8,16", "--search", "tpe", "--trials", "50", "--plan"});
  ASSERT_EQ(search.code, 0) << search.err;
  EXPECT_THAT(search.err, HasSubstr("only 4 different points"));
  EXPECT_THAT(search.out, HasSubstr("4 points, 0 done"));
}

TEST(SweepCommand, ATailNamesAKeyOfTheKindOfEachPoint) {
  Workplace place;
  with_tiny(place, 1);
  const Finished plan =
      place.rxrun({"sweep", "tiny.yaml", "optimizer=sgd,adamw,adam", "lr=1e-2,1e-3", "--plan", "--json"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  const auto rows = nlohmann::json::parse(plan.out);
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[1]["training.optimizer.sgd.lr"], 0.001);
  EXPECT_EQ(rows[3]["training.optimizer.adamw.lr"], 0.001);
  EXPECT_EQ(rows[5]["training.optimizer.adam.lr"], 0.001);
}

TEST(SweepCommand, AChoiceIsAValue) {
  Workplace place;
  with_tiny(place, 1);
  const Finished sweep = place.rxrun({"sweep", "tiny.yaml", "optimizer=adam,sgd", "--csv"});
  ASSERT_EQ(sweep.code, 0) << sweep.err;
  EXPECT_THAT(sweep.out, testing::StartsWith("point,training.optimizer,status,"));
  EXPECT_THAT(sweep.out, testing::AllOf(HasSubstr("\n1,adam,finished,"), HasSubstr("\n2,sgd,finished,")));
  const Finished best = place.rxrun({"best", "--by", "optimizer", "--csv"});
  ASSERT_EQ(best.code, 0) << best.err;
  EXPECT_THAT(best.out, testing::AllOf(HasSubstr("tiny,generated,adam,1,"), HasSubstr("tiny,generated,sgd,1,")));
  const auto runs = nlohmann::json::parse(place.rxrun({"ls", "--where", "optimizer=sgd", "--json"}).out);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_THAT(place.rxrun({"compare", "1", "2", "--csv"}).out, HasSubstr("parameter,training.optimizer,true,"));
  EXPECT_THAT(place.rxrun({"show", "1"}).out, HasSubstr("training.optimizer"));
  const Finished contradiction =
      place.rxrun({"sweep", "tiny.yaml", "optimizer=adam,sgd", "sgd.momentum=0.9", "--plan"});
  EXPECT_EQ(contradiction.code, 2);
  EXPECT_THAT(contradiction.err, HasSubstr("contradict each other"));
}

TEST(SweepCommand, TwoSpellingsOfOneKeyAreAnError) {
  Workplace place;
  with_tiny(place, 1);
  for (const char* word : {"data.batch=4", "data.batch=4,8", "zip(data.batch=4,8; seed=1,2)"}) {
    const Finished sweep = place.rxrun({"sweep", "tiny.yaml", "batch=8,16", word, "--plan"});
    EXPECT_EQ(sweep.code, 2) << word;
    EXPECT_THAT(sweep.err, HasSubstr("both set `data.batch` of tiny.yaml")) << word;
  }
}

TEST(SweepCommand, SaysHowManyPointsShareTheBestValue) {
  Workplace place;
  with_tiny(place, 1);
  const Finished sweep = place.rxrun({"sweep", "tiny.yaml", "lr=1e-12,2e-12,3e-12"});  // too small to move a weight
  ASSERT_EQ(sweep.code, 0) << sweep.err;
  EXPECT_THAT(sweep.out, HasSubstr(" (2 other points are as good)"));
}

TEST(SweepCommand, RunsEveryPointOnceAndTakesWhatIsThere) {
  Workplace place;
  with_tiny(place, 1);
  ASSERT_EQ(place.rxrun({"tiny.yaml", "batch=16"}).code, 0);
  const Finished sweep = place.rxrun({"sweep", "tiny.yaml", "batch=8,16", "--repeat", "1"});
  ASSERT_EQ(sweep.code, 0) << sweep.err;
  const Finished again = place.rxrun({"sweep", "tiny.yaml", "batch=8,16", "seed=7"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("2 points, 1 already done"));
  const auto best = ask(place,
                        "SELECT v.position, printf('%.4f', v.validation_accuracy) FROM v_sweep v WHERE v.sweep = 2"
                        " ORDER BY v.validation_accuracy DESC, v.position LIMIT 1")
                        .rows.at(0);
  EXPECT_THAT(again.out, HasSubstr("Best validation accuracy " + std::get<std::string>(best[1]) + ": point " +
                                   std::to_string(std::get<std::int64_t>(best[0])) + " "));
  EXPECT_EQ(number(place, "SELECT count(*) FROM runs"), 4);
  EXPECT_EQ(number(place, "SELECT count(DISTINCT identity) FROM runs WHERE status = 'finished'"), 4);
  // The first run was no sweep's. The others leave the test part alone, until they are asked.
  const char* const tested = "SELECT count(*) FROM v_sweep WHERE status = 'finished' AND test_accuracy IS NOT NULL";
  EXPECT_EQ(number(place, tested), 1);
  EXPECT_EQ(number(place, "SELECT count(*) FROM v_evaluations WHERE part = 'test'"), 1);
  const Finished scored = place.rxrun({"sweep", "tiny.yaml", "batch=8,16", "seed=7", "--test"});
  ASSERT_EQ(scored.code, 0) << scored.err;
  EXPECT_THAT(scored.out, HasSubstr("; its test accuracy is "));
  EXPECT_EQ(number(place, tested), 2);
  EXPECT_EQ(number(place, "SELECT count(*) FROM v_evaluations WHERE part = 'test'"), 2);

  const Finished anew = place.rxrun({"sweep", "tiny.yaml", "batch=8,16", "seed=7", "--again", "--csv"});
  ASSERT_EQ(anew.code, 0) << anew.err;
  EXPECT_THAT(anew.out, HasSubstr("point,data.batch,status,run"));
  EXPECT_THAT(anew.out, Not(HasSubstr("Best")));
  EXPECT_EQ(number(place, "SELECT count(*) FROM runs"), 6);
}

TEST(SweepCommand, APointWhoseTestPartCannotBeScoredIsToldAndTheOthersStillAre) {
  Workplace place;
  with_tiny(place, 1);
  const std::vector<std::string> points = {"sweep", "tiny.yaml", "batch=8,16", "--jobs", "1"};
  ASSERT_EQ(place.rxrun(points).code, 0);
  std::filesystem::remove(place.results() /
                          std::get<std::string>(ask(place,
                                                    "SELECT folder FROM v_sweep s JOIN runs r ON r.id = s.run "
                                                    "WHERE s.position = 1")
                                                    .rows.at(0)[0]) /
                          "best.safetensors");
  std::vector<std::string> words = points;
  words.insert(words.end(), {"--test", "--json"});
  const Finished sweep = place.rxrun(words);
  EXPECT_EQ(sweep.code, 1);
  const std::int64_t lost = number(place, "SELECT run FROM v_sweep WHERE position = 1");
  EXPECT_THAT(sweep.err, HasSubstr("warning: the test part of run " + std::to_string(lost) + " could not be scored: "));
  EXPECT_THAT(sweep.err, HasSubstr("best.safetensors"));
  const nlohmann::json end = nlohmann::json::parse(sweep.out.substr(sweep.out.rfind("{\"event\"")));
  ASSERT_EQ(end["event"], "sweep_end");
  EXPECT_TRUE(end["points"].at(0)["test_accuracy"].is_null());
  EXPECT_TRUE(end["points"].at(1)["test_accuracy"].is_number());
}

TEST(SweepCommand, AFailedPointIsNamedWithItsReasonAndTheOthersGoOn) {
  Workplace place;
  with_tiny(place, 8);
  // Without batch norm such a learning rate takes the loss beyond all numbers, which no plan can tell.
  const std::vector<std::string> words = {"network.stem=[{conv: {channels: 4, kernel: 3, stride: 2}}, relu]",
                                          "training.optimizer={sgd: {lr: 0.01}},{sgd: {lr: 1000}}"};
  const Finished sweep = place.rxrun({"sweep", "tiny.yaml", words[0], words[1], "--jobs", "1"});
  EXPECT_EQ(sweep.code, 1);
  EXPECT_THAT(sweep.err, HasSubstr("point 2 ("));
  EXPECT_EQ(number(place, "SELECT count(*) FROM v_sweep WHERE status = 'finished'"), 1);
  EXPECT_EQ(number(place, "SELECT count(*) FROM points WHERE status = 'failed' AND reason <> '' AND log_tail <> ''"),
            1);
  EXPECT_THAT(sweep.err, HasSubstr(") failed: "));
  const Finished once_more = place.rxrun({"sweep", "tiny.yaml", words[0], words[1], "--only", "failed"});
  EXPECT_EQ(once_more.code, 1);
  EXPECT_EQ(number(place, "SELECT max(attempts) FROM points"), 2);
}

TEST(SweepCommand, DataThatHaveChangedSinceThePlanAreNotTakenForTheOldOnes) {
  Workplace place;
  with_tiny(place, 1);
  const Finished run = place.rxrun({"run", "tiny.yaml", "--identity", std::string(64, '0')});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("have changed since"));
  EXPECT_EQ(number(place, "SELECT count(*) FROM runs"), 0);
}

// Waits until the sweep has recorded so many epochs in all.
void wait_for_epochs(const Workplace& place, std::int64_t epochs) {
  for (;;) {
    try {
      if (number(place, "SELECT count(*) FROM epochs") >= epochs) return;
    } catch (const std::exception&) {
      // the database is not there yet
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// ---- a search ----

const std::vector<std::string> search_command = {
    "sweep", "tiny.yaml", "lr=log(1e-4,1e-1)", "batch=8,16,32", "--search", "tpe", "--trials", "14", "--jobs", "1"};

const char* const kChosen = "SELECT position, overrides, coordinates FROM sweep_points ORDER BY position";

TEST(SearchCommand, PlansWhatIsDrawnAndSaysHowManyAreChosen) {
  Workplace place;
  with_tiny(place, 1);
  std::vector<std::string> command = search_command;
  command.push_back("--plan");
  const Finished plan = place.rxrun(command);
  ASSERT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out,
              HasSubstr("These 10 points are drawn at random; 4 more are chosen by the results of earlier ones"));
  EXPECT_THAT(plan.out, HasSubstr("14 points, 0 done"));
  command.push_back("--json");
  EXPECT_EQ(nlohmann::json::parse(place.rxrun(command).out).size(), 10u);
  EXPECT_FALSE(std::filesystem::exists(place.results()));
}

TEST(SearchCommand, ChoosesAsManyAsWantedTheSameEachTimeAndContinues) {
  Workplace place, other;
  with_tiny(place, 1);
  with_tiny(other, 1);
  const Finished sweep = place.rxrun(search_command);
  ASSERT_EQ(sweep.code, 0) << sweep.err;
  EXPECT_THAT(sweep.out, HasSubstr("Best validation accuracy"));
  EXPECT_EQ(number(place, "SELECT count(*) FROM v_sweep WHERE status = 'finished'"), 14);
  EXPECT_EQ(number(place, "SELECT count(DISTINCT overrides) FROM sweep_points"), 14);
  EXPECT_THAT(std::get<std::string>(ask(place, "SELECT search FROM sweeps").rows[0][0]), HasSubstr("tpe"));
  ASSERT_EQ(other.rxrun(search_command).code, 0);
  EXPECT_EQ(ask(other, kChosen).rows, ask(place, kChosen).rows);

  const Finished again = place.rxrun(search_command);
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("14 points, 14 already done"));
  std::vector<std::string> more = search_command;
  more[7] = "16";
  ASSERT_EQ(place.rxrun(more).code, 0);
  EXPECT_EQ(number(place, "SELECT count(*) FROM sweeps"), 1) << "more points of the same search";
  EXPECT_EQ(number(place, "SELECT count(*) FROM runs"), 16);
}

TEST(SearchCommand, TwoAtATimeChooseEachPointOnceAlsoAfterKill9) {
  Workplace place, other;
  with_tiny(place, 3);
  with_tiny(other, 3);
  std::vector<std::string> elsewhere = search_command;
  elsewhere.insert(elsewhere.end(), {"--results", place.results().string()});
  const pid_t first = place.start(search_command), second = other.start(elsewhere);
  for (bool chosen = false; !chosen; std::this_thread::sleep_for(std::chrono::milliseconds(20))) {
    try {
      chosen = number(place, "SELECT count(*) FROM sweep_points") > 10;
    } catch (const std::exception&) {
      // the database is not there yet
    }
  }
  kill(first, SIGKILL);
  EXPECT_EQ(place.wait(first).code, 128 + SIGKILL);
  const Finished two = other.wait(second);
  EXPECT_EQ(two.code, 0) << two.err;
  EXPECT_EQ(place.rxrun(search_command).code, 0);
  EXPECT_EQ(number(place, "SELECT count(*) FROM sweeps"), 1);
  EXPECT_EQ(number(place, "SELECT count(*) FROM v_sweep WHERE status = 'finished' AND epochs = 3"), 14);
  EXPECT_EQ(number(place, "SELECT count(*) FROM runs"), 14);
}

TEST(SearchCommand, ASpaceThatIsSmallerThanItsTrialsEndsWithAllOfIt) {
  Workplace place;
  with_tiny(place, 1);
  const Finished sweep =
      place.rxrun({"sweep", "tiny.yaml", "lr=1e-2,1e-3", "batch=8,16", "--search", "tpe", "--trials", "9"});
  ASSERT_EQ(sweep.code, 0) << sweep.err;
  EXPECT_THAT(sweep.out, HasSubstr("has tried every possible point, 4 points"));
  EXPECT_EQ(number(place, "SELECT count(*) FROM v_sweep WHERE status = 'finished'"), 4);
}

TEST(SearchCommand, MayStandInTheFileAndHasItsErrors) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1) + "sweep: {search: tpe, trials: 3, lr: \"log(1e-3,1e-1)\"}\n");
  const Finished plan = place.rxrun({"sweep", "tiny.yaml", "--plan", "--csv"});
  ASSERT_EQ(plan.code, 0) << plan.err;
  EXPECT_EQ(std::count(plan.out.begin(), plan.out.end(), '\n'), 4) << plan.out;
  with_tiny(place, 1);
  const auto fault = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"sweep", "tiny.yaml"});
    words.insert(words.end(), {"--search", "tpe"});
    const Finished sweep = place.rxrun(words);
    EXPECT_EQ(sweep.code, 2);
    return sweep.err;
  };
  EXPECT_THAT(fault({"lr=log(1e-3,1e-1)"}), HasSubstr("--trials N"));
  EXPECT_THAT(fault({"lr=log(1e-3,1e-1)", "--trials", "5", "--repeat", "3"}), HasSubstr("luckiest"));
  EXPECT_THAT(fault({"lr=0.1", "--trials", "5"}), HasSubstr("nothing to search over"));
}

TEST(SearchCommand, APointThatCannotBeBuiltIsLeftOutAndTheOthersAreTried) {
  Workplace place;
  with_tiny(place, 1);
  // A batch of 0 is none. Whether it is drawn at the start, the seed decides.
  std::vector<std::string> command = {"sweep",    "tiny.yaml", "batch=0..13", "--search", "tpe",
                                      "--trials", "20",        "--draw-seed", "1"};
  Finished plan;
  for (int seed = 1; seed <= 20; ++seed) {
    command.back() = std::to_string(seed);
    command.push_back("--plan");
    plan = place.rxrun(command);
    command.pop_back();
    if (plan.code == 0) break;
    EXPECT_THAT(plan.err, HasSubstr("`batch`")) << "what is drawn at the start is checked at once";
  }
  ASSERT_EQ(plan.code, 0);
  const Finished sweep = place.rxrun(command);
  ASSERT_EQ(sweep.code, 0) << sweep.err;
  EXPECT_THAT(sweep.out, HasSubstr("cannot be built, so another is chosen"));
  EXPECT_EQ(number(place, "SELECT count(*) FROM v_sweep WHERE status = 'finished'"), 13);
}

TEST(SweepCommand, PruningStopsPointsAndContinuesTheBetterHalf) {
  Workplace place;
  // What is between two rungs has to take long against the quarter of a second in which a sweep looks again: a point
  // that has come to its end before it is looked at is finished.
  with_tiny(place, 64);
  const std::vector<std::string> command = {"sweep",
                                            "tiny.yaml",
                                            "data.sample.histology.images=1500",
                                            "lr=1e-1,1e-2,1e-3,1e-4",
                                            "batch=8,16",
                                            "--prune",
                                            "asha",
                                            "--jobs",
                                            "2"};
  const Finished sweep = place.rxrun(command);
  ASSERT_EQ(sweep.code, 0) << sweep.err;
  EXPECT_THAT(sweep.out, HasSubstr("Pruning: "));
  EXPECT_EQ(number(place, "SELECT count(*) FROM v_sweep WHERE status = 'finished' AND epochs = 64"), 1);
  EXPECT_EQ(number(place, "SELECT count(*) FROM v_sweep WHERE status = 'pruned'"), 7);
  EXPECT_THAT(sweep.out, HasSubstr("paused: asha, rung 1 of 3, epoch 8: validation_accuracy "));
  EXPECT_EQ(
      number(place, "SELECT count(*) FROM v_runs WHERE status = 'pruned' AND reason LIKE 'asha, rung % of 3, epoch %'"),
      7);
  EXPECT_THAT(place.rxrun({"ls", "--where", "sweep=1", "status=pruned", "--csv"}).out, HasSubstr(",pruned,"));
  EXPECT_EQ(number(place, "SELECT count(*) FROM rungs WHERE epoch = 8"), 8);
  EXPECT_EQ(number(place, "SELECT count(*) FROM rungs WHERE epoch = 16"), 4);
  EXPECT_EQ(number(place, "SELECT count(*) FROM rungs WHERE epoch = 32"), 2);
  const Finished again = place.rxrun(command);
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(number(place, "SELECT count(*) FROM v_sweep WHERE status = 'finished'"), 1) << "decided is decided";
}

class KilledSweep : public testing::Test {
 protected:
  const std::vector<std::string> command = {"sweep", "tiny.yaml", "lr=1e-2,1e-3", "batch=8,16", "--jobs", "2"};

  const std::vector<std::vector<Value>>& undisturbed() {
    static const auto rows = [this] {
      Workplace place;
      EXPECT_EQ(with_tiny(place, 30).rxrun(command).code, 0);
      return ask(place, kMetrics).rows;
    }();
    return rows;
  }

  void expect_as_undisturbed(const Workplace& place) {
    EXPECT_EQ(ask(place, kMetrics).rows, undisturbed());
    EXPECT_EQ(number(place, "SELECT count(*) FROM runs"), 4);
    EXPECT_EQ(number(place, "SELECT count(*) FROM runs WHERE status = 'finished' AND epochs = 30"), 4);
    EXPECT_EQ(number(place, "SELECT count(*) FROM points WHERE status = 'finished'"), 4);
  }
};

TEST_F(KilledSweep, GoesOnAfterKill9ToTheSameMetrics) {
  Workplace place;
  const pid_t sweep = with_tiny(place, 30).start(command);
  wait_for_epochs(place, 10);
  kill(sweep, SIGKILL);
  EXPECT_EQ(place.wait(sweep).code, 128 + SIGKILL);
  const Finished again = place.rxrun(command);
  ASSERT_EQ(again.code, 0) << again.err;
  expect_as_undisturbed(place);
}

TEST_F(KilledSweep, TakesItsWorkersWithIt) {
  Workplace place;
  const pid_t sweep = with_tiny(place, 3000).start(command);
  wait_for_epochs(place, 10);
  const Table workers = ask(place, "SELECT pid FROM runs WHERE status = 'running'");
  ASSERT_GE(workers.rows.size(), 1u);
  kill(sweep, SIGKILL);
  place.wait(sweep);
  for (const auto& row : workers.rows) {
    const auto worker = static_cast<pid_t>(std::get<std::int64_t>(row[0]));
    int waited = 0;
    while (kill(worker, 0) == 0 && waited < 200) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      ++waited;
    }
    EXPECT_LT(waited, 200) << "a worker outlived its sweep";
  }
}

TEST_F(KilledSweep, ASecondSignalEndsItAtOnce) {
  Workplace place;
  const pid_t sweep = with_tiny(place, 3000).start(command);
  wait_for_epochs(place, 4);
  kill(sweep, SIGINT);
  kill(sweep, SIGINT);
  EXPECT_EQ(place.wait(sweep).code, 128 + SIGINT);
}

TEST_F(KilledSweep, TwoAtATimeShareThePoints) {
  Workplace place;
  with_tiny(place, 30);
  Workplace other;
  with_tiny(other, 30);
  std::vector<std::string> elsewhere = command;
  elsewhere.insert(elsewhere.end(), {"--results", place.results().string()});
  const pid_t first = place.start(command), second = other.start(elsewhere);
  const Finished one = place.wait(first), two = other.wait(second);
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(two.code, 0) << two.err;
  EXPECT_EQ(number(place, "SELECT max(attempts) FROM points"), 1);
  expect_as_undisturbed(place);
}

TEST_F(KilledSweep, StopsAtASignalWithACheckpoint) {
  Workplace place;
  const pid_t sweep = with_tiny(place, 30).start(command);
  wait_for_epochs(place, 10);
  kill(sweep, SIGTERM);
  const Finished stopped = place.wait(sweep);
  EXPECT_EQ(stopped.code, 128 + SIGTERM) << stopped.err;
  EXPECT_THAT(stopped.out, HasSubstr("run the same command again to continue"));
  EXPECT_EQ(number(place, "SELECT count(*) FROM points WHERE status = 'running'"), 0);
  EXPECT_EQ(number(place, "SELECT count(*) FROM runs WHERE status = 'running'"), 0);
  ASSERT_EQ(place.rxrun(command).code, 0);
  expect_as_undisturbed(place);
}

// Measuring takes a moment: once a machine.
TEST(SweepCommand, HowManyAtATimeIsMeasuredOnceAndKept) {
  Workplace place;
  with_tiny(place, 1);
  const std::filesystem::path cache = place.folder() / "user-cache", kept = cache / "rxrun/jobs.json";
  const std::string jobs = std::getenv("RXRUN_JOBS");
  unsetenv("RXRUN_JOBS");
  setenv("XDG_CACHE_HOME", cache.c_str(), 1);
  const auto sweep = [&](const std::string& seeds) { return place.rxrun({"sweep", "tiny.yaml", "seed=" + seeds}); };
  const Finished given = place.rxrun({"sweep", "tiny.yaml", "seed=1..4", "--jobs", "1"});
  EXPECT_THAT(given.out, Not(HasSubstr("Measuring how many")));
  EXPECT_FALSE(std::filesystem::exists(kept));
  const std::string many = std::to_string(10 + available_cores());
  setenv("TMPDIR", "/nowhere", 1);  // another place will do
  const Finished first = sweep("10.." + many);
  unsetenv("TMPDIR");
  EXPECT_EQ(first.code, 0) << first.err;
  if (available_cores() > 1) {
    EXPECT_THAT(first.out, HasSubstr("Measuring how many"));
    ASSERT_TRUE(std::filesystem::exists(kept)) << first.out << first.err;
    EXPECT_THAT(sweep("110..1" + many).out, Not(HasSubstr("Measuring how many")));
    std::ofstream(kept) << "{\"machine\": \"another\", \"jobs\": 77}";
    const Finished elsewhere = sweep("210..2" + many);
    EXPECT_THAT(elsewhere.out, HasSubstr("Measuring how many"));
    EXPECT_THAT(elsewhere.out, Not(HasSubstr("77 at a time")));
  }
  unsetenv("XDG_CACHE_HOME");
  setenv("RXRUN_JOBS", jobs.c_str(), 1);
}

TEST(SweepCommand, WhatIsKeptOfTheMachineIsReadWithinBounds) {
  Workplace place;
  with_tiny(place, 1);
  const std::filesystem::path cache = place.folder() / "user-cache", kept = cache / "rxrun/jobs.json";
  std::filesystem::create_directories(kept.parent_path());
  const std::string jobs = std::getenv("RXRUN_JOBS");
  unsetenv("RXRUN_JOBS");
  setenv("XDG_CACHE_HOME", cache.c_str(), 1);
  const auto expect_plan = [&](const char* what) {
    const Finished plan = place.rxrun({"sweep", "tiny.yaml", "seed=1..4", "--plan"});
    EXPECT_EQ(plan.code, 0) << what << plan.err;
    EXPECT_THAT(plan.out, HasSubstr("at a time")) << what;
    std::filesystem::remove(kept);
  };
  std::filesystem::create_directory(kept);
  expect_plan("a folder");
  std::filesystem::create_symlink("/dev/zero", kept);
  expect_plan("a device");
  ASSERT_EQ(mkfifo(kept.c_str(), 0600), 0);
  expect_plan("a pipe that nobody writes");
  unsetenv("XDG_CACHE_HOME");
  setenv("RXRUN_JOBS", jobs.c_str(), 1);
}

// One of the points decodes the images; the others find them in the cache.
TEST(SweepCommand, PointsShareTheDecodedImages) {
  Workplace place;
  with_tiny(place, 1);
  ASSERT_EQ(place.rxrun({"sweep", "tiny.yaml", "lr=1e-2,1e-3"}).code, 0);
  std::size_t caches = 0;
  for (const auto& entry : std::filesystem::directory_iterator(place.results() / "cache"))
    caches += entry.path().extension() == ".images";
  EXPECT_EQ(caches, 1u);
  const std::int64_t hashes = number(place, "SELECT count(DISTINCT content_hash) FROM runs");
  EXPECT_EQ(hashes, 1);
  // The same as without a cache.
  Workplace alone;
  with_tiny(alone, 1);
  ASSERT_EQ(alone.rxrun({"run", "tiny.yaml", "lr=1e-2"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(alone.results() / "cache"));
  const std::string loss =
      "SELECT m.value FROM metrics m JOIN runs r ON r.id = m.run WHERE m.name = 'train_loss' AND r.identity = '";
  const std::string identity = std::get<std::string>(ask(alone, "SELECT identity FROM runs").rows.at(0).at(0));
  EXPECT_EQ(ask(place, loss + identity + "'").rows, ask(alone, loss + identity + "'").rows);
}

}  // namespace
}  // namespace rxrun::test
