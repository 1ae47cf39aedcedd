// The views are a promise: their columns, what they count, and that they stay quick with many runs.
#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iostream>
#include <regex>
#include <sstream>

#include "child.h"
#include "experiment/metric.h"
#include "recording/connection.h"
#include "recording/schema.h"
#include "recording/sweep_rows.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

class ViewsTest : public TemporaryResults {
 protected:
  std::int64_t finished_run(Recorder& recorder, const std::string& name, std::uint64_t seed, double accuracy,
                            const std::string& cardinality = "32", bool generated = false) {
    RunRecord record = run_record(name, seed);
    set_parameter(record, "network.cardinality", cardinality);
    record.generated_data = generated;
    const std::int64_t run = recorder.begin(record, split_record());
    recorder.epoch(run, epoch_record(1, accuracy, true));
    recorder.end(run, end_record(0.5, 1));
    return run;
  }
};

// A score that is new in the program needs its columns here too.
TEST_F(ViewsTest, EveryScoreOfAPartHasAColumn) {
  create_if_missing(database);
  std::vector<std::string> columns, wanted;
  for (const auto& row :
       query(database,
             "SELECT name FROM pragma_table_info('v_runs') WHERE name LIKE 'test%' OR name LIKE 'validation%'")
           .rows)
    columns.push_back(std::get<std::string>(row[0]));
  for (const char* part : {"test_", "validation_"})
    for (const Score& score : all_scores) wanted.push_back(part + std::string(score.name));
  EXPECT_THAT(columns, ::testing::UnorderedElementsAreArray(wanted));
}

// Columns may be added at the end by a later version; none goes, moves or changes its name.
TEST_F(ViewsTest, ColumnsAsPromised) {
  create_if_missing(database);
  const auto columns = [&](const std::string& view) {
    return cell(
        query(database,
              "SELECT group_concat(name, ' ') AS names FROM (SELECT name FROM pragma_table_info(?) ORDER BY cid)",
              {view}),
        0, "names");
  };
  EXPECT_EQ(
      columns("v_runs"),
      "run name experiment status seed generated_data epochs best_epoch train_accuracy train_loss validation_accuracy "
      "validation_balanced_accuracy "
      "validation_auc validation_f1 validation_brier validation_loss test_accuracy test_balanced_accuracy test_auc "
      "test_f1 test_brier "
      "test_loss parameters multiply_adds cardinality base_width images_per_second seconds started "
      "heartbeat finished skipped_images "
      "configuration identity folder file reason tags note content_hash split_hash");
  EXPECT_EQ(
      columns("v_best"),
      "run name experiment seed generated_data best_epoch epochs validation_accuracy validation_balanced_accuracy "
      "validation_auc validation_f1 validation_brier validation_loss test_accuracy test_auc test_loss train_accuracy "
      "train_loss parameters seconds finished folder content_hash split_hash");
  EXPECT_EQ(columns("v_curves"),
            "run epoch best learning_rate train_loss train_accuracy validation_loss validation_accuracy "
            "validation_balanced_accuracy "
            "validation_auc validation_f1 validation_brier seconds "
            "images_per_second");
  EXPECT_EQ(columns("v_metrics"), "run epoch name value");
  EXPECT_EQ(columns("v_classes"), "run part position name images");
  EXPECT_EQ(columns("v_evaluations"),
            "evaluation run number part own at_end data content weights test_time_augmentation images made looks");
  EXPECT_EQ(columns("v_measures"), "run evaluation part own name value low high method unit");
  EXPECT_EQ(columns("v_predictions"), "run evaluation part own position sample label predicted probability");
  EXPECT_EQ(columns("v_leaderboard"),
            "experiment rank run name seed generated_data validation_accuracy validation_auc validation_loss "
            "test_accuracy seeds configuration parameters content_hash split_hash");
  EXPECT_EQ(
      columns("v_sweep"),
      "sweep sweep_name position point status overrides run name epochs best_epoch train_accuracy validation_accuracy "
      "validation_auc validation_loss test_accuracy test_auc test_loss parameters multiply_adds seconds attempts "
      "failures reason");
  EXPECT_EQ(columns("v_splits"), "run position sample label group_name part");
  EXPECT_EQ(columns("v_paired"),
            "experiment configuration other_experiment other run other_run generated_data seed validation_accuracy "
            "other_validation_accuracy difference");
  EXPECT_EQ(columns("v_pareto"),
            "experiment run name seed generated_data multiply_adds validation_accuracy test_accuracy parameters "
            "configuration seconds content_hash split_hash");
  EXPECT_EQ(
      one(database,
          "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT "
          "LIKE 'sqlite%' ORDER BY name)"),
      "artifacts classes epochs evaluations experiments measures metrics outputs params points properties results "
      "rungs runs splits sweep_points sweeps tags thresholds");
}

