// `rxrun ls`: filters, order and the parameters that differ.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "command_output.h"
#include "recording/connection.h"
#include "recording/sweep_rows.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class LsTest : public TemporaryResults {
 protected:
  void SetUp() override {
    Recorder recorder(database);
    int n = 0;
    for (const char* cardinality : {"8", "16", "32"}) {
      ++n;
      RunRecord record = run_record("a-" + std::to_string(n), static_cast<std::uint64_t>(n));
      set_parameter(record, "network.cardinality", cardinality);
      record.params.push_back({"network.stages.0.depth", "3"});
      const std::int64_t run = recorder.begin(record, split_record());
      recorder.epoch(run, epoch_record(1, 0.5, true));
      recorder.end(run, n == 3 ? ended(RunStatus::failed, "full disk") : end_record(0.9 - 0.01 * n, 1));
    }
    Connection(database, Connection::Mode::read_write).execute("INSERT INTO tags VALUES (1, 'paper'), (2, 'odd tag')");
  }

  LsOptions options(std::vector<std::string> where, TableFormat format = TableFormat::csv) const {
    LsOptions options;
    options.common = {.results = folder, .format = format};
    options.where = std::move(where);
    return options;
  }
  std::string listed(const LsOptions& options) {
    const Table runs = list_runs(database, {.where = options.where,
                                            .sort = options.sort,
                                            .descending = options.descending,
                                            .limit = options.limit.value_or(0)});
    std::string ids;
    for (std::size_t row = 0; row < runs.rows.size(); ++row) ids += cell(runs, row, "run");
    return ids;
  }
  std::string where(std::vector<std::string> conditions) { return listed(options(std::move(conditions))); }
  std::string fault(const std::string& condition) {
    return error_of([&] { return run_ls(options({condition})); });
  }
};

TEST_F(LsTest, ConditionsOnFactsMetricsParametersAndTags) {
  EXPECT_EQ(where({}), "321");
  EXPECT_EQ(where({"experiment=a", "status=finished"}), "21");
  EXPECT_EQ(where({"status!=finished"}), "3");
  EXPECT_EQ(where({"cardinality=8"}), "1");
  EXPECT_EQ(where({"cardinality>8"}), "32");
  EXPECT_EQ(where({"network.cardinality <= 16"}), "21");
  EXPECT_EQ(where({"lr=1e-4"}), "321");
  EXPECT_EQ(where({"depth==3", "seed<>2"}), "31");
  EXPECT_EQ(where({"test_accuracy>0.885"}), "1");
  EXPECT_EQ(where({"test_accuracy="}), "3");
  EXPECT_EQ(where({"test_accuracy!="}), "21");
  EXPECT_EQ(where({"tag=paper"}), "1");
  EXPECT_EQ(where({"tag=odd tag"}), "2");
  EXPECT_EQ(where({"tag!=paper"}), "32");
  EXPECT_EQ(where({"tag="}), "3");
  EXPECT_EQ(where({"tag!="}), "21");
  EXPECT_EQ(where({"reason=full disk"}), "3");
  EXPECT_EQ(where({"name=a' OR '1'='1"}), "") << "values are bound, never pasted";
}

