#include "recording/recorder.h"
#include "recording/connection.h"
#include "recording/record_file.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>

#include "child.h"
#include "diagnostics/diagnostic.h"
#include "recording/query.h"
#include "recording/tend_runs.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using ::testing::HasSubstr;

class RecorderTest : public TemporaryResults {};

TEST_F(RecorderTest, WhatIsRecordedIsThere) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
  recorder.epoch(run, epoch_record(1, 0.70, true));
  recorder.epoch(run, epoch_record(2, 0.80, true));
  recorder.epoch(run, epoch_record(3, 0.75, false));
  recorder.end(run, end_record(0.9123, 2));

  const Table best = query(database, "SELECT * FROM v_best ORDER BY validation_accuracy DESC LIMIT 1");
  ASSERT_EQ(best.rows.size(), 1u);
  EXPECT_EQ(cell(best, 0, "name"), "a-1");
  EXPECT_EQ(cell(best, 0, "test_accuracy"), "0.9123");
  EXPECT_EQ(cell(best, 0, "validation_accuracy"), "0.8");
  EXPECT_EQ(cell(best, 0, "best_epoch"), "2");
  EXPECT_EQ(cell(best, 0, "epochs"), "3");

  const Table runs = query(database, "SELECT * FROM v_runs");
  ASSERT_EQ(runs.rows.size(), 1u);
  EXPECT_EQ(cell(runs, 0, "status"), "finished");
  EXPECT_EQ(cell(runs, 0, "cardinality"), "32");
  EXPECT_EQ(cell(runs, 0, "base_width"), "4");
  EXPECT_EQ(cell(runs, 0, "images_per_second"), "102");
  EXPECT_EQ(cell(runs, 0, "seconds"), "9");
  EXPECT_EQ(cell(runs, 0, "skipped_images"), "2");

  const Table curve = query(database, "SELECT * FROM v_curves ORDER BY epoch");
  ASSERT_EQ(curve.rows.size(), 3u);
  EXPECT_EQ(cell(curve, 2, "validation_accuracy"), "0.75");
  EXPECT_EQ(cell(curve, 2, "validation_f1"), "NULL");
  EXPECT_EQ(cell(curve, 2, "best"), "0");

  EXPECT_EQ(one(database, "SELECT count(*) FROM v_splits WHERE run = 1"), "3");
  EXPECT_EQ(one(database, "SELECT sample || probability FROM v_predictions"), "c.png0.75");
  EXPECT_EQ(one(database, "SELECT file FROM artifacts"), "checkpoints/x/best.safetensors");
  EXPECT_EQ(one(database, "SELECT value FROM properties WHERE name = 'environment.libtorch'"), "1.13.1");
  EXPECT_EQ(one(database, "SELECT typeof(value) FROM params WHERE name = 'training.optimizer.adam.lr'"), "real");
  EXPECT_EQ(one(database, "SELECT value FROM results WHERE name = 'validation_accuracy'"), "0.8");
}

TEST_F(RecorderTest, ACheckpointAheadOfTheRowsIsRefused) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
  recorder.epoch(run, epoch_record(1, 0.70, true));
  recorder.epoch(run, epoch_record(2, 0.80, true));
  recorder.end(run, ended(RunStatus::interrupted, "stopped"));
  try {
    recorder.resume(run, 3);
    ADD_FAILURE() << "resumed";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("the checkpoint of run 1 is ahead of results.db: of the 3 epochs before it 2 are recorded"));
  }
  EXPECT_EQ(one(database, "SELECT status || count(*) FROM runs, epochs"), "interrupted2") << "nothing has changed";
  EXPECT_NO_THROW(recorder.resume(run, 2));
}

TEST_F(RecorderTest, AFolderThatAKilledBeginHasLeftIsTakenAgain) {
  for (const int made : {0, 1, 2, 3}) {  // files, when it was killed
    const std::filesystem::path left = folder / "checkpoints/a-1";
    std::filesystem::remove_all(folder);
    ASSERT_EQ(in_child([&] {
                Recorder(database).begin(run_record("a-1"), split_record(), [&](const RunRecord& run) {
                  if (made > 0) std::ofstream(left / "lock") << ::getpid();
                  if (made > 1) std::ofstream(left / "experiment.yaml") << run.resolved;
                  if (made > 2) begin_record(left, run, split_record());
                  ::_exit(0);
                });
              }),
              0);
    ASSERT_TRUE(std::filesystem::exists(left));
    Recorder recorder(database);
    recorder.begin(run_record("a-1"), split_record());
    EXPECT_EQ(one(database, "SELECT name || folder FROM runs"), "a-1checkpoints/a-1") << made;
  }
}