TEST_F(ViewsTest, TheLeaderboardRanksAndCountsSeeds) {
  Recorder recorder(database);
  finished_run(recorder, "a-1", 1, 0.90);
  finished_run(recorder, "a-2", 2, 0.92);
  finished_run(recorder, "a-3", 3, 0.94);
  finished_run(recorder, "a-3-2", 3, 0.94);              // the same seed again: no fourth seed
  finished_run(recorder, "a-4", 1, 0.93, "8");           // another configuration
  finished_run(recorder, "a-5", 1, 0.99, "32", true);    // generated data: another table
  finished_run(recorder, "b-1", 1, 0.50);                // another experiment on the same images
  recorder.begin(run_record("a-6", 4), split_record());  // not finished
  const Table board = query(database, "SELECT * FROM v_leaderboard ORDER BY experiment, generated_data, rank, run");
  ASSERT_EQ(board.rows.size(), 7u);
  const std::vector<std::string> names = {"a-3", "a-3-2", "a-4", "a-2", "a-1", "a-5", "b-1"};
  const std::vector<std::string> ranks = {"1", "1", "3", "4", "5", "1", "6"};
  for (std::size_t row = 0; row < names.size(); ++row) {
    EXPECT_EQ(cell(board, row, "name"), names[row]);
    EXPECT_EQ(cell(board, row, "rank"), ranks[row]);
  }
  EXPECT_EQ(cell(board, 0, "seeds"), "3");
  EXPECT_EQ(cell(board, 2, "seeds"), "1");
}

TEST_F(ViewsTest, PairsAreOfEqualSeedsOnTheSameImages) {
  Recorder recorder(database);
  finished_run(recorder, "a-1", 1, 0.90);
  finished_run(recorder, "a-2", 2, 0.92);
  finished_run(recorder, "a-9", 9, 0.10);  // nobody to compare with
  finished_run(recorder, "a-4", 1, 0.89, "8");
  finished_run(recorder, "a-5", 2, 0.88, "8");
  finished_run(recorder, "a-7", 1, 0.99, "16", true);  // generated data
  RunRecord elsewhere = run_record("a-8", 1);          // the same seed with another split is no pair
  set_parameter(elsewhere, "network.cardinality", "64");
  elsewhere.split_hash = "another split";
  const std::int64_t run = recorder.begin(elsewhere, split_record());
  recorder.epoch(run, epoch_record(1, 0.5, true));
  recorder.end(run, end_record(0.5, 1));
  EXPECT_EQ(one(database,
                "SELECT group_concat(run || '-' || other_run || printf(' %.2f', difference), ', ')"
                " FROM (SELECT * FROM v_paired ORDER BY run)"),
            "1-4 0.01, 2-5 0.04, 4-1 -0.01, 5-2 -0.04");
}

// Whatever their experiments are called.
TEST_F(ViewsTest, PairsCrossExperiments) {
  Recorder recorder(database);
  finished_run(recorder, "a-1", 1, 0.90);
  finished_run(recorder, "b-1", 1, 0.80, "8");
  EXPECT_EQ(one(database, "SELECT experiment || other_experiment FROM v_paired WHERE difference > 0"), "ab");
}