// Also of a record of before, whose parameters are without them.
TEST_F(LsTest, AChoiceIsAValue) {
  const auto add = [&](const std::string& name, const std::string& optimizer, const std::string& channels) {
    RunRecord record = run_record(name);
    record.resolved = "network: {stem: [{conv: {channels: " + channels + "}}, relu]}\ntraining: {optimizer: {" +
                      optimizer + ": {lr: 0.1}}, loss: {cross_entropy: {label_smoothing: 0}}}\n";
    Recorder recorder(database);
    recorder.end(recorder.begin(record, split_record()), end_record(0.5, 1));
  };
  add("b-4", "adam", "8");
  add("b-5", "sgd", "16");
  EXPECT_EQ(where({"optimizer=adam"}), "4");
  EXPECT_EQ(where({"training.optimizer!=adam", "experiment=b"}), "5");
  EXPECT_EQ(where({"optimizer!="}), "54");
  EXPECT_EQ(where({"stem=[{conv: {channels: 8}},relu]"}), "4") << "however it is typed";
  EXPECT_EQ(where({"network.stem.0=conv"}), "54");
  EXPECT_THAT(fault("loss<0.3"), HasSubstr("`loss` can mean training.loss"));
  EXPECT_EQ(where({"training.loss=cross_entropy"}), "54");
  const Table both = list_runs(database, {.where = {"experiment=b"}});
  EXPECT_EQ(cell(both, 0, "optimizer"), "sgd");
  EXPECT_THAT(both.columns, Not(::testing::Contains("stem"))) << "its layers have columns of their own";
}

TEST_F(LsTest, RunsOfASweep) {
  SweepRows sweeps(database);
  const auto sweep = [&](const std::string& name, std::vector<PointRecord> points) {
    return sweeps.open({.name = name, .declaration = "", .command = "", .points = std::move(points)});
  };
  const auto point = [](const std::string& run) {
    return PointRecord{.identity = "identity of " + run, .resolved = "", .overrides = "{}"};
  };
  sweep("wide", {point("a-1"), point("a-3"), point("not begun")});
  sweep("deep", {point("a-1")});
  EXPECT_EQ(where({"sweep=1"}), "31") << "also the one that works on a point without having answered it";
  EXPECT_EQ(where({"sweep=2"}), "1");
  EXPECT_EQ(where({"sweep=wide"}), "31") << "the beginning of a name";
  EXPECT_EQ(where({"sweep!=2"}), "32");
  EXPECT_EQ(where({"sweep="}), "2");
  EXPECT_EQ(where({"sweep!="}), "31");
  EXPECT_EQ(where({"sweep=1", "status=finished"}), "1");
  EXPECT_THAT(fault("sweep=3"), HasSubstr("there is no sweep `3`"));
  EXPECT_THAT(fault("sweep>1"), HasSubstr("a sweep can only be compared"));
  BestOptions best;
  best.common = {.results = folder, .format = TableFormat::csv};
  best.where = {"sweep=2"};
  EXPECT_THAT(output_of([&] { return run_best(best); }), HasSubstr("\n1,a-1,"));
  best.by = "cardinality";
  EXPECT_THAT(output_of([&] { return run_best(best); }), HasSubstr("\na,files,8,1,"));
}

// A pruning rule stops a run by a signal; a reader wants to know that, and why.
TEST_F(LsTest, APrunedRunSaysSo) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-4", 4), split_record());
  recorder.epoch(run, epoch_record(1, 0.4, true));
  recorder.end(run, ended(RunStatus::interrupted, "stopped by signal 15"));
  EXPECT_EQ(where({"status=interrupted"}), "4");
  SweepRows sweeps(database);
  const std::int64_t sweep =
      sweeps.open({.name = "a",
                   .declaration = "",
                   .command = "",
                   .points = {{.identity = "identity of a-4", .resolved = "", .overrides = "{}"}}});
  const auto claim = sweeps.claim(sweep, {});
  ASSERT_TRUE(claim);
  EXPECT_EQ(where({"status=interrupted"}), "4") << "its point is not pruned yet";
  sweeps.release(claim->point, {.status = PointStatus::pruned, .reason = "asha, epoch 1", .log_tail = {}});
  EXPECT_EQ(where({"status=pruned"}), "4");
  EXPECT_EQ(where({"status=interrupted"}), "");
  EXPECT_EQ(one(database, "SELECT status || ': ' || reason FROM v_runs WHERE run = 4"), "pruned: asha, epoch 1");
  EXPECT_EQ(cell(show_run(database, "4").facts, 0, "status"), "pruned");
  EXPECT_EQ(cell(show_run(database, "4").facts, 0, "reason"), "asha, epoch 1");
  EXPECT_EQ(cell(list_runs(database), 0, "status"), "pruned");
  EXPECT_EQ(known_points(database, {"identity of a-4"})[0].status, PointStatus::pruned);
  const Comparison comparison = compare_runs(database, {"4", "1"});
  bool told = false;
  for (const auto& row : comparison.rows.rows) told = told || row[3] == Value("pruned");
  EXPECT_TRUE(told);
  recorder.resume(run, 1);
  EXPECT_EQ(where({"status=running"}), "4") << "it goes on";
}