TEST_F(RecorderTest, AFolderThatHoldsMoreIsLeftAlone) {
  const std::filesystem::path left = folder / "checkpoints/a-1";
  RunRecord another = run_record("a-1");
  another.identity = "another";
  const std::vector<std::function<void()>> cases = {
      [&] { begin_record(left, another, {}); },
      [&] { std::ofstream(left / "last.safetensors") << "weights"; },
      [&] {
        begin_record(left, run_record("a-1"), {});
        record(left, epoch_record(1, 0.5, true));
      },
      [&] { std::filesystem::create_directory(left / "mine"); },
  };
  for (const auto& make : cases) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(left);
    make();
    Recorder recorder(database);
    recorder.begin(run_record("a-1"), split_record());
    EXPECT_EQ(one(database, "SELECT name FROM runs"), "a-1-2");
  }
}

TEST_F(RecorderTest, FindsTheNewestRunOfAnIdentity) {
  Recorder recorder(database);
  EXPECT_FALSE(recorder.find("identity of a-1"));
  RunRecord record = run_record("a-1");
  recorder.end(recorder.begin(record, {}), end_record(0.8, 1));
  const std::int64_t second = recorder.begin(record, {});
  recorder.epoch(second, epoch_record(1, 0.5, true));
  const auto found = recorder.find(record.identity);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, second);
  EXPECT_EQ(found->name, "a-1-2");
  EXPECT_EQ(found->status, RunStatus::running);
  EXPECT_EQ(found->epochs, 1);
  EXPECT_EQ(found->folder, "checkpoints/a-1-2");
  EXPECT_EQ(recorder.find_run(1)->name, "a-1");
  EXPECT_EQ(recorder.find_run(1)->status, RunStatus::finished);
  EXPECT_FALSE(recorder.find_run(3));
}

TEST_F(RecorderTest, ResumingRemovesTheEpochsBeyond) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-1"), {});
  recorder.epoch(run, epoch_record(1, 0.70, true));
  recorder.epoch(run, epoch_record(2, 0.60, false));
  recorder.epoch(run, epoch_record(3, 0.80, true));
  recorder.end(run, ended(RunStatus::interrupted, "stopped by signal 15"));
  EXPECT_EQ(one(database, "SELECT reason FROM v_runs"), "stopped by signal 15");
  recorder.resume(run, 2);
  const Table runs = query(database, "SELECT * FROM v_runs");
  EXPECT_EQ(cell(runs, 0, "epochs"), "2");
  EXPECT_EQ(cell(runs, 0, "best_epoch"), "1");
  EXPECT_EQ(cell(runs, 0, "validation_accuracy"), "0.7");
  EXPECT_EQ(cell(runs, 0, "status"), "running");
  EXPECT_EQ(cell(runs, 0, "reason"), "NULL");
  EXPECT_EQ(cell(runs, 0, "finished"), "NULL");
  EXPECT_EQ(one(database, "SELECT count(*) FROM metrics WHERE epoch = 3"), "0");
  recorder.epoch(run, epoch_record(3, 0.80, true));
  EXPECT_EQ(one(database, "SELECT count(*) FROM v_curves"), "3");
}

TEST_F(RecorderTest, AnEpochGivenAgainReplacesItselfAndWhatCameAfter) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-1"), {});
  recorder.epoch(run, epoch_record(1, 0.70, true));
  recorder.epoch(run, epoch_record(2, 0.80, true));
  recorder.epoch(run, epoch_record(1, 0.65, true));
  EXPECT_EQ(one(database, "SELECT count(*) || ' ' || max(validation_accuracy) FROM v_curves"), "1 0.65");
  EXPECT_EQ(one(database, "SELECT best_epoch FROM v_runs"), "1");
}

TEST_F(RecorderTest, AFinishedRunStaysFinished) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-1"), {});
  recorder.epoch(run, epoch_record(1, 0.70, true));
  recorder.end(run, end_record(0.9, 1));
  recorder.end(run, ended(RunStatus::failed, "standard output was closed"));
  EXPECT_EQ(one(database, "SELECT status FROM v_runs"), "finished");
  EXPECT_THROW(recorder.resume(run, 0), Error);
  EXPECT_THROW(recorder.epoch(run, epoch_record(2, 0.8, true)), Error);
}