TEST_F(ViewsTest, TheParetoFrontHoldsWhatNoneBeats) {
  Recorder recorder(database);
  int seed = 0;
  for (const auto& [multiply_adds, accuracy] :
       {std::pair(100, 0.80), std::pair(200, 0.80), std::pair(200, 0.90), std::pair(200, 0.90), std::pair(300, 0.85),
        std::pair(400, 0.95), std::pair(50, 0.80)}) {
    ++seed;
    RunRecord record = run_record("a-" + std::to_string(seed), static_cast<std::uint64_t>(seed));
    record.multiply_adds = multiply_adds;
    const std::int64_t run = recorder.begin(record, split_record());
    recorder.epoch(run, epoch_record(1, accuracy, true));
    recorder.end(run, end_record(0.5, 1));
  }
  EXPECT_EQ(one(database, "SELECT group_concat(run, ' ') FROM (SELECT run FROM v_pareto ORDER BY run)"), "3 4 6 7");
}

TEST_F(ViewsTest, RemovedRunsAreInNoView) {
  Recorder recorder(database);
  finished_run(recorder, "a-1", 1, 0.90);
  finished_run(recorder, "a-2", 1, 0.89, "8");
  const std::string identity = "identity of a-1";
  ASSERT_TRUE(recorder.find(identity));
  Connection(database, Connection::Mode::read_write).execute("UPDATE runs SET removed = 'now' WHERE id = 1");
  EXPECT_FALSE(recorder.find(identity)) << "an experiment whose run was removed is run again";
  for (const char* view : {"v_runs", "v_best", "v_curves", "v_leaderboard", "v_splits", "v_pareto", "v_metrics",
                           "v_classes", "v_evaluations", "v_measures", "v_predictions"})
    EXPECT_EQ(one(database, std::string("SELECT group_concat(DISTINCT run) FROM ") + view), "2") << view;
  EXPECT_EQ(one(database, "SELECT count(*) FROM v_paired"), "0");
}

// The shell of the distribution, beside a run that is under way.
TEST_F(ViewsTest, ThePlainSqliteShellAnswersBesideARun) {
  if (std::system("command -v sqlite3 >/dev/null") != 0) GTEST_SKIP() << "no sqlite3 shell here";
  Recorder recorder(database);
  finished_run(recorder, "a-1", 1, 0.9123);
  recorder.epoch(recorder.begin(run_record("a-2", 2), split_record()), epoch_record(1, 0.5, true));
  finished_run(recorder, "a-3", 1, 0.9, "8");
  for (const char* view : {"v_best", "v_runs", "v_curves", "v_leaderboard", "v_splits", "v_paired", "v_pareto",
                           "v_metrics", "v_classes", "v_evaluations", "v_measures", "v_predictions"}) {
    const std::string command =
        "sqlite3 '" + database.string() + "' 'SELECT * FROM " + view + "' > '" + (folder / "out").string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << view;
    std::ifstream out(folder / "out");
    std::string line;
    EXPECT_TRUE(std::getline(out, line)) << view;
  }
  const std::string best =
      "sqlite3 '" + database.string() +
      "' 'SELECT name, validation_accuracy FROM v_best ORDER BY validation_accuracy DESC LIMIT 1' > '" +
      (folder / "out").string() + "'";
  ASSERT_EQ(std::system(best.c_str()), 0);
  std::stringstream text;
  text << std::ifstream(folder / "out").rdbuf();
  EXPECT_EQ(text.str(), "a-1|0.9123\n");
}

// ---- 10,000 runs of 100 epochs ----

