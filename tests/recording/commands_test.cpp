// ls, show, best and sql: their whole text.
#include "cli/commands.h"

#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "command_output.h"
#include "recording/connection.h"
#include "recording/reading.h"
#include "recording/tend_runs.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class CommandsTest : public TemporaryResults {
 protected:
  CommonOptions common(TableFormat format = TableFormat::text) const {
    return {.results = folder, .format = format, .arguments = {}};
  }
  std::string ls(TableFormat format = TableFormat::text) {
    return output_of([&] { return run_ls({.common = common(format)}); });
  }
  std::string show(const std::string& run, TableFormat format = TableFormat::text) {
    return output_of([&] { return run_show({.common = common(format), .run = run}); });
  }
  std::string sql(const std::string& statement, TableFormat format = TableFormat::text) {
    return output_of([&] { return run_sql({.common = common(format), .statement = statement}); });
  }
  std::string sql_error(const std::string& statement) {
    return error_of([&] { return run_sql({.common = common(), .statement = statement}); });
  }

  void record_two_runs() {
    Recorder recorder(database);
    const std::int64_t first = recorder.begin(run_record("a-11"), split_record());
    recorder.epoch(first, epoch_record(1, 0.5, true));
    recorder.epoch(first, epoch_record(2, 0.7, true));
    recorder.epoch(first, epoch_record(3, 0.6, false));
    recorder.end(first, end_record(0.9123, 2));
    RunRecord other = run_record("a-22", 7);
    other.generated_data = true;
    set_parameter(other, "network.cardinality", "8");
    const std::int64_t second = recorder.begin(other, split_record());
    recorder.epoch(second, epoch_record(1, 0.55, true));
    recorder.end(second, end_record(0.80, 1));
    recorder.begin(run_record("b-33"), split_record());
  }
};

TEST_F(CommandsTest, WithoutResultsEveryCommandSaysWhatToDo) {
  for (const auto& error : {error_of([&] { return run_ls({.common = common()}); }), sql_error("SELECT 1"),
                            error_of([&] { return run_show({.common = common(), .run = "1"}); }),
                            error_of([&] { return run_best({.common = common()}); })}) {
    EXPECT_THAT(error, HasSubstr("no results yet: there is no " + database.string() + "; run an experiment first"));
  }
}

TEST_F(CommandsTest, ListsNewestFirst) {
  record_two_runs();
  EXPECT_THAT(ls(),
              MatchesRegex("run  name  data       status    seed  cardinality  epochs  validation_accuracy  "
                           "test_accuracy  started               "
                           "duration\n"
                           "  3  b-33  files      running    365           32       0                            "
                           "          ....-..-..T..:..:..Z\n"
                           "  2  a-22  generated  finished     7            8       1               0.5500         "
                           "0.8000  ....-..-..T..:..:..Z      "
                           " 9 s\n"
                           "  1  a-11  files      finished   365           32       3               0.7000         "
                           "0.9123  ....-..-..T..:..:..Z      "
                           " 9 s\n"));
  const nlohmann::json runs = nlohmann::json::parse(ls(TableFormat::json));
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[2]["test_accuracy"], 0.9123);
  EXPECT_EQ(runs[0]["test_accuracy"], nullptr);
  EXPECT_EQ(runs[2]["seconds"], 9.0);
}

TEST_F(CommandsTest, TellsTheBestInWords) {
  record_two_runs();
  EXPECT_EQ(output_of([&] { return run_best({.common = common()}); }),
            "best validation accuracy 0.7000: run 1 a-11 (epoch 2 of 3); its test accuracy is 0.9123\n");
  EXPECT_EQ(output_of([&] { return run_best({.common = common(), .metric = "validation_loss"}); }),
            "best validation loss 0.8000: run 1 a-11 (epoch 2 of 3); its test loss is 0.4000\n");
  EXPECT_THAT(output_of([&] { return run_best({.common = common(), .limit = 5}); }), HasSubstr("\n  2  a-22"));
  const auto best =
      nlohmann::json::parse(output_of([&] { return run_best({.common = common(TableFormat::json), .limit = 2}); }));
  ASSERT_EQ(best.size(), 2u);
  EXPECT_EQ(best[0]["run"], 1);
  EXPECT_EQ(best[1]["generated_data"], true);
}

