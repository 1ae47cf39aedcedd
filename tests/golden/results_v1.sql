-- results.db, schema version 1.
--
-- The views are the public interface: their columns stay, later versions only add. README.md beside this file explains
-- every column. Rules that hold throughout:
--   * order is by id, never by a clock; times are UTC, ISO 8601; durations come from a steady clock, in seconds;
--   * NULL in a metric means "not measured" or "not a number";
--   * a column named `run` is runs.id.

PRAGMA application_id = 1920496238;  -- "rxrn"
PRAGMA user_version = 1;

CREATE TABLE experiments (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE runs (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice, even after a deletion
  experiment        INTEGER NOT NULL REFERENCES experiments (id),
  name              TEXT NOT NULL UNIQUE,
  identity          TEXT NOT NULL,      -- SHA-256 of all that can alter a number
  configuration     TEXT NOT NULL,      -- equal for runs that differ by nothing but the seed
  status            TEXT NOT NULL CHECK (status IN ('running', 'finished', 'interrupted', 'failed')),
  reason            TEXT,               -- of a failure or an interruption
  seed              ANY NOT NULL,       -- INTEGER; decimal TEXT from 2^63 on
  generated_data    INTEGER NOT NULL CHECK (generated_data IN (0, 1)),
  file              TEXT NOT NULL,
  command           TEXT NOT NULL,
  resolved          TEXT NOT NULL,      -- the experiment with every default filled in, YAML
  folder            TEXT NOT NULL,      -- relative to results.db
  content_hash      TEXT NOT NULL,
  split_hash        TEXT NOT NULL,
  split_run         INTEGER REFERENCES runs (id),  -- the run that holds the rows of this split; often an earlier one
  skipped_images    INTEGER NOT NULL,
  parameters        INTEGER NOT NULL,
  multiply_adds     INTEGER NOT NULL,
  -- progress, kept up by every epoch's transaction
  epochs            INTEGER NOT NULL DEFAULT 0,
  best_epoch        INTEGER,
  images_per_second REAL,               -- mean over the epochs
  seconds           REAL,
  started           TEXT NOT NULL,
  heartbeat         TEXT NOT NULL,      -- the last time that the run wrote
  finished          TEXT,
  -- the process that writes this run; a `running` row whose process is gone was interrupted
  host              TEXT NOT NULL,
  boot_id           TEXT NOT NULL,
  pid_namespace     TEXT NOT NULL,
  pid               INTEGER NOT NULL,
  process_start     INTEGER NOT NULL    -- clock ticks since boot: a pid is used again, the pair is not
) STRICT;

CREATE INDEX runs_by_identity ON runs (identity);
CREATE INDEX runs_by_experiment ON runs (experiment, configuration);
CREATE INDEX runs_by_split ON runs (split_hash);
CREATE INDEX runs_running ON runs (id) WHERE status = 'running';

-- The resolved experiment, flat: "network.cardinality" -> 32. Numbers are stored as numbers, so that they compare as
-- such.
CREATE TABLE params (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value ANY NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE epochs (
  run               INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  epoch             INTEGER NOT NULL CHECK (epoch > 0),
  learning_rate     REAL,
  seconds           REAL,
  images_per_second REAL,
  best              INTEGER NOT NULL CHECK (best IN (0, 1)),  -- the best so far
  checkpoint        TEXT,                                     -- relative to results.db
  written           TEXT NOT NULL,
  PRIMARY KEY (run, epoch)
) STRICT, WITHOUT ROWID;

-- Every metric by name. Epoch 0 holds the run's final values: those of the best epoch and, once finished, validation_*.
CREATE TABLE metrics (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  epoch INTEGER NOT NULL CHECK (epoch >= 0),
  name  TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (run, epoch, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX metrics_final ON metrics (name, value) WHERE epoch = 0;

-- One row a run, derived from metrics in the same transaction: it lets a question about 10,000 runs leave the millions
-- of metric rows alone.
CREATE TABLE results (
  run                          INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
  train_accuracy               REAL,
  train_loss                   REAL,
  test_accuracy                REAL,
  test_balanced_accuracy       REAL,
  test_auc                     REAL,
  test_f1                      REAL,
  test_brier                   REAL,
  test_loss                    REAL,
  validation_accuracy          REAL,
  validation_balanced_accuracy REAL,
  validation_auc               REAL,
  validation_f1                REAL,
  validation_brier             REAL,
  validation_loss              REAL
) STRICT;

CREATE INDEX results_by_accuracy ON results (validation_accuracy);
CREATE INDEX results_by_auc ON results (validation_auc);
CREATE INDEX results_by_loss ON results (validation_loss);

-- What the network said of each image of the validation part.
CREATE TABLE predictions (
  run         INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  position    INTEGER NOT NULL,
  sample      TEXT NOT NULL,
  label       INTEGER NOT NULL,
  predicted   INTEGER NOT NULL,
  probability REAL,               -- of the predicted class
  PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

-- Which image was in which part. Runs with the same split share one copy: see runs.split_run and v_splits.
CREATE TABLE splits (
  run        INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  sample     TEXT NOT NULL,
  label      INTEGER NOT NULL,
  group_name TEXT NOT NULL,
  part       TEXT NOT NULL,
  PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
  run    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  file   TEXT NOT NULL,           -- relative to results.db
  sha256 TEXT NOT NULL,
  PRIMARY KEY (run, file)
) STRICT, WITHOUT ROWID;

CREATE TABLE environment (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

-- Every run, one wide row each. train_* and test_* are those of the best epoch.
CREATE VIEW v_runs AS
SELECT r.id AS run, r.name, x.name AS experiment, r.status, r.seed, r.generated_data, r.epochs, r.best_epoch,
       s.train_accuracy, s.train_loss,
       s.test_accuracy, s.test_balanced_accuracy, s.test_auc, s.test_f1, s.test_brier, s.test_loss,
       s.validation_accuracy, s.validation_balanced_accuracy, s.validation_auc, s.validation_f1, s.validation_brier,
       s.validation_loss,
       r.parameters, r.multiply_adds,
       (SELECT value FROM params WHERE run = r.id AND name = 'network.cardinality') AS cardinality,
       (SELECT value FROM params WHERE run = r.id AND name = 'network.base_width') AS base_width,
       r.images_per_second, r.seconds, r.started, r.heartbeat, r.finished, r.skipped_images, r.configuration,
       r.identity, r.folder, r.file, r.reason
FROM runs r JOIN experiments x ON x.id = r.experiment LEFT JOIN results s ON s.run = r.id;

-- Finished runs: SELECT * FROM v_best ORDER BY validation_accuracy DESC LIMIT 1
-- CROSS JOIN keeps `results` outermost, so that its indexes give the order and the first row ends the search.
CREATE VIEW v_best AS
SELECT s.run, r.name, x.name AS experiment, r.seed, r.generated_data, r.best_epoch, r.epochs,
       s.validation_accuracy, s.validation_balanced_accuracy, s.validation_auc, s.validation_f1, s.validation_brier,
       s.validation_loss,
       s.test_accuracy, s.test_auc, s.test_loss, s.train_accuracy, s.train_loss,
       r.parameters, r.seconds, r.finished, r.folder
FROM results s CROSS JOIN runs r ON r.id = s.run CROSS JOIN experiments x ON x.id = r.experiment
WHERE r.status = 'finished';

-- Every epoch of every run. Correlated look-ups, not a GROUP BY: one run's curve touches that run's rows only.
CREATE VIEW v_curves AS
SELECT e.run, e.epoch, e.best, e.learning_rate,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'train_loss')
         AS train_loss,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'train_accuracy')
         AS train_accuracy,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'test_loss')
         AS test_loss,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'test_accuracy')
         AS test_accuracy,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'test_balanced_accuracy')
         AS test_balanced_accuracy,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'test_auc')
         AS test_auc,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'test_f1')
         AS test_f1,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'test_brier')
         AS test_brier,
       e.seconds, e.images_per_second, e.checkpoint
