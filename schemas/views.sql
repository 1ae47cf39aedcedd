-- The views of results.db: the public interface. Their columns stay, later versions only add. README.md beside this file
-- explains every column. A migration drops all views and makes these anew. Removed runs are in none of them.

-- Every run, one wide row each. train_* and validation_* are those of the kept epoch. A pruning rule stops a run by a signal, so
-- its own row says that it was interrupted; its point knows why.
CREATE VIEW v_runs AS
SELECT r.id AS run, r.name, x.name AS experiment,
       iif(r.status = 'interrupted' AND EXISTS (SELECT 1 FROM points p WHERE p.identity = r.identity AND p.status = 'pruned'
                                                                     AND p.newer_than < r.id),
           'pruned', r.status) AS status,
       r.seed, r.generated_data, r.epochs, r.best_epoch,
       s.train_accuracy, s.train_loss,
       s.validation_accuracy, s.validation_balanced_accuracy, s.validation_auc, s.validation_f1, s.validation_brier,
       s.validation_loss,
       s.test_accuracy, s.test_balanced_accuracy, s.test_auc, s.test_f1, s.test_brier, s.test_loss,
       r.parameters, r.multiply_adds,
       (SELECT value FROM params WHERE run = r.id AND name = 'network.cardinality') AS cardinality,
       (SELECT value FROM params WHERE run = r.id AND name = 'network.base_width') AS base_width,
       r.images_per_second, r.seconds, r.started, r.heartbeat, r.finished, r.skipped_images, r.configuration,
       r.identity, r.folder, r.file,
       iif(r.status = 'interrupted',
           coalesce((SELECT p.reason FROM points p WHERE p.identity = r.identity AND p.status = 'pruned'
                                                   AND p.newer_than < r.id), r.reason),
           r.reason) AS reason,
       (SELECT group_concat(tag, ' ') FROM (SELECT tag FROM tags WHERE run = r.id ORDER BY tag)) AS tags, r.note,
       r.content_hash, r.split_hash
FROM runs r JOIN experiments x ON x.id = r.experiment LEFT JOIN results s ON s.run = r.id
WHERE r.removed IS NULL;

-- Finished runs: SELECT * FROM v_best ORDER BY validation_accuracy DESC LIMIT 1
-- CROSS JOIN keeps `results` outermost, so that its indexes give the order and the first row ends the search.
CREATE VIEW v_best AS
SELECT s.run, r.name, x.name AS experiment, r.seed, r.generated_data, r.best_epoch, r.epochs,
       s.validation_accuracy, s.validation_balanced_accuracy, s.validation_auc, s.validation_f1, s.validation_brier,
       s.validation_loss,
       s.test_accuracy, s.test_auc, s.test_loss, s.train_accuracy, s.train_loss,
       r.parameters, r.seconds, r.finished, r.folder, r.content_hash, r.split_hash
FROM results s CROSS JOIN runs r ON r.id = s.run CROSS JOIN experiments x ON x.id = r.experiment
WHERE r.status = 'finished' AND r.removed IS NULL;

-- Every epoch of every run. Correlated look-ups, not a GROUP BY: one run's curve touches that run's rows only.
CREATE VIEW v_curves AS
SELECT e.run, e.epoch, e.best, e.learning_rate,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'train_loss')
         AS train_loss,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'train_accuracy')
         AS train_accuracy,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'validation_loss')
         AS validation_loss,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'validation_accuracy')
         AS validation_accuracy,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'validation_balanced_accuracy')
         AS validation_balanced_accuracy,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'validation_auc')
         AS validation_auc,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'validation_f1')
         AS validation_f1,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'validation_brier')
         AS validation_brier,
       e.seconds, e.images_per_second, e.checkpoint
FROM epochs e CROSS JOIN runs r ON r.id = e.run
WHERE r.removed IS NULL;

-- Finished runs ranked within their experiment, with mean and sample deviation over the seeds of equal configuration.
-- A seed that was run more than once counts once. Runs on other images, and runs on generated data, are ranked apart.
CREATE VIEW v_leaderboard AS
WITH by_seed AS (
  SELECT r.experiment, r.configuration, r.seed, avg(s.validation_accuracy) AS accuracy
  FROM runs r CROSS JOIN results s ON s.run = r.id
  WHERE r.status = 'finished' AND r.removed IS NULL AND s.validation_accuracy IS NOT NULL
  GROUP BY r.experiment, r.configuration, r.seed
), centred AS (
  SELECT experiment, configuration, accuracy,
         avg(accuracy) OVER (PARTITION BY experiment, configuration) AS mean
  FROM by_seed
), spreads AS (
  SELECT experiment, configuration, count(*) AS seeds, mean,
         CASE WHEN count(*) > 1 THEN sqrt(sum((accuracy - mean) * (accuracy - mean)) / (count(*) - 1)) END AS deviation
  FROM centred GROUP BY experiment, configuration
), ranked AS (
  SELECT r.id, r.experiment, r.configuration, s.validation_accuracy, s.validation_auc, s.validation_loss,
         rank() OVER (PARTITION BY r.experiment, r.generated_data, iif(r.generated_data, '', r.content_hash)
                      ORDER BY s.validation_accuracy DESC) AS rank
  FROM runs r CROSS JOIN results s ON s.run = r.id
  WHERE r.status = 'finished' AND r.removed IS NULL AND s.validation_accuracy IS NOT NULL
)
SELECT x.name AS experiment, k.rank, k.id AS run, r.name, r.seed, r.generated_data, k.validation_accuracy,
       k.validation_auc, k.validation_loss,
       g.seeds, g.mean AS mean_validation_accuracy, g.deviation AS deviation_validation_accuracy,
       k.configuration, r.parameters, r.content_hash, r.split_hash