TEST_F(RecorderTest, NotANumberBecomesNull) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-1"), {});
  EpochRecord epoch = epoch_record(1, std::numeric_limits<double>::quiet_NaN(), false);
  epoch.metrics["validation_loss"] = std::numeric_limits<double>::infinity();
  recorder.epoch(run, epoch);
  EXPECT_EQ(one(database, "SELECT validation_accuracy FROM v_curves"), "NULL");
  EXPECT_EQ(one(database, "SELECT validation_loss FROM v_curves"), "inf");
  EXPECT_EQ(one(database, "SELECT best_epoch FROM v_runs"), "NULL");
}

TEST_F(RecorderTest, SeedsBeyondSigned64BitsKeepTheirDigits) {
  Recorder recorder(database);
  recorder.begin(run_record("a-1", 7), {});
  recorder.begin(run_record("a-2", std::numeric_limits<std::uint64_t>::max()), {});
  EXPECT_EQ(one(database, "SELECT typeof(seed) FROM v_runs WHERE run = 1"), "integer");
  EXPECT_EQ(one(database, "SELECT seed FROM v_runs WHERE run = 2"), "18446744073709551615");
}

TEST_F(RecorderTest, EqualSplitsAreKeptOnce) {
  Recorder recorder(database);
  recorder.begin(run_record("a-1"), split_record());
  recorder.begin(run_record("a-2"), split_record());
  auto other = split_record();  // the same hash, yet another split: the rows decide
  other[0].part = "test";
  recorder.begin(run_record("a-3"), other);
  EXPECT_EQ(one(database, "SELECT count(*) FROM splits"), "6");
  EXPECT_EQ(one(database, "SELECT group_concat(part) FROM v_splits WHERE run = 2"), "train,validation,test");
  EXPECT_EQ(one(database, "SELECT group_concat(part) FROM v_splits WHERE run = 3"), "test,validation,test");
}

TEST_F(RecorderTest, HostileNamesAreDataOnly) {
  const std::string hostile = "a'); DROP TABLE runs; --\"`\x1b]0;x\x07\u2019";
  RunRecord record = run_record(hostile);
  record.params = {{hostile, hostile}};
  record.environment = {{hostile, hostile}};
  record.identity = hostile;
  {
    Recorder recorder(database);
    const std::int64_t run = recorder.begin(record, {{hostile, 0, hostile, hostile}});
    EpochRecord epoch = epoch_record(1, 0.5, true);
    epoch.metrics[hostile] = 1.0;
    recorder.epoch(run, epoch);
    RunEnd end = end_record(0.5, 1);
    end.artifacts = {{hostile, hostile}};
    end.evaluations[0].own = false;
    end.evaluations[0].data = hostile;
    end.evaluations[0].measures[0].name = hostile;
    end.evaluations[0].outputs[0].sample = hostile;
    end.reason = hostile;
    recorder.end(run, end);
    EXPECT_EQ(recorder.find(hostile)->name, hostile);
  }
  EXPECT_EQ(cell(show_run(database, hostile).facts, 0, "name"), hostile);
  EXPECT_EQ(best_runs(database, hostile, 1).columns[5], hostile);
  const std::string shown = render(list_runs(database), TableFormat::text);
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_THAT(shown, HasSubstr("DROP TABLE"));
}

// A score of the test part is the run's own only with the weights that the run kept.
TEST_F(RecorderTest, ATestScoreOfOtherWeightsIsNotTheRuns) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
  recorder.epoch(run, epoch_record(1, 0.5, true));
  recorder.end(run, ended(RunStatus::interrupted, "stopped"));
  EvaluationRecord early = test_evaluation(0.4);
  early.weights = std::string(64, 'e');
  record_evaluation(database, run, early);
  EXPECT_EQ(one(database, "SELECT test_accuracy FROM v_runs"), "NULL") << "it has not finished";
  recorder.resume(run, 1);
  recorder.epoch(run, epoch_record(2, 0.6, true));
  RunEnd end = end_record(0.9, 2);
  end.evaluations.clear();
  recorder.end(run, end);
  EXPECT_EQ(one(database, "SELECT test_accuracy FROM v_runs"), "NULL") << "its test part was left alone";
  record_evaluation(database, run, test_evaluation(0.8));
  EXPECT_EQ(one(database, "SELECT test_accuracy FROM v_runs"), "0.8");
}

