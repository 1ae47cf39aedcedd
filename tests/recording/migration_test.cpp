// From version 4, with its reversed names of parts and wide tables, to version 5: golden/results_v4.sql, made by rxrun
// 0.1 from golden/results_v4.yaml.
#include <gmock/gmock.h>

#include <fstream>

#include "recording/connection.h"
#include "recording/migrate_4_to_5.h"
#include "recording/reading.h"
#include "recording/record_file.h"
#include "recording/run_rows.h"
#include "recording/schema.h"
#include "recording/sweep_rows.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class MigrationTest : public TemporaryResults {
 protected:
  MigrationTest() {
    std::ofstream(database).close();
    std::stringstream sql;
    sql << std::ifstream(fs::path(RXRUN_GOLDEN) / "results_v4.sql").rdbuf();
    Connection(database, Connection::Mode::read_write).execute(sql.str().c_str());
    fs::create_directories(finished);
    std::ofstream(finished / "experiment.yaml") << "keep_best: {metric: test_auc}\n";
    std::ofstream(finished / "preprocessing.json")
        << R"({"classes": ["benign", "malignant"], "channels": 3, "mean": [0, 0, 0], "deviation": [1, 1, 1]})";
  }

  std::string of_version_4(const std::string& sql) {
    Connection before(folder / "results.db.v4.bak", Connection::Mode::read_only);
    Statement select(before, sql);
    return select.step() ? select.text(0) : "no row";
  }

  const fs::path finished = folder / "checkpoints/old-717eaccb";
};

TEST_F(MigrationTest, WhatWasTestIsValidationAndTheOtherWayRound) {
  { Recorder{database}; }
  EXPECT_EQ(one(database, "SELECT printf('%.15g', validation_loss) FROM v_runs WHERE run = 1"),
            of_version_4("SELECT printf('%.15g', test_loss) FROM results WHERE run = 1"));
  EXPECT_EQ(one(database, "SELECT printf('%.15g', test_loss) FROM v_runs WHERE run = 1"),
            of_version_4("SELECT printf('%.15g', validation_loss) FROM results WHERE run = 1"));
  EXPECT_EQ(one(database, "SELECT group_concat(validation_auc) FROM v_curves WHERE run = 3"),
            of_version_4("SELECT group_concat(value) FROM metrics WHERE run = 3 AND epoch > 0 AND name = 'test_auc'"));
  EXPECT_EQ(one(database, "SELECT value FROM params WHERE run = 1 AND name = 'training.keep_best.metric'"),
            "validation_auc");
  EXPECT_EQ(one(database,
                "SELECT group_concat(part || ' ' || images) FROM (SELECT part, count(*) AS images FROM"
                " v_splits WHERE run = 1 GROUP BY part)"),
            of_version_4("SELECT group_concat(part || ' ' || images) FROM (SELECT CASE part WHEN 'test' THEN"
                         " 'validation' WHEN 'validation' THEN 'test' ELSE part END AS part, count(*) AS images FROM"
                         " v_splits WHERE run = 1 GROUP BY 1)"));
  EXPECT_THAT(one(database, "SELECT resolved FROM runs WHERE id = 1"), HasSubstr("metric: validation_auc"));
  EXPECT_THAT(one(database, "SELECT resolved FROM points WHERE status = 'waiting'"), HasSubstr("validation_auc"));
}

TEST_F(MigrationTest, NothingIsLost) {
  { Recorder{database}; }
  EXPECT_EQ(one(database, "SELECT count(*) FROM metrics WHERE name <> 'learning_rate'"),
            of_version_4("SELECT count(*) FROM metrics WHERE epoch > 0"));
  EXPECT_EQ(one(database, "SELECT group_concat(learning_rate || images_per_second) FROM v_curves"),
            of_version_4("SELECT group_concat(learning_rate || images_per_second) FROM epochs"));
  EXPECT_EQ(one(database, "SELECT group_concat(sample || predicted || probability) FROM v_predictions"),
            of_version_4("SELECT group_concat(sample || predicted || probability) FROM predictions"));
  EXPECT_EQ(one(database, "SELECT count(*) FROM outputs WHERE sample IS NOT NULL"), "0") << "the split has the names";
  EXPECT_EQ(
      one(database, "SELECT parameters || ' ' || multiply_adds || ' ' || skipped_images FROM v_runs WHERE run = 1"),
      of_version_4("SELECT parameters || ' ' || multiply_adds || ' ' || skipped_images FROM runs WHERE id = 1"));
  EXPECT_EQ(one(database, "SELECT value FROM properties WHERE run = 1 AND name = 'environment.libtorch'"),
            of_version_4("SELECT value FROM environment WHERE run = 1 AND name = 'libtorch'"));
  EXPECT_EQ(one(database, "SELECT tags || note FROM v_runs WHERE run = 1"), "papera note");
  EXPECT_EQ(one(database, "SELECT checkpoint_key FROM runs WHERE id = 3"),
            of_version_4("SELECT identity FROM runs WHERE id = 3"))
      << "its checkpoints bear that";
  EXPECT_EQ(one(database, "SELECT group_concat(name) FROM v_classes WHERE run = 1 AND part = 'train'"),
            "benign,malignant");
  EXPECT_EQ(one(database, "PRAGMA integrity_check"), "ok");
  Connection connection(database, Connection::Mode::read_only);
  EXPECT_FALSE(Statement(connection, "PRAGMA foreign_key_check").step());
}