TEST_F(LsTest, OfAHashTheBeginningIsEnough) {
  Connection(database, Connection::Mode::read_write)
      .execute("UPDATE runs SET content_hash = '12345678' || hex(id), split_hash = 'abcd' || id");
  EXPECT_EQ(where({"content_hash=12345678"}), "321");
  EXPECT_EQ(where({"split_hash=abcd2"}), "2");
  EXPECT_EQ(where({"split_hash!=abcd2"}), "31");
}

TEST_F(LsTest, OfANameTheBeginningIsEnoughUnlessARunHasItInFull) {
  Recorder recorder(database);
  recorder.begin(run_record("a-12", 4), {});
  EXPECT_EQ(where({"name=a"}), "4321");
  EXPECT_EQ(where({"name=a-1"}), "1");
  EXPECT_EQ(where({"name!=a-1"}), "432");
}

TEST_F(LsTest, TruthValuesAreJsons) {
  Recorder recorder(database);
  RunRecord record = run_record("b-1", 4);
  record.params.push_back({"training.nesterov", "true"});
  recorder.begin(record, {});
  const auto runs = nlohmann::json::parse(output_of([&] { return run_ls(options({}, TableFormat::json)); }));
  EXPECT_EQ(runs[0]["training.nesterov"], true)
      << "programs find a parameter by its full name, whatever else is listed";
  const auto shown = nlohmann::json::parse(
      output_of([&] { return run_show({.common = {.results = folder, .format = TableFormat::json}, .run = "b-1"}); }));
  EXPECT_EQ(shown["run"]["generated_data"], false);
  for (const auto& param : shown["params"]) {
    EXPECT_TRUE(param["varies"].is_boolean());
    if (param["name"] == "training.nesterov") {
      EXPECT_EQ(param["value"], true);
    }
  }
  const auto first = nlohmann::json::parse(
      output_of([&] { return run_show({.common = {.results = folder, .format = TableFormat::json}, .run = "1"}); }));
  EXPECT_EQ(first["epochs"][0]["best"], true);
  const auto compared = nlohmann::json::parse(output_of([&] {
    return run_compare({.common = {.results = folder, .format = TableFormat::json}, .runs = {"1", "2"}});
  }));
  for (const auto& row : compared["rows"]) EXPECT_TRUE(row["differs"].is_boolean());
}

TEST_F(LsTest, OrderAndLimit) {
  LsOptions sorted = options({});
  sorted.sort = "cardinality";
  EXPECT_EQ(listed(sorted), "123");
  sorted.descending = true;
  EXPECT_EQ(listed(sorted), "321");
  sorted.sort = "test_accuracy";
  EXPECT_EQ(listed(sorted), "123") << "a run without the value comes last";
  sorted.descending = false;
  EXPECT_EQ(listed(sorted), "213");
  sorted.limit = 2;
  EXPECT_EQ(listed(sorted), "21");
}

TEST_F(LsTest, ShowsWhatItSortsBy) {
  LsOptions sorted = options({});
  sorted.sort = "best_epoch";
  EXPECT_THAT(output_of([&] { return run_ls(sorted); }),
              StartsWith("run,name,data,status,seed,network.cardinality,epochs,validation_accuracy,test_accuracy,best_"
                         "epoch,started,"));
  sorted.sort = "test_accuracy";
  EXPECT_THAT(
      output_of([&] { return run_ls(sorted); }),
      StartsWith("run,name,data,status,seed,network.cardinality,epochs,validation_accuracy,test_accuracy,started,"));
}