// What a look at the test part chooses is told as such.
TEST_F(CommandsTest, ChoosingByTheTestPartIsTold) {
  record_two_runs();
  const auto best = [&](const std::string& metric) {
    ::testing::internal::CaptureStderr();
    const std::string out = output_of([&] { return run_best({.common = common(), .metric = metric}); });
    return out + ::testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(best("test_accuracy"), AllOf(HasSubstr("best test accuracy 0.9123: run 1 a-11 (epoch 2 of 3)\n"),
                                           HasSubstr("note: chosen by the test part, the best of 2 runs is biased "
                                                     "upwards; without --metric validation chooses\n")));
  EXPECT_THAT(best("validation_accuracy"), Not(HasSubstr("note:")));
}

// The best of different exams is nobody's best.
TEST_F(CommandsTest, RunsOnDifferentImagesAreNotRankedWithoutAWord) {
  Recorder recorder(database);
  const auto record = [&](const std::string& name, double accuracy, const std::string& content,
                          const std::string& split) {
    RunRecord run = run_record(name);
    run.content_hash = content + "0123456789";
    run.split_hash = split + "0123456789";
    const std::int64_t id = recorder.begin(run, {});
    recorder.epoch(id, epoch_record(1, accuracy, true));
    recorder.end(id, end_record(0.5, 1));
  };
  const auto best = [&](std::vector<std::string> where, TableFormat format = TableFormat::text) {
    BestOptions options{.common = common(format), .limit = 5};
    options.where = std::move(where);
    ::testing::internal::CaptureStderr();
    const std::string out = output_of([&] { return run_best(options); });  // before what is captured meanwhile is taken
    return out + ::testing::internal::GetCapturedStderr();
  };
  record("a-1", 0.90, "aaaa1111", "cccc1111");
  record("a-2", 0.91, "aaaa1111", "cccc1111");
  EXPECT_THAT(best({}), Not(HasSubstr("warning")));
  EXPECT_THAT(best({}), Not(HasSubstr("split_hash")));
  EXPECT_THAT(best({}), Not(HasSubstr("note:")));
  record("a-3", 0.95, "aaaa1111", "dddd2222");
  EXPECT_THAT(best({}),
              HasSubstr("\nwarning: 3 runs on 2 different splits of the same images are ranked together, but "
                        "results on different images are not comparable; to rank only runs like the best one: "
                        "--where split_hash=dddd2222\n"));
  EXPECT_THAT(best({}), HasSubstr("  aaaa1111      cccc1111"));
  EXPECT_THAT(best({"split_hash=cccc"}), Not(HasSubstr("warning")));
  record("b-1", 0.99, "bbbb3333", "eeee3333");
  EXPECT_THAT(best({}), HasSubstr("warning: 4 runs on 2 different sets of images"));
  EXPECT_THAT(best({}), HasSubstr("--where content_hash=bbbb3333 split_hash=eeee3333\n"));
  const std::string json = best({}, TableFormat::json);
  const auto rows = nlohmann::json::parse(json);
  EXPECT_EQ(rows[0]["ranked_runs"], 4);
  EXPECT_EQ(rows[0]["ranked_on_the_same"], 1);
  EXPECT_EQ(rows[2]["ranked_on_the_same"], 2);
  EXPECT_EQ(rows[2]["split_hash"], "cccc11110123456789");
  // The view ranks them apart where the images differ.
  EXPECT_EQ(one(database, "SELECT group_concat(rank) FROM (SELECT rank FROM v_leaderboard ORDER BY run)"), "3,2,1,1");
  RunRecord other = run_record("a-4");
  other.content_hash = "other images";
  const std::int64_t id = recorder.begin(other, {});
  recorder.epoch(id, epoch_record(1, 0.1, true));
  recorder.end(id, end_record(0.1, 1));
  EXPECT_EQ(one(database, "SELECT rank FROM v_leaderboard WHERE name = 'a-4'"), "1");
}

TEST_F(CommandsTest, ALossIsBestWhenSmall) {
  Recorder recorder(database);
  for (const auto& [name, loss] : {std::pair("a-1", 0.5), std::pair("a-2", 0.3), std::pair("a-3", 0.4)}) {
    const std::int64_t run = recorder.begin(run_record(name), {});
    EpochRecord epoch = epoch_record(1, 0.5, true);
    epoch.metrics["validation_loss"] = loss;
    recorder.epoch(run, epoch);
    recorder.end(run, end_record(0.5, 1));
  }
  EXPECT_EQ(cell(best_runs(database, "validation_loss", 3), 0, "name"), "a-2");
  EXPECT_EQ(cell(best_runs(database, "validation_loss", 3), 2, "name"), "a-1");
}

TEST_F(CommandsTest, GeneratedDataIsSaidLoudly) {
  Recorder recorder(database);
  RunRecord record = run_record("a-1");
  record.generated_data = true;
  const std::int64_t run = recorder.begin(record, {});
  recorder.epoch(run, epoch_record(1, 0.5, true));
  recorder.end(run, end_record(0.9, 1));
  EXPECT_THAT(output_of([&] { return run_best({.common = common()}); }), HasSubstr("GENERATED data"));
  EXPECT_THAT(ls(), HasSubstr("generated"));
}

TEST_F(CommandsTest, AnUnknownMetricHasANearestName) {
  record_two_runs();
  EXPECT_THAT(error_of([&] { return run_best({.common = common(), .metric = "validation_acuracy"}); }),
              HasSubstr("did you mean `validation_accuracy`?"));
  EXPECT_THAT(error_of([&] { return run_best({.common = common(), .metric = "zzz"}); }), HasSubstr("test_auc"));
  EXPECT_THAT(error_of([&] { return run_best({.common = common(), .metric = "test_f1"}); }),
              HasSubstr("no finished run has a test_f1 yet"));
  EXPECT_THAT(error_of([&] { return run_best({.common = common(), .limit = 0}); }), HasSubstr("at least 1"));
}

TEST_F(CommandsTest, ShowsARunByNumberNameOrBeginning) {
  record_two_runs();
  const std::string page = show("1");
  EXPECT_EQ(page, show("a-11"));
  EXPECT_EQ(page, show("a-1"));
  EXPECT_THAT(page, HasSubstr("  test_accuracy         0.9123\n"));
  EXPECT_THAT(page, HasSubstr("Parameters in which this experiment's runs differ\n  name                 value\n  "
                              "network.cardinality     32\n  seed                   365\n"));
  EXPECT_THAT(page, HasSubstr("  images.train          1\n"));
  EXPECT_THAT(page, HasSubstr("  environment.libtorch  1.13.1\n"));
  EXPECT_THAT(page, HasSubstr("  epoch  best         learning_rate  train_loss  train_accuracy  validation_loss  "
                              "validation_accuracy  validation_auc  duration"));
  EXPECT_THAT(page, HasSubstr("validation_accuracy  ▁█▅\n"));
  EXPECT_THAT(show("b-33"), HasSubstr("No epoch has been completed"));
  EXPECT_THAT(error_of([&] { return run_show({.common = common(), .run = "a-"}); }),
              HasSubstr("`a-` matches 2 runs: a-22, a-11"));
  EXPECT_THAT(error_of([&] { return run_show({.common = common(), .run = "b-34"}); }),
              HasSubstr("did you mean `b-33`?"));
  EXPECT_THAT(error_of([&] { return run_show({.common = common(), .run = "99"}); }), HasSubstr("there is no run `99`"));
}

// What a removed run had, and what can alter no number, tells nothing apart.
TEST_F(CommandsTest, ShowsOnlyParametersThatTellRunsApart) {
  {
    Recorder recorder(database);
    RunRecord record = run_record("a-1", 1);
    record.params.insert(record.params.end(), {{"machine.threads", "1"}, {"data.path", "/here"}, {"description", "x"}});
    recorder.end(recorder.begin(record, {}), end_record(0.9, 1));
    record = run_record("a-2", 2);
    record.params.insert(record.params.end(),
                         {{"machine.threads", "2"}, {"data.path", "/there"}, {"description", "y"}});
    recorder.end(recorder.begin(record, {}), end_record(0.9, 1));
    record = run_record("a-3", 3);
    set_parameter(record, "network.cardinality", "8");
    recorder.end(recorder.begin(record, {}), end_record(0.9, 1));
  }
  const auto varying = [&] {
    std::string names;
    const auto shown = nlohmann::json::parse(show("a-1", TableFormat::json));
    for (const auto& param : shown["params"])
      if (param["varies"] == true) names += param["name"].get<std::string>() + " ";
    return names;
  };
  EXPECT_EQ(varying(), "network.cardinality seed ");
  remove_runs(database, {"a-3"}, false);
  EXPECT_EQ(varying(), "seed ");
}

TEST_F(CommandsTest, ShowsARunToMachines) {
  record_two_runs();
  const auto run = nlohmann::json::parse(show("1", TableFormat::json));
  EXPECT_EQ(run["run"]["test_accuracy"], 0.9123);
  EXPECT_EQ(run["epochs"].size(), 3u);
  EXPECT_EQ(run["params"].size(), 6u);
  EXPECT_THAT(show("1", TableFormat::csv), HasSubstr("\n1,2,true,0.0001,0.7,0.6,0.8,0.7,,0.75,,,2.5,102\n"));
  EXPECT_THAT(show("1", TableFormat::markdown), HasSubstr("| test_accuracy | 0.9123 |\n"));
}

TEST_F(CommandsTest, AnswersSql) {
  record_two_runs();
  EXPECT_EQ(sql("SELECT run, test_accuracy FROM v_best ORDER BY validation_accuracy DESC LIMIT 1"),
            "run  test_accuracy\n  1         0.9123\n");
  EXPECT_EQ(sql("SELECT name FROM runs WHERE id = 1;  -- a remark\n", TableFormat::csv), "name\na-11\n");
  EXPECT_THAT(sql("EXPLAIN QUERY PLAN SELECT * FROM v_best"), HasSubstr("SEARCH"));
  EXPECT_THAT(sql("PRAGMA table_info(v_best)"), HasSubstr("test_accuracy"));
  EXPECT_EQ(sql("SELECT name FROM pragma_table_info('artifacts') WHERE pk = 2"), "name\nfile\n");
  EXPECT_EQ(sql("SELECT value FROM json_each('[3]')"), "value\n    3\n");
}

TEST_F(CommandsTest, AnErrorInSqlHasItsPlace) {
  record_two_runs();
  EXPECT_EQ(sql_error("SELECT run, validation_acuracy FROM v_best"),
            "SQL:1:13: error: no such column: validation_acuracy\n"
            "  1 | SELECT run, validation_acuracy FROM v_best\n"
            "    |             ^~~~~~~~~~~~~~~~~~\n"
            "    = did you mean `validation_accuracy`?\n");
  EXPECT_THAT(sql_error("SELECT *\nFROM v_besst"), HasSubstr("did you mean `v_best`?"));
  EXPECT_THAT(sql_error("SELECT 'ä',\n  'ö' frm v_best"), HasSubstr("SQL:2:11: error: near \"v_best\": syntax error"));
  EXPECT_THAT(sql_error("SELECT 1; SELECT 2"), HasSubstr("SQL:1:11: error: a second statement"));
  EXPECT_THAT(sql_error(" -- nothing"), HasSubstr("the statement is missing"));
  EXPECT_THAT(sql_error("SELECT"), HasSubstr("incomplete input"));
}

TEST_F(CommandsTest, SqlOnlyReads) {
  record_two_runs();
  const std::string before = one(database, "SELECT count(*) || ' ' || sum(epochs) FROM runs");
  for (const char* statement : {"DELETE FROM runs",
                                "UPDATE runs SET name = 'x'",
                                "INSERT INTO experiments (name) VALUES ('x')",
                                "DROP TABLE runs",
                                "CREATE TABLE t (a)",
                                "CREATE TEMP TABLE t (a)",
                                "ATTACH '/tmp/other.db' AS other",
                                "PRAGMA user_version = 4",
                                "PRAGMA journal_mode = WAL",
                                "PRAGMA query_only = OFF",
                                "PRAGMA writable_schema = ON",
                                "BEGIN IMMEDIATE",
                                "VACUUM",
                                "VACUUM INTO '/tmp/x.db'",
                                "REINDEX",
                                "ANALYZE",
                                "SELECT load_extension('x')",
                                "ALTER TABLE runs ADD COLUMN x",
                                "SAVEPOINT s",
                                "PRAGMA locking_mode = EXCLUSIVE",
                                "WITH x AS (SELECT 1) DELETE FROM runs",
                                "UPDATE sqlite_master SET name = 'x'",
                                "DELETE FROM sqlite_schema",
                                "SELECT fts3_tokenizer('simple', x'00')",
                                "EXPLAIN DELETE FROM runs"}) {
    EXPECT_THROW(query(database, statement), Error) << statement;
  }
  EXPECT_EQ(one(database, "SELECT count(*) || ' ' || sum(epochs) FROM runs"), before);
  EXPECT_EQ(sql_error("DELETE FROM runs"), "error: only statements that read are allowed: changing runs is not\n");
}

TEST_F(CommandsTest, ForeignTextIsHarmlessInEveryFormat) {
  Recorder recorder(database);
  RunRecord record = run_record("a-1");
  record.file = "=HYPERLINK(\"http://x\")";
  record.command = "-1+1\x1b[2J\xe2\x80\xae";
  const std::string folder_name = "a\nb,\"c\" | <b>";
  recorder.begin(record, {});
  Connection(database, Connection::Mode::read_write)
      .execute(("UPDATE runs SET folder = '" + folder_name + "'").c_str());
  const std::string statement = "SELECT file, command, folder, '-12.5' AS number, '@x' AS \"+head\" FROM runs";
  EXPECT_EQ(sql(statement, TableFormat::csv),
            "file,command,folder,number,'+head\n"
            "\"'=HYPERLINK(\"\"http://x\"\")\",'-1+1\\x1B[2J\\xE2\\x80\\xAE,\"a\nb,\"\"c\"\" | <b>\",-12.5,'@x\n");
  for (TableFormat format : {TableFormat::text, TableFormat::json, TableFormat::csv, TableFormat::markdown}) {
    const std::string out = sql(statement, format);
    EXPECT_EQ(out.find('\x1b'), std::string::npos);
    EXPECT_EQ(out.find("\xe2\x80\xae"), std::string::npos);
  }
  EXPECT_THAT(sql(statement, TableFormat::markdown), HasSubstr("\\| \\<b>"));
  EXPECT_EQ(nlohmann::json::parse(sql(statement, TableFormat::json))[0]["folder"], folder_name);
}

// A flipped bit can turn a text into a number, whatever the schema says.
TEST_F(CommandsTest, ACellOfAnotherTypeIsADamagedDatabase) {
  EXPECT_EQ(text_in(Value("a")), "a");
  EXPECT_EQ(integer_in(Value(std::int64_t{7})), 7);
  for (const auto& read :
       {std::function<void()>([] { text_in(Value(std::int64_t{1})); }), std::function<void()>([] { text_in(Value()); }),
        std::function<void()>([] { integer_in(Value("1")); }), std::function<void()>([] { integer_in(Value(1.0)); })})
    EXPECT_THROW(read(), Error);
}

TEST_F(CommandsTest, OddResultsRender) {
  record_two_runs();
  EXPECT_EQ(
      sql("SELECT x'00ff' AS blob, NULL AS none, 1e300 * 1e300 AS infinite, 5 AS five, 5 AS five", TableFormat::csv),
      "blob,none,infinite,five,five\nx'00FF',,inf,5,5\n");
  const auto json =
      nlohmann::json::parse(sql("SELECT 5 AS five, 6 AS five, 1e300 * 1e300 AS infinite", TableFormat::json));
  EXPECT_EQ(json[0]["five"], 5);
  EXPECT_EQ(json[0]["five_2"], 6);
  EXPECT_EQ(json[0]["infinite"], nullptr);
  EXPECT_EQ(sql("SELECT name FROM runs WHERE 0"), "name\n");
  EXPECT_EQ(sql("SELECT name FROM runs WHERE 0", TableFormat::json), "[]\n");
}

TEST_F(CommandsTest, ATextResultIsBounded) {
  record_two_runs();
  const std::string endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
  const std::string out = sql(endless);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1001);
  EXPECT_TRUE(query(database, endless, {}, 10).more);
  EXPECT_FALSE(query(database, "SELECT 1", {}, 10).more);
  EXPECT_THAT(sql_error("SELECT zeroblob(2000000000)"), HasSubstr("too big"));
}

}  // namespace
}  // namespace rxrun::testing