constexpr char kManyRuns[] = R"(
  PRAGMA synchronous = OFF; PRAGMA cache_size = -100000;
  BEGIN IMMEDIATE;
  INSERT INTO experiments (id, name) VALUES (1, 'wide'), (2, 'deep');
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
  INSERT INTO runs (id, experiment, name, identity, configuration, status, seed, generated_data, file, command,
    resolved, folder, content_hash,
                    split_hash, checkpoint_key, epochs, best_epoch, seconds,
                      started, heartbeat, host, boot_id,
                    pid_namespace, pid, process_start)
  SELECT i, 1 + i % 2, 'run-' || i, 'identity ' || i, 'c' || (i / 5), 'finished', i % 5, 0, 'a.yaml',
    'rxrun a.yaml', 'name: a', 'checkpoints/run-' || i,
         'content', 'split', '', 100, 90, 60.0, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', 'h',
           'b', 'p', 1, 1 FROM n;
  INSERT INTO params (run, name, value) SELECT r.id, p.column1, r.id % 7 FROM runs r,
    (VALUES ('network.cardinality'), ('network.base_width'), ('seed'), ('training.epochs'), ('data.batch')) p;
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
  INSERT INTO epochs (run, epoch, seconds, best, written) SELECT r.id, i, 1.0, i % 10 = 0, '' FROM runs r, n;
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
  INSERT INTO metrics (run, epoch, name, value) SELECT r.id, i, m.column1,
    (r.id * 7919 % 10007) / 20014.0 + i / 300.0 FROM runs r, n,
    (VALUES ('validation_accuracy'), ('train_loss')) m;
  INSERT INTO properties (run, name, value) SELECT r.id, p.column1, 1000 FROM runs r,
    (VALUES ('parameters'), ('multiply_adds'), ('skipped_images')) p;
  INSERT INTO results (run, name, value) SELECT id, 'validation_accuracy', (id * 7919 % 10007) / 10007.0 FROM runs;
  INSERT INTO results (run, name, value) SELECT id, 'test_accuracy', 0.5 FROM runs;
  COMMIT;)";

class ManyRunsTest : public ViewsTest {
 protected:
  // Prints how long it took: the machine decides that, so nothing is asserted of it.
  Table timed(const std::string& what, const std::function<Table()>& ask) {
    const auto start = std::chrono::steady_clock::now();
    Table table = ask();
    const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - start;
    std::cout << "  " << what << ": " << passed.count() << " ms, " << table.rows.size() << " rows\n";
    return table;
  }
  Table timed(const std::string& sql) {
    return timed(sql, [&] { return query(database, sql); });
  }
  std::string plan(const std::string& sql) {
    std::string text;
    for (const auto& row : query(database, "EXPLAIN QUERY PLAN " + sql).rows)
      text += std::get<std::string>(row[3]) + "\n";
    return text;
  }
};

