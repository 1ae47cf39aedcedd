-- The tables of results.db, schema version 6. The views on them, the public interface, are in views.sql; steps from older
-- versions in migrations/. Rules that hold throughout:
--   * order is by id, never by a clock; times are UTC, ISO 8601; durations come from a steady clock, in seconds;
--   * NULL in a metric means "not measured" or "not a number";
--   * a column named `run` is runs.id; one named `evaluation` is evaluations.id;
--   * no column is one metric's, one option's or one part's: such things are rows, by name;
--   * what is told of one run stands first in a file of its folder (record.jsonl), from which these rows can be made again.

PRAGMA application_id = 1920496238;  -- "rxrn"
PRAGMA user_version = 6;

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
  -- progress, kept up by every epoch's transaction
  epochs            INTEGER NOT NULL DEFAULT 0,
  best_epoch        INTEGER,            -- whose weights are kept
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
  removed           TEXT,               -- when it was removed; NULL: it is there
  checkpoint_key    TEXT NOT NULL DEFAULT ''  -- that its checkpoints bear: the identity that it began with
) STRICT;

CREATE INDEX runs_by_identity ON runs (identity);
CREATE INDEX runs_by_experiment ON runs (experiment, configuration);
CREATE INDEX runs_by_split ON runs (split_hash);
CREATE INDEX runs_running ON runs (id) WHERE status = 'running';
-- Every run that is there, without its long row.
CREATE INDEX runs_there ON runs (experiment, removed) WHERE removed IS NULL;
-- All that the views on finished runs need to choose and group them: the rows themselves are long.
CREATE INDEX runs_finished ON runs (experiment, configuration, seed, split_hash, content_hash, generated_data, status, removed)
  WHERE status = 'finished' AND removed IS NULL;
CREATE INDEX runs_by_configuration ON runs (configuration, seed) WHERE status = 'finished' AND removed IS NULL;

-- The resolved experiment, flat: "network.cardinality" -> 32. Numbers are stored as numbers, so that they compare as
-- such. A choice has a row of its own: "training.optimizer" -> "adam", "network.stem" -> "[{conv: {channels: 64}}, relu]".
CREATE TABLE params (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value ANY NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX params_by_name ON params (name, value);

-- What a run turned out to be: "parameters" and "multiply_adds" of its network, "skipped_images", and by
-- "environment.NAME" the programs and the machine, such as "environment.libtorch".
CREATE TABLE properties (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value ANY NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX properties_by_name ON properties (name, value);

CREATE TABLE epochs (
  run               INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  epoch             INTEGER NOT NULL CHECK (epoch > 0),
  seconds           REAL,
  images_per_second REAL,                                     -- while it trained
  best              INTEGER NOT NULL CHECK (best IN (0, 1)),  -- so far, by the metric of keep_best
  written           TEXT NOT NULL,
  PRIMARY KEY (run, epoch)
) STRICT, WITHOUT ROWID;

-- Every metric of every epoch by name, "learning_rate" among them.
CREATE TABLE metrics (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  epoch INTEGER NOT NULL CHECK (epoch > 0),
  name  TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (run, epoch, name)
) STRICT, WITHOUT ROWID;

-- What a run stands at: the metrics of the kept epoch, the mean of "images_per_second", and test_* once its test part is
-- scored. Derived in the same transaction from epochs, metrics and measures: a question about 10,000 runs leaves the millions
-- of rows of metrics alone.
CREATE TABLE results (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX results_by_name ON results (name, value);

-- The classes in their order, and how many images each part has of them.
CREATE TABLE classes (
  run      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  part     TEXT NOT NULL,
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  images   INTEGER NOT NULL,
  PRIMARY KEY (run, part, position)
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

-- A look at a part of some data with the weights of a run. The end of a run is one for each part that it scores,
-- `rxrun evaluate` makes others.
CREATE TABLE evaluations (
  id                     INTEGER PRIMARY KEY AUTOINCREMENT,
  run                    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  number                 INTEGER NOT NULL,  -- within the run, from 1
  part                   TEXT NOT NULL,     -- train, validation or test; all: every image of other data
  own                    INTEGER NOT NULL CHECK (own IN (0, 1)),  -- whether it is a part of the run's own split
  at_end                 INTEGER NOT NULL CHECK (at_end IN (0, 1)),  -- made by the run itself
  data                   TEXT NOT NULL,     -- where the images lay
  content                TEXT,              -- SHA-256 of the images and labels that were scored; NULL: not recorded
  weights                TEXT NOT NULL,     -- SHA-256 of their file
  preprocessing          TEXT NOT NULL,     -- JSON: classes, channels, mean and deviation that the images were prepared with
  test_time_augmentation TEXT NOT NULL,
  images                 INTEGER NOT NULL,
  made                   TEXT NOT NULL,
  UNIQUE (run, number)
) STRICT;

CREATE INDEX evaluations_by_content ON evaluations (content) WHERE part = 'test';

-- What the network said of each image. Of the run's own split `position` is that in v_splits, which has the image's name;
-- of other images the name is here.
CREATE TABLE outputs (
  evaluation    INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  position      INTEGER NOT NULL,
  sample        TEXT,
  label         INTEGER NOT NULL,
  predicted     INTEGER NOT NULL,
  probability   REAL,               -- of the predicted class
  probabilities BLOB,               -- of every class in their order, float32, little-endian; NULL: not recorded
  PRIMARY KEY (evaluation, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE measures (
  evaluation INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  name       TEXT NOT NULL,         -- "accuracy"
  value      REAL,
  low        REAL,                  -- of the 95 % interval
  high       REAL,
  method     TEXT,                  -- of the interval: "wilson"; NULL: there is none
  unit       TEXT NOT NULL,         -- what was counted: "image"
  PRIMARY KEY (evaluation, name)
) STRICT, WITHOUT ROWID;

-- Operating points chosen on an evaluation, by the rule that chose them.
CREATE TABLE thresholds (
  evaluation INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  rule       TEXT NOT NULL,
  class      INTEGER NOT NULL,
  value      REAL NOT NULL,
  PRIMARY KEY (evaluation, rule, class)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
  run    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  file   TEXT NOT NULL,           -- relative to results.db
  sha256 TEXT NOT NULL,
  PRIMARY KEY (run, file)
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
