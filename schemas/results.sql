-- The tables of results.db, schema version 4. The views on them, the public interface, are in views.sql; steps from older
-- versions in migrations/. Rules that hold throughout:
--   * order is by id, never by a clock; times are UTC, ISO 8601; durations come from a steady clock, in seconds;
--   * NULL in a metric means "not measured" or "not a number";
--   * a column named `run` is runs.id.

PRAGMA application_id = 1920496238;  -- "rxrn"
PRAGMA user_version = 4;

CREATE TABLE experiments (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE runs (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice, even after a deletion
  experiment        INTEGER NOT NULL REFERENCES experiments (id),
  name              TEXT NOT NULL UNIQUE,
  identity          TEXT NOT NULL,      -- SHA-256 of all that is declared and read
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
  process_start     INTEGER NOT NULL,   -- clock ticks since boot: a pid is used again, the pair is not
  -- what the user says of it
  note              TEXT,
  removed           TEXT                -- when it was removed; NULL: it is there
) STRICT;

CREATE INDEX runs_by_identity ON runs (identity);
CREATE INDEX runs_by_experiment ON runs (experiment, configuration);
CREATE INDEX runs_by_split ON runs (split_hash);
CREATE INDEX runs_running ON runs (id) WHERE status = 'running';
-- Every run that is there, without its long row.
CREATE INDEX runs_there ON runs (experiment, removed) WHERE removed IS NULL;
-- All that the views on finished runs need to choose and group them: the rows themselves are long.
CREATE INDEX runs_finished ON runs (experiment, configuration, seed, split_hash, content_hash, generated_data, multiply_adds,
                                     status, removed)
  WHERE status = 'finished' AND removed IS NULL;

-- The resolved experiment, flat: "network.cardinality" -> 32. Numbers are stored as numbers, so that they compare as
-- such.
CREATE TABLE params (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value ANY NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX params_by_name ON params (name, value);

CREATE TABLE epochs (
  run               INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  epoch             INTEGER NOT NULL CHECK (epoch > 0),
  learning_rate     REAL,
  seconds           REAL,
  images_per_second REAL,
  best              INTEGER NOT NULL CHECK (best IN (0, 1)),  -- so far, by the metric of keep_best
  checkpoint        TEXT,                                     -- relative to results.db
  written           TEXT NOT NULL,
  PRIMARY KEY (run, epoch)
) STRICT, WITHOUT ROWID;

-- Every metric by name. Epoch 0 holds the run's final values: those of the best epoch and, once finished, test_*.
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

-- What the network said of each image of the test part.
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

CREATE TABLE tags (
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_by_tag ON tags (tag, run);

-- A sweep is a list of points. The same declaration over the same data gives the same identity, and continues.
CREATE TABLE sweeps (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  name        TEXT NOT NULL UNIQUE,
  identity    TEXT NOT NULL UNIQUE,  -- SHA-256 over its points' identities, in order; of a search over what it starts from
  declaration TEXT NOT NULL,         -- as it was typed or stood in the file
  command     TEXT NOT NULL,
  created     TEXT NOT NULL,
  search      TEXT                   -- JSON: how points are chosen and among what; NULL when all were known at first
) STRICT;

-- One computation. Sweeps share points: whichever comes first claims it, and no identity is computed twice. A claim is
-- held by the process of the last seven columns and lapses with it.
CREATE TABLE points (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  identity      TEXT NOT NULL UNIQUE,  -- runs.identity of the run that answers it
  resolved      TEXT NOT NULL,         -- the experiment with every default filled in, frozen when the point was made
  status        TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'finished', 'failed', 'pruned', 'interrupted')),
  run           INTEGER REFERENCES runs (id) ON DELETE SET NULL,
  newer_than    INTEGER NOT NULL DEFAULT 0,  -- only a run with a higher id answers it: it is to be computed again
  attempts      INTEGER NOT NULL DEFAULT 0,  -- how often it was claimed
  failures      INTEGER NOT NULL DEFAULT 0,
  reason        TEXT,                  -- why it failed or was pruned
  log_tail      TEXT,                  -- of the failed process
  host          TEXT,
  boot_id       TEXT,
  pid_namespace TEXT,
  pid           INTEGER,
  process_start INTEGER,
  claimed       TEXT,
  heartbeat     TEXT
) STRICT;

CREATE INDEX points_by_run ON points (run);
CREATE INDEX points_by_status ON points (status);

CREATE TABLE sweep_points (
  sweep     INTEGER NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
  position  INTEGER NOT NULL,
  point     INTEGER NOT NULL REFERENCES points (id),
  overrides TEXT NOT NULL,             -- JSON object: what this point sets, by full key
  coordinates TEXT,                    -- JSON list: its place in the space of a search, a number a dimension
  PRIMARY KEY (sweep, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX sweep_points_by_point ON sweep_points (point);

-- What a pruning rule saw of a point at an epoch, and whether the point goes on from there: kept, so that a restarted
-- sweep decides the same. A rule that compares later writes 0 first and 1 when the point's turn has come.
CREATE TABLE rungs (
  sweep INTEGER NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
  point INTEGER NOT NULL REFERENCES points (id),
  epoch INTEGER NOT NULL,
  value REAL,
  kept  INTEGER NOT NULL CHECK (kept IN (0, 1)),
  PRIMARY KEY (sweep, point, epoch)
) STRICT, WITHOUT ROWID;