FROM epochs e;

-- Finished runs ranked within their experiment, with mean and sample deviation over the seeds of equal configuration.
-- A seed that was run more than once counts once. Runs on generated data are ranked apart.
CREATE VIEW v_leaderboard AS
WITH by_seed AS (
  SELECT r.experiment, r.configuration, r.seed, avg(s.validation_accuracy) AS accuracy
  FROM results s JOIN runs r ON r.id = s.run
  WHERE r.status = 'finished' AND s.validation_accuracy IS NOT NULL
  GROUP BY r.experiment, r.configuration, r.seed
), means AS (
  SELECT experiment, configuration, count(*) AS seeds, avg(accuracy) AS mean
  FROM by_seed GROUP BY experiment, configuration
), spreads AS (
  SELECT m.experiment, m.configuration, m.seeds, m.mean,
         CASE WHEN m.seeds > 1 THEN sqrt(sum((b.accuracy - m.mean) * (b.accuracy - m.mean)) / (m.seeds - 1)) END
           AS deviation
  FROM means m JOIN by_seed b ON b.experiment = m.experiment AND b.configuration = m.configuration
  GROUP BY m.experiment, m.configuration
)
SELECT x.name AS experiment,
       rank() OVER (PARTITION BY r.experiment, r.generated_data ORDER BY s.validation_accuracy DESC) AS rank,
       r.id AS run, r.name, r.seed, r.generated_data, s.validation_accuracy, s.validation_auc, s.validation_loss,
       g.seeds, g.mean AS mean_validation_accuracy, g.deviation AS deviation_validation_accuracy,
       r.configuration, r.parameters
FROM results s JOIN runs r ON r.id = s.run JOIN experiments x ON x.id = r.experiment
     JOIN spreads g ON g.experiment = r.experiment AND g.configuration = r.configuration
WHERE r.status = 'finished' AND s.validation_accuracy IS NOT NULL;

-- The split of each run, wherever its rows are kept.
CREATE VIEW v_splits AS
SELECT r.id AS run, s.position, s.sample, s.label, s.group_name, s.part
FROM runs r JOIN splits s ON s.run = r.split_run;

INSERT INTO experiments VALUES (1, 'old');
INSERT INTO runs (id, experiment, name, identity, configuration, status, seed, generated_data, file, command, resolved, folder,
                  content_hash, split_hash, split_run, skipped_images, parameters, multiply_adds, started, heartbeat, host, boot_id,
                  pid_namespace, pid, process_start)
VALUES (1, 1, 'old-1', 'identity', 'configuration', 'finished', 1, 0, 'old.yaml', 'rxrun old.yaml', 'name: old', 'checkpoints/old-1',
        'content', 'split', 1, 0, 10, 20, '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', 'host', 'boot', 'namespace', 1, 1);