TEST_F(ManyRunsTest, EveryViewAnswersFromIndexes) {
  create_if_missing(database);
  Connection(database, Connection::Mode::read_write).execute(kManyRuns);

  const std::string the_question = "SELECT * FROM v_best ORDER BY validation_accuracy DESC LIMIT 1";
  EXPECT_EQ(cell(timed(the_question), 0, "run"),
            one(database, "SELECT run FROM results WHERE name = 'validation_accuracy' ORDER BY value DESC LIMIT 1"));
  EXPECT_THAT(plan(the_question), ::testing::HasSubstr("runs_finished"));

  EXPECT_EQ(timed("SELECT * FROM v_runs LIMIT 50").rows.size(), 50u);
  EXPECT_EQ(cell(timed("SELECT * FROM v_runs ORDER BY run DESC LIMIT 50"), 0, "run"), "10000");
  EXPECT_EQ(
      timed("SELECT * FROM v_runs WHERE experiment = 'deep' ORDER BY validation_accuracy DESC LIMIT 50").rows.size(),
      50u);
  EXPECT_EQ(timed("SELECT * FROM v_best LIMIT 50").rows.size(), 50u);
  EXPECT_EQ(timed("SELECT * FROM v_curves LIMIT 50").rows.size(), 50u);
  EXPECT_EQ(timed("SELECT * FROM v_curves WHERE run = 7000 ORDER BY epoch").rows.size(), 100u);
  EXPECT_THAT(plan("SELECT * FROM v_curves WHERE run = 7000"), ::testing::Not(::testing::HasSubstr("SCAN")));
  const Table board = timed("SELECT * FROM v_leaderboard WHERE experiment = 'wide' ORDER BY rank LIMIT 50");
  EXPECT_EQ(board.rows.size(), 50u);
  EXPECT_EQ(cell(board, 0, "rank"), "1");
  EXPECT_EQ(timed("list_runs", [&] { return list_runs(database); }).rows.size(), 10'000u);
  EXPECT_EQ(timed("best_runs", [&] { return best_runs(database, "validation_accuracy", 10); }).rows.size(), 10u);
  EXPECT_EQ(timed("show_run", [&] { return show_run(database, "run-7000").epochs; }).rows.size(), 100u);

  Recorder recorder(database);
  timed("begin, epoch and end of one more run", [&] {
    finished_run(recorder, "a-1", 1, 2.0);
    return Table{};
  });
  EXPECT_EQ(cell(query(database, the_question), 0, "name"), "a-1");
}

// ---- the page of worked queries ----

TEST_F(ViewsTest, EveryQueryOfTheReadmeRunsAndFindsSomething) {
  {
    Recorder recorder(database);
    for (int seed = 1; seed <= 3; ++seed)
      for (const char* cardinality : {"8", "32"})
        finished_run(recorder, std::string("resnext50_breast-") + cardinality + "-" + std::to_string(seed),
                     static_cast<std::uint64_t>(seed), 0.8 + 0.01 * seed, cardinality);
    recorder.epoch(recorder.begin(run_record("resnext50_breast-b"), split_record()), epoch_record(1, 0.5, true));
    const std::int64_t failed = recorder.begin(run_record("resnext50_breast-c"), split_record());
    recorder.end(failed, ended(RunStatus::failed, "the loss is not a number"));
  }
  SweepRows(database).open(
      {.name = "a",
       .declaration = "c=8",
       .command = "rxrun sweep c=8",
       .points = {{"identity of resnext50_breast-8-1", "name: a", R"({"network.cardinality": 8})"}}});
  {
    Recorder recorder(database);
    const std::int64_t pruned = recorder.begin(run_record("resnext50_breast-d"), split_record());
    recorder.end(pruned, ended(RunStatus::interrupted, "stopped by signal 15"));
  }
  Connection(database, Connection::Mode::read_write)
      .execute(
          "INSERT INTO tags (run, tag) VALUES (1, 'paper'); INSERT INTO points (identity, resolved, status, reason)"
          " VALUES ('identity of resnext50_breast-d', '', 'pruned', 'asha')");
  std::stringstream text;
  text << std::ifstream(RXRUN_SCHEMAS_DIR "/README.md").rdbuf();
  const std::string readme = text.str();
  const std::regex block("```sql\n([^`]*)```");
  int queries = 0;
  for (std::sregex_iterator match(readme.begin(), readme.end(), block), end; match != end; ++match, ++queries) {
    const std::string statement = (*match)[1];
    EXPECT_NO_THROW(EXPECT_GT(query(database, statement).rows.size(), 0u) << statement) << statement;
  }
  EXPECT_GE(queries, 12);
}

// Each table, view and column is explained there.
TEST_F(ViewsTest, TheReadmeNamesEveryColumn) {
  create_if_missing(database);
  std::stringstream text;
  text << std::ifstream(RXRUN_SCHEMAS_DIR "/README.md").rdbuf();
  const Table columns =
      query(database,
            "SELECT DISTINCT p.name FROM sqlite_schema s, pragma_table_info(s.name) p WHERE s.type IN ('table', "
            "'view') AND s.name NOT LIKE 'sqlite%'"
            " UNION SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'");
  for (const auto& row : columns.rows) {
    const std::string name = std::get<std::string>(row[0]);
    EXPECT_NE(text.str().find("`" + name + "`"), std::string::npos) << name << " is not explained";
  }
}

}  // namespace
}  // namespace rxrun::testing