TEST_F(LsTest, ShowsTheParametersThatDiffer) {
  const std::string all = output_of([&] { return run_ls(options({})); });
  EXPECT_THAT(all, StartsWith("run,name,data,status,seed,network.cardinality,epochs,"));
  EXPECT_THAT(all, HasSubstr("\n2,a-2,files,finished,2,16,1,0.5,0.88,"));
  EXPECT_THAT(output_of([&] { return run_ls(options({"cardinality=8"})); }),
              StartsWith("run,name,data,status,seed,epochs,"));
}

TEST_F(LsTest, AColumnHeadThatTwoParametersCouldHaveIsInFull) {
  Recorder recorder(database);
  RunRecord record = run_record("b-1", 4);
  record.params.push_back({"network.stages.0.depth", "4"});
  record.params.push_back({"network.stages.1.depth", "4"});
  recorder.begin(record, {});
  EXPECT_THAT(list_runs(database).columns,
              ::testing::IsSupersetOf({"cardinality", "network.stages.0.depth", "network.stages.1.depth"}));
  EXPECT_THAT(fault("depth=4"), HasSubstr("`depth` can mean network.stages.0.depth, network.stages.1.depth"));
}

TEST_F(LsTest, FaultsOfAConditionArePointedAt) {
  EXPECT_EQ(fault("cardinality 8"),
            "condition:1:14: error: a comparison is missing: expected KEY=VALUE, or != < <= > >=\n"
            "  1 | cardinality 8\n"
            "    |              ^\n"
            "    = for example: cardinality=8, 'validation_accuracy>0.9', tag=paper, sweep=1, status!=failed\n");
  EXPECT_THAT(fault("=8"), HasSubstr("a key is missing"));
  EXPECT_THAT(fault("cardinality!8"), HasSubstr("expected one of"));
  EXPECT_THAT(fault("cardinalty=8"), HasSubstr("did you mean `cardinality`?"));
  EXPECT_THAT(fault("tag>a"), HasSubstr("a tag can only be compared"));
  EXPECT_THAT(fault("cardinality<"), HasSubstr("a value is missing"));
  EXPECT_THAT(fault("\"; DROP TABLE runs=1"), HasSubstr("neither a column of v_runs"));
}

TEST_F(LsTest, AStateThatNoRunCanHaveIsAnError) {
  EXPECT_THAT(fault("status=finish"),
              ::testing::AllOf(HasSubstr("a run's status is one of running, finished, failed, interrupted, pruned"),
                               HasSubstr("did you mean `finished`?")));
  EXPECT_THAT(fault("status!=done"), HasSubstr("a run's status is one of"));
}

TEST_F(LsTest, APageTellsThatThereIsMore) {
  LsOptions page = options({}, TableFormat::text);
  page.limit = 1;
  ::testing::internal::CaptureStderr();
  const std::string out = output_of([&] { return run_ls(page); });
  EXPECT_THAT(out, HasSubstr("a-3"));
  EXPECT_THAT(out, Not(HasSubstr("a-2")));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("This is the newest run; --limit 0 lists all of them"));
}

TEST_F(LsTest, RemovedRunsAreListedApart) {
  Connection(database, Connection::Mode::read_write)
      .execute("UPDATE runs SET removed = '2026-01-01T00:00:00Z' WHERE id = 2");
  EXPECT_EQ(where({}), "31");
  LsOptions removed = options({});
  removed.removed = true;
  EXPECT_THAT(output_of([&] { return run_ls(removed); }), HasSubstr("\n2,a-2,finished,2,1,0.5,2026-01-01T00:00:00Z,"));
}

}  // namespace
}  // namespace rxrun::testing