// A look is a look, whoever asked for it and whatever weights it was made with.
TEST_F(RecorderTest, LooksAtATestPartAreCountedByItsContent) {
  Recorder recorder(database);
  for (const char* name : {"a-1", "b-1"}) {
    const std::int64_t run = recorder.begin(run_record(name), split_record());
    recorder.epoch(run, epoch_record(1, 0.5, true));
    recorder.end(run, end_record(0.9, 1));
  }
  record_evaluation(database, 1, test_evaluation(0.8));
  EvaluationRecord validation = test_evaluation(0.8);
  validation.part = "validation";
  record_evaluation(database, 1, validation);
  EXPECT_EQ(looks_at_test(database, "content of the test part"), 3);
  EXPECT_EQ(looks_at_test(database, "another"), 0);
  EXPECT_EQ(one(database,
                "SELECT group_concat(coalesce(looks, '-')) FROM (SELECT looks FROM v_evaluations ORDER BY"
                " evaluation)"),
            "3,3,3,-");
  // One of rxrun 0.1, of which only the split is known, is of this content as soon as that is known.
  Connection(database, Connection::Mode::read_write).execute("UPDATE evaluations SET content = NULL WHERE run = 2");
  EXPECT_EQ(looks_at_test(database, "content of the test part"), 2);
  record_evaluation(database, 1, test_evaluation(0.8));
  EXPECT_EQ(looks_at_test(database, "content of the test part"), 4);
}

// Its folder is deleted while its rows stay: it goes on all the same.
TEST_F(RecorderTest, ARunWithoutItsRecordGetsItAgain) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
  recorder.epoch(run, epoch_record(1, 0.5, true));
  recorder.end(run, ended(RunStatus::interrupted, "stopped"));
  std::filesystem::remove_all(folder / "checkpoints/a-1");
  recorder.resume(run, 1);
  recorder.epoch(run, epoch_record(2, 0.6, true));
  recorder.end(run, end_record(0.9, 2));
  const RunHistory kept = read_record(folder / "checkpoints/a-1");
  EXPECT_EQ(kept.epochs.size(), 2u);
  EXPECT_EQ(kept.run.classes, (std::vector<std::string>{"benign", "malignant"}));
  EXPECT_EQ(kept.evaluations.size(), 1u);
}

// Names and folders come apart by renaming, importing and deleting.
TEST_F(RecorderTest, ANameIsFreeWhenRowAndFolderAre) {
  namespace fs = std::filesystem;
  Recorder recorder(database);
  const auto begin = [&](const char* identity) {
    RunRecord record = run_record("a-1");
    record.identity = identity;
    RunRecord told;
    const std::int64_t run = recorder.begin(record, {}, [&](const RunRecord& begun) {
      told = begun;
      EXPECT_TRUE(fs::is_empty(folder / begun.folder));
    });
    EXPECT_EQ(one(database, "SELECT name FROM runs WHERE id = " + std::to_string(run)), told.name);
    EXPECT_EQ(told.folder, "checkpoints/" + told.name);
    return told.name;
  };
  EXPECT_EQ(begin("one"), "a-1");
  EXPECT_EQ(begin("two"), "a-1-2");
  rename_run(database, "a-1-2", "a-1-3");  // its folder is still a-1-2
  EXPECT_EQ(begin("three"), "a-1-4");
  fs::create_directories(folder / "checkpoints/a-1-5/files");  // of no run
  EXPECT_EQ(begin("four"), "a-1-6");
}

TEST_F(RecorderTest, ARunThatCannotBeginLeavesNothing) {
  namespace fs = std::filesystem;
  Recorder recorder(database);
  EXPECT_THROW(recorder.begin(run_record("a-1"), {}, [](const RunRecord&) { throw Error(Failure::run, "disk full"); }),
               Error);
  EXPECT_EQ(one(database, "SELECT count(*) FROM runs"), "0");
  EXPECT_TRUE(fs::is_empty(folder / "checkpoints"));
  recorder.begin(run_record("a-1"), {});
  try {
    recorder.begin(run_record("a-1"), {});
    FAIL() << "the same experiment twice at a time";
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::try_later);
    EXPECT_THAT(error.what(), HasSubstr("already being run, as run 1"));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "checkpoints"), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace rxrun::testing
