-- The field's words, narrow tables, classes, evaluations. What needs more than SQL follows in migrate_4_to_5.cpp: resolved
-- experiments, identities, hashes of splits, classes, and the records in the runs' folders.
CREATE TABLE properties (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value ANY NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
INSERT INTO properties SELECT id, 'parameters', parameters FROM runs;
INSERT INTO properties SELECT id, 'multiply_adds', multiply_adds FROM runs;
INSERT INTO properties SELECT id, 'skipped_images', skipped_images FROM runs;
INSERT INTO properties SELECT run, 'environment.' || name, value FROM environment;
CREATE INDEX properties_by_name ON properties (name, value);
DROP TABLE environment;

-- What was scored every epoch was called test, what was scored once at the end validation.
CREATE TEMP TABLE renamed (name TEXT PRIMARY KEY, new_name TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO renamed SELECT DISTINCT name,
    CASE WHEN substr(name, 1, 5) = 'test_' THEN 'validation_' || substr(name, 6)
         WHEN substr(name, 1, 11) = 'validation_' THEN 'test_' || substr(name, 12) ELSE name END
  FROM metrics;

CREATE TABLE metrics_5 (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  epoch INTEGER NOT NULL CHECK (epoch > 0),
  name  TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (run, epoch, name)
) STRICT, WITHOUT ROWID;
INSERT INTO metrics_5 SELECT m.run, m.epoch, n.new_name, m.value FROM metrics m JOIN renamed n ON n.name = m.name
  WHERE m.epoch > 0;
INSERT INTO metrics_5 SELECT run, epoch, 'learning_rate', learning_rate FROM epochs WHERE learning_rate IS NOT NULL;

CREATE TABLE evaluations (
  id                     INTEGER PRIMARY KEY AUTOINCREMENT,
  run                    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  number                 INTEGER NOT NULL,
  part                   TEXT NOT NULL,
  own                    INTEGER NOT NULL CHECK (own IN (0, 1)),
  at_end                 INTEGER NOT NULL CHECK (at_end IN (0, 1)),
  data                   TEXT NOT NULL,
  content                TEXT,
  weights                TEXT NOT NULL,
  preprocessing          TEXT NOT NULL,
  test_time_augmentation TEXT NOT NULL,
  images                 INTEGER NOT NULL,
  made                   TEXT NOT NULL,
  UNIQUE (run, number)
) STRICT;
CREATE INDEX evaluations_by_content ON evaluations (content) WHERE part = 'test';
INSERT INTO evaluations (run, number, part, own, at_end, data, content, weights, preprocessing, test_time_augmentation,
                         images, made)
  SELECT r.id, 1, 'test', 1, 1,
         coalesce((SELECT value FROM params WHERE run = r.id AND name = 'data.path'), ''), NULL,
         coalesce((SELECT sha256 FROM artifacts WHERE run = r.id AND file LIKE '%/best.safetensors'), ''), '',
         coalesce((SELECT value FROM params WHERE run = r.id AND name = 'training.test_time_augmentation'), 'none'),
         (SELECT count(*) FROM predictions WHERE run = r.id), coalesce(r.finished, r.heartbeat)
  FROM runs r
  WHERE EXISTS (SELECT 1 FROM metrics WHERE run = r.id AND epoch = 0 AND substr(name, 1, 11) = 'validation_');

CREATE TABLE outputs (
  evaluation    INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  position      INTEGER NOT NULL,
  sample        TEXT,
  label         INTEGER NOT NULL,
  predicted     INTEGER NOT NULL,
  probability   REAL,
  probabilities BLOB,
  PRIMARY KEY (evaluation, position)
) STRICT, WITHOUT ROWID;
-- The rows of a part are together in a split, in the order of its predictions.
INSERT INTO outputs
  SELECT e.id, b.first + p.position, iif(s.sample IS p.sample, NULL, p.sample), p.label, p.predicted, p.probability, NULL
  FROM evaluations e JOIN runs r ON r.id = e.run
       JOIN (SELECT run, min(position) AS first FROM splits WHERE part = 'validation' GROUP BY run) b ON b.run = r.split_run
       JOIN predictions p ON p.run = r.id
       LEFT JOIN splits s ON s.run = r.split_run AND s.position = b.first + p.position;
INSERT INTO outputs
  SELECT e.id, p.position, p.sample, p.label, p.predicted, p.probability, NULL
  FROM evaluations e JOIN predictions p ON p.run = e.run
  WHERE NOT EXISTS (SELECT 1 FROM outputs o WHERE o.evaluation = e.id);
DROP TABLE predictions;

CREATE TABLE measures (
  evaluation INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  value      REAL,
  low        REAL,
  high       REAL,
  method     TEXT,
  unit       TEXT NOT NULL,
  PRIMARY KEY (evaluation, name)
) STRICT, WITHOUT ROWID;
INSERT INTO measures SELECT e.id, substr(m.name, 12), m.value, NULL, NULL, NULL, 'image'
  FROM evaluations e JOIN metrics m ON m.run = e.run AND m.epoch = 0 WHERE substr(m.name, 1, 11) = 'validation_';

CREATE TABLE thresholds (
  evaluation INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
  rule       TEXT NOT NULL,
  class      INTEGER NOT NULL,
  value      REAL NOT NULL,
  PRIMARY KEY (evaluation, rule, class)
) STRICT, WITHOUT ROWID;

DROP TABLE results;
CREATE TABLE results (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
-- Of a run whose kept epoch is not there any more, what it had been left with at its end.
INSERT INTO results SELECT m.run, n.new_name, m.value FROM metrics m JOIN renamed n ON n.name = m.name WHERE m.epoch = 0;
INSERT OR REPLACE INTO results SELECT m.run, m.name, m.value
  FROM runs r JOIN metrics_5 m ON m.run = r.id AND m.epoch = r.best_epoch;
INSERT OR REPLACE INTO results SELECT run, 'images_per_second', avg(images_per_second) FROM epochs GROUP BY run;
CREATE INDEX results_by_name ON results (name, value);

DROP TABLE metrics;
ALTER TABLE metrics_5 RENAME TO metrics;
DROP TABLE renamed;

CREATE TABLE epochs_5 (
  run               INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  epoch             INTEGER NOT NULL CHECK (epoch > 0),
  seconds           REAL,
  images_per_second REAL,
  best              INTEGER NOT NULL CHECK (best IN (0, 1)),
  written           TEXT NOT NULL,
  PRIMARY KEY (run, epoch)
) STRICT, WITHOUT ROWID;
INSERT INTO epochs_5 SELECT run, epoch, seconds, images_per_second, best, written FROM epochs;
DROP TABLE epochs;
ALTER TABLE epochs_5 RENAME TO epochs;

CREATE TABLE classes (
  run      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  part     TEXT NOT NULL,
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  images   INTEGER NOT NULL,
  PRIMARY KEY (run, part, position)
) STRICT, WITHOUT ROWID;

UPDATE splits SET part = CASE part WHEN 'test' THEN 'validation' ELSE 'test' END WHERE part IN ('test', 'validation');
UPDATE params SET name = 'data.split.' WHERE name = 'data.split.test';
UPDATE params SET name = 'data.split.test' WHERE name = 'data.split.validation';
UPDATE params SET name = 'data.split.validation' WHERE name = 'data.split.';
UPDATE params SET value = 'validation_' || substr(value, 6)
  WHERE name IN ('training.keep_best.metric', 'training.early_stopping.metric',
                 'training.schedule.reduce_on_plateau.metric') AND substr(value, 1, 5) = 'test_';
-- Why a rule stopped a run, and no text that has a file's name in it.
UPDATE runs SET reason = replace(reason, ': test_', ': validation_') WHERE reason GLOB '*epoch [0-9]*: test_[a-z]* [0-9]*';
UPDATE points SET reason = replace(reason, ': test_', ': validation_') WHERE reason GLOB '*epoch [0-9]*: test_[a-z]* [0-9]*';

DROP INDEX runs_finished;
ALTER TABLE runs DROP COLUMN skipped_images;
ALTER TABLE runs DROP COLUMN parameters;
ALTER TABLE runs DROP COLUMN multiply_adds;
ALTER TABLE runs DROP COLUMN images_per_second;
ALTER TABLE runs ADD COLUMN checkpoint_key TEXT NOT NULL DEFAULT '';
UPDATE runs SET checkpoint_key = identity;
CREATE INDEX runs_finished ON runs (experiment, configuration, seed, split_hash, content_hash, generated_data, status, removed)
  WHERE status = 'finished' AND removed IS NULL;
CREATE INDEX runs_by_configuration ON runs (configuration, seed) WHERE status = 'finished' AND removed IS NULL;
