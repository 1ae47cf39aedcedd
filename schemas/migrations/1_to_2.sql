-- Sweeps, and what a user says of a run.
ALTER TABLE runs ADD COLUMN note TEXT;
ALTER TABLE runs ADD COLUMN removed TEXT;

-- Every run that is there, without its long row.
CREATE INDEX runs_there ON runs (experiment, removed) WHERE removed IS NULL;
-- All that the views on finished runs need to choose and group them: the rows themselves are long.
CREATE INDEX runs_finished ON runs (experiment, configuration, seed, split_hash, generated_data, multiply_adds, status, removed)
  WHERE status = 'finished' AND removed IS NULL;

CREATE INDEX params_by_name ON params (name, value);

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
  identity    TEXT NOT NULL UNIQUE,  -- SHA-256 over its points' identities, in order
  declaration TEXT NOT NULL,         -- as it was typed or stood in the file
  command     TEXT NOT NULL,
  created     TEXT NOT NULL
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
  PRIMARY KEY (sweep, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX sweep_points_by_point ON sweep_points (point);

-- What a pruning rule saw and decided: kept, so that a restarted sweep decides the same.
CREATE TABLE rungs (
  sweep INTEGER NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
  point INTEGER NOT NULL REFERENCES points (id),
  epoch INTEGER NOT NULL,
  value REAL,
  kept  INTEGER NOT NULL CHECK (kept IN (0, 1)),
  PRIMARY KEY (sweep, point, epoch)
) STRICT, WITHOUT ROWID;