FROM ranked k CROSS JOIN runs r ON r.id = k.id JOIN experiments x ON x.id = k.experiment
     JOIN spreads g ON g.experiment = k.experiment AND g.configuration = k.configuration;

-- The split of each run, wherever its rows are kept.
CREATE VIEW v_splits AS
SELECT r.id AS run, s.position, s.sample, s.label, s.group_name, s.part
FROM runs r JOIN splits s ON s.run = r.split_run
WHERE r.removed IS NULL;

-- Two configurations of an experiment over the seeds and splits that both have been run with. `difference` is what
-- `configuration` gains over `other`; every pair is there both ways round. A seed that was run more than once counts once.
-- A correlated look-up, not a GROUP BY: a thousand configurations are a million pairs, and nobody asks for all of them.
CREATE VIEW v_paired AS
WITH configurations AS (
  SELECT experiment, configuration, generated_data, min(id) AS run
  FROM runs WHERE status = 'finished' AND removed IS NULL GROUP BY experiment, configuration
), compared AS (
  SELECT c.experiment, c.configuration, o.configuration AS other, c.run, o.run AS other_run, c.generated_data,
         -- Three sums of one look-up, in fields of 30 characters: the number of differences, their mean and their squares,
         -- with all digits. (JSON would do the same, but is not let into a schema that is not trusted.)
         (SELECT printf('%30d%!30.16e%!30.16e', count(*), avg(gain), sum(gain * gain))
          FROM (SELECT avg(s.validation_accuracy) FILTER (WHERE r.configuration = c.configuration) -
                       avg(s.validation_accuracy) FILTER (WHERE r.configuration = o.configuration) AS gain
                FROM runs r CROSS JOIN results s ON s.run = r.id
                WHERE r.experiment = c.experiment AND r.configuration IN (c.configuration, o.configuration)
                  AND r.status = 'finished' AND r.removed IS NULL AND s.validation_accuracy IS NOT NULL
                GROUP BY r.seed, r.split_hash)
          WHERE gain IS NOT NULL) AS sums
  FROM configurations c JOIN configurations o
    ON o.experiment = c.experiment AND o.configuration <> c.configuration AND o.generated_data = c.generated_data
), pairs AS (
  SELECT *, CAST(substr(sums, 1, 30) AS INTEGER) AS pairs, CAST(substr(sums, 31, 30) AS REAL) AS difference,
         CAST(substr(sums, 61, 30) AS REAL) AS squares
  FROM compared
)
SELECT x.name AS experiment, p.configuration, p.other, p.run, p.other_run, p.generated_data, p.pairs, p.difference,
       CASE WHEN p.pairs > 1
            THEN sqrt(max(0.0, (p.squares - p.pairs * p.difference * p.difference) / (p.pairs - 1))) END AS deviation
FROM pairs p JOIN experiments x ON x.id = p.experiment
WHERE p.pairs > 0;

-- Finished runs that no other one of their experiment on the same images beats: none is as good with fewer multiply-adds, none better with as many.
CREATE VIEW v_pareto AS
WITH best AS (
  SELECT r.id, r.experiment, r.multiply_adds, s.validation_accuracy AS accuracy, r.generated_data,
         max(s.validation_accuracy) OVER (up_to RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS with_as_many,
         max(s.validation_accuracy) OVER (up_to GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS with_fewer
  FROM runs r CROSS JOIN results s ON s.run = r.id
  WHERE r.status = 'finished' AND r.removed IS NULL AND s.validation_accuracy IS NOT NULL
  WINDOW up_to AS (PARTITION BY r.experiment, r.generated_data, iif(r.generated_data, '', r.content_hash)
                   ORDER BY r.multiply_adds)
)
SELECT x.name AS experiment, b.id AS run, r.name, r.seed, b.generated_data, b.multiply_adds,
       b.accuracy AS validation_accuracy, r.parameters, r.configuration, r.seconds, r.content_hash,
       r.split_hash
FROM best b CROSS JOIN runs r ON r.id = b.id JOIN experiments x ON x.id = b.experiment
WHERE b.accuracy = b.with_as_many AND (b.with_fewer IS NULL OR b.accuracy > b.with_fewer);

-- Every point of every sweep with the run that answers it, or that works on it.
CREATE VIEW v_sweep AS
SELECT w.id AS sweep, w.name AS sweep_name, sp.position, p.id AS point, p.status, sp.overrides,
       r.id AS run, r.name, r.epochs, r.best_epoch, s.train_accuracy, s.validation_accuracy,
       s.validation_auc, s.validation_loss, s.test_accuracy, s.test_auc, s.test_loss, r.parameters, r.multiply_adds, r.seconds,
       p.attempts, p.failures, p.reason
FROM sweeps w JOIN sweep_points sp ON sp.sweep = w.id JOIN points p ON p.id = sp.point
     LEFT JOIN runs r ON r.id = coalesce(p.run, (SELECT max(id) FROM runs WHERE identity = p.identity AND id > p.newer_than
                                                                            AND removed IS NULL))
     LEFT JOIN results s ON s.run = r.id;