TEST_F(MigrationTest, TheFolderGetsTheExperimentAndTheRecord) {
  { Recorder{database}; }
  std::stringstream text;
  text << std::ifstream(finished / "experiment.yaml").rdbuf();
  EXPECT_EQ(text.str(), one(database, "SELECT resolved FROM runs WHERE id = 1"));
  const RunHistory kept = read_record(finished);
  Connection connection(database, Connection::Mode::read_only);
  const RunHistory rows = history_of(connection, 1);
  RunRecord record = rows.run;
  record.folder.clear();
  EXPECT_EQ(kept.run, record);
  EXPECT_EQ(kept.split, rows.split);
  EXPECT_EQ(kept.evaluations, rows.evaluations);
  EXPECT_EQ(kept.words, rows.words);
  ASSERT_EQ(kept.epochs.size(), 1u);
  EXPECT_EQ(kept.epochs[0].metrics, rows.epochs[0].metrics);
}

TEST_F(MigrationTest, AChoiceIsAValue) {
  { Recorder{database}; }
  const auto value = [&](const std::string& name) {
    return one(database, "SELECT value FROM params WHERE run = 1 AND name = '" + name + "'");
  };
  const std::string optimizer = value("training.optimizer"), stem = value("network.stem");
  EXPECT_EQ(optimizer, "adam");
  EXPECT_THAT(stem, StartsWith("[{conv: {"));
  EXPECT_EQ(value("network.stem.0"), "conv");
  // From version 5, the last without them.
  Connection(database, Connection::Mode::read_write)
      .execute("DELETE FROM params WHERE name IN ('training.optimizer', 'network.stem'); PRAGMA user_version = 5");
  { Recorder{database}; }
  EXPECT_EQ(value("training.optimizer"), optimizer);
  EXPECT_EQ(value("network.stem"), stem);
  Connection before(folder / "results.db.v5.bak", Connection::Mode::read_only);
  EXPECT_FALSE(Statement(before, "SELECT 1 FROM params WHERE name = 'training.optimizer'").step());
}

// A sweep whose waiting points nobody but its plan can identify is continued, not begun again.
TEST_F(MigrationTest, ASweepIsContinued) {
  SweepRows sweeps(database);
  const std::string finished_point = one(database, "SELECT identity FROM runs WHERE id = 1");
  EXPECT_NE(finished_point, of_version_4("SELECT identity FROM runs WHERE id = 1"));
  EXPECT_EQ(one(database, "SELECT group_concat(identity) FROM points WHERE status = 'finished'"), finished_point);
  EXPECT_THAT(one(database, "SELECT identity FROM points WHERE status = 'waiting'"), StartsWith(kFormerIdentity));
  const auto overrides_of = [&](const std::string& position) {
    return one(database, "SELECT overrides FROM sweep_points WHERE sweep = 1 AND position = " + position);
  };
  SweepRecord again{.name = "old",
                    .declaration = "old.yaml lr=1e-3,1e-2",
                    .command = "rxrun sweep",
                    .points = {{finished_point, "name: a", overrides_of("1")},
                               {"of the second point", "name: b", R"({"training.optimizer.adam.lr": 0.02})"}}};
  EXPECT_EQ(sweeps.open(again), 2) << "another sweep is another one";
  again.points[1].overrides = overrides_of("2");
  again.points[1].identity = "of the second point of the old one";
  EXPECT_EQ(sweeps.open(again), 1);
  EXPECT_EQ(one(database, "SELECT group_concat(identity || ' ' || status) FROM points"),
            finished_point + " finished,of the second point of the old one waiting,of the second point waiting");
}

// What this version would refuse keeps what it had.
TEST_F(MigrationTest, AnExperimentThatCannotBeReadKeepsItsIdentity) {
  Connection(database, Connection::Mode::read_write)
      .execute("UPDATE runs SET resolved = 'no: experiment' WHERE id = 1");
  { Recorder{database}; }
  EXPECT_EQ(one(database, "SELECT identity FROM runs WHERE id = 1"),
            of_version_4("SELECT identity FROM runs WHERE id = 1"));
  EXPECT_EQ(one(database, "SELECT resolved FROM runs WHERE id = 1"), "no: experiment");
}

}  // namespace
}  // namespace rxrun::testing
