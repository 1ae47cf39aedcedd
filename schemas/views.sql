-- The views of results.db: the public interface. Each has a fixed list of columns, NULL where a thing was not measured;
-- whatever else was measured is in v_metrics. Later versions only add columns. README.md beside this file explains every
-- one. A migration drops all views and makes these anew. Removed runs are in none of them.

-- Every run, one wide row each. train_* and validation_* are those of the kept epoch, test_* of the newest look at its own
-- test part with the weights that it kept. A pruning rule stops a run by a signal, so its own row says that it was interrupted; its point knows why.
CREATE VIEW v_runs AS
SELECT r.id AS run, r.name, x.name AS experiment,
       iif(r.status = 'interrupted' AND EXISTS (SELECT 1 FROM points p WHERE p.identity = r.identity AND p.status = 'pruned'
                                                                     AND p.newer_than < r.id),
           'pruned', r.status) AS status,
       r.seed, r.generated_data, r.epochs, r.best_epoch,
       (SELECT value FROM results WHERE run = r.id AND name = 'train_accuracy') AS train_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'train_loss') AS train_loss,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_accuracy') AS validation_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_balanced_accuracy')
         AS validation_balanced_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_auc') AS validation_auc,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_f1') AS validation_f1,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_brier') AS validation_brier,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_loss') AS validation_loss,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_accuracy') AS test_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_balanced_accuracy') AS test_balanced_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_auc') AS test_auc,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_f1') AS test_f1,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_brier') AS test_brier,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_loss') AS test_loss,
       (SELECT value FROM properties WHERE run = r.id AND name = 'parameters') AS parameters,
       (SELECT value FROM properties WHERE run = r.id AND name = 'multiply_adds') AS multiply_adds,
       (SELECT value FROM params WHERE run = r.id AND name = 'network.cardinality') AS cardinality,
       (SELECT value FROM params WHERE run = r.id AND name = 'network.base_width') AS base_width,
       (SELECT value FROM results WHERE run = r.id AND name = 'images_per_second') AS images_per_second,
       r.seconds, r.started, r.heartbeat, r.finished,
       (SELECT value FROM properties WHERE run = r.id AND name = 'skipped_images') AS skipped_images,
       r.configuration, r.identity, r.folder, r.file,
       iif(r.status = 'interrupted',
           coalesce((SELECT p.reason FROM points p WHERE p.identity = r.identity AND p.status = 'pruned'
                                                   AND p.newer_than < r.id), r.reason),
           r.reason) AS reason,
       (SELECT group_concat(tag, ' ') FROM (SELECT tag FROM tags WHERE run = r.id ORDER BY tag)) AS tags, r.note,
       r.content_hash, r.split_hash
FROM runs r JOIN experiments x ON x.id = r.experiment
WHERE r.removed IS NULL;

-- Finished runs: SELECT * FROM v_best ORDER BY validation_accuracy DESC LIMIT 1
CREATE VIEW v_best AS
SELECT r.id AS run, r.name, x.name AS experiment, r.seed, r.generated_data, r.best_epoch, r.epochs,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_accuracy') AS validation_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_balanced_accuracy')
         AS validation_balanced_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_auc') AS validation_auc,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_f1') AS validation_f1,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_brier') AS validation_brier,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_loss') AS validation_loss,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_accuracy') AS test_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_auc') AS test_auc,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_loss') AS test_loss,
       (SELECT value FROM results WHERE run = r.id AND name = 'train_accuracy') AS train_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'train_loss') AS train_loss,
       (SELECT value FROM properties WHERE run = r.id AND name = 'parameters') AS parameters,
       r.seconds, r.finished, r.folder, r.content_hash, r.split_hash
FROM runs r CROSS JOIN experiments x ON x.id = r.experiment
WHERE r.status = 'finished' AND r.removed IS NULL;

-- Every epoch of every run. Correlated look-ups, not a GROUP BY: one run's curve touches that run's rows only.
CREATE VIEW v_curves AS
SELECT e.run, e.epoch, e.best,
       (SELECT value FROM metrics m WHERE m.run = e.run AND m.epoch = e.epoch AND m.name = 'learning_rate')
         AS learning_rate,
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
       e.seconds, e.images_per_second
FROM epochs e CROSS JOIN runs r ON r.id = e.run
WHERE r.removed IS NULL;

-- Every metric by name: of each epoch, and at epoch 0 what the run stands at.
CREATE VIEW v_metrics AS
SELECT s.run, 0 AS epoch, s.name, s.value FROM results s CROSS JOIN runs r ON r.id = s.run WHERE r.removed IS NULL
UNION ALL
SELECT m.run, m.epoch, m.name, m.value FROM metrics m CROSS JOIN runs r ON r.id = m.run WHERE r.removed IS NULL;

-- Finished runs ranked by validation accuracy among those on the same images, whatever their experiments are called; on
-- generated ones within their experiment. `seeds`: of equal configuration.
CREATE VIEW v_leaderboard AS
WITH ranked AS (
  SELECT r.id, r.experiment, r.configuration, s.value AS validation_accuracy,
         rank() OVER (PARTITION BY r.generated_data, iif(r.generated_data, r.experiment, r.content_hash)
                      ORDER BY s.value DESC) AS rank
  FROM runs r CROSS JOIN results s ON s.run = r.id AND s.name = 'validation_accuracy'
  WHERE s.value IS NOT NULL AND r.status = 'finished' AND r.removed IS NULL
)
SELECT x.name AS experiment, k.rank, k.id AS run, r.name, r.seed, r.generated_data, k.validation_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_auc') AS validation_auc,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_loss') AS validation_loss,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_accuracy') AS test_accuracy,
       (SELECT count(DISTINCT seed) FROM runs
        WHERE configuration = k.configuration AND status = 'finished' AND removed IS NULL) AS seeds,
       k.configuration,
       (SELECT value FROM properties WHERE run = r.id AND name = 'parameters') AS parameters,
       r.content_hash, r.split_hash
FROM ranked k CROSS JOIN runs r ON r.id = k.id JOIN experiments x ON x.id = k.experiment;

-- The classes of each run in their order, and how many images each part has of them.
CREATE VIEW v_classes AS
SELECT c.run, c.part, c.position, c.name, c.images FROM classes c CROSS JOIN runs r ON r.id = c.run
WHERE r.removed IS NULL;

-- The split of each run, wherever its rows are kept.
CREATE VIEW v_splits AS
SELECT r.id AS run, s.position, s.sample, s.label, s.group_name, s.part
FROM runs r JOIN splits s ON s.run = r.split_run
WHERE r.removed IS NULL;

-- Every look at some data with the weights of a run. `looks`: how often a test part of this content was scored in all.
CREATE VIEW v_evaluations AS
WITH looked AS (SELECT content, count(*) AS looks FROM evaluations WHERE part = 'test' GROUP BY content)
SELECT e.id AS evaluation, e.run, e.number, e.part, e.own, e.at_end, e.data, e.content, e.weights,
       e.test_time_augmentation, e.images, e.made,
       l.looks
FROM evaluations e CROSS JOIN runs r ON r.id = e.run LEFT JOIN looked l ON l.content = e.content AND e.part = 'test'
WHERE r.removed IS NULL;

-- What was measured in it, with the 95 % interval where there is one, how that was made, and what was counted.
CREATE VIEW v_measures AS
SELECT e.run, m.evaluation, e.part, e.own, m.name, m.value, m.low, m.high, m.method, m.unit
FROM measures m CROSS JOIN evaluations e ON e.id = m.evaluation CROSS JOIN runs r ON r.id = e.run
WHERE r.removed IS NULL;

-- What the network said of each image in it.
CREATE VIEW v_predictions AS
SELECT e.run, o.evaluation, e.part, e.own, o.position, coalesce(o.sample, s.sample) AS sample, o.label, o.predicted,
       o.probability
FROM outputs o CROSS JOIN evaluations e ON e.id = o.evaluation CROSS JOIN runs r ON r.id = e.run
     LEFT JOIN splits s ON s.run = r.split_run AND s.position = o.position AND e.own = 1
WHERE r.removed IS NULL;

-- Runs of equal seed on the same images, divided the same, two configurations side by side: what `rxrun best --by` makes
-- intervals from. Every pair is there both ways round. A correlated look-up, not a GROUP BY: a thousand configurations are
-- a million pairs, and nobody asks for all of them.
CREATE VIEW v_paired AS
SELECT x.name AS experiment, r.configuration, y.name AS other_experiment, o.configuration AS other, r.id AS run,
       o.id AS other_run, r.generated_data, r.seed, s.value AS validation_accuracy, t.value AS other_validation_accuracy,
       s.value - t.value AS difference
FROM runs r CROSS JOIN runs o ON o.split_hash = r.split_hash AND o.seed = r.seed AND o.content_hash = r.content_hash
                                 AND o.configuration <> r.configuration AND o.generated_data = r.generated_data
     CROSS JOIN results s ON s.run = r.id AND s.name = 'validation_accuracy'
     CROSS JOIN results t ON t.run = o.id AND t.name = 'validation_accuracy'
     CROSS JOIN experiments x ON x.id = r.experiment CROSS JOIN experiments y ON y.id = o.experiment
WHERE r.status = 'finished' AND r.removed IS NULL AND o.status = 'finished' AND o.removed IS NULL
  AND s.value IS NOT NULL AND t.value IS NOT NULL;

-- Finished runs that no other one on the same images beats: none is as good with fewer multiply-adds, none better with as
-- many.
CREATE VIEW v_pareto AS
WITH best AS (
  SELECT r.id, m.value AS multiply_adds, s.value AS accuracy,
         max(s.value) OVER (up_to RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS with_as_many,
         max(s.value) OVER (up_to GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS with_fewer
  FROM runs r CROSS JOIN results s ON s.run = r.id AND s.name = 'validation_accuracy'
       CROSS JOIN properties m ON m.run = r.id AND m.name = 'multiply_adds'
  WHERE s.value IS NOT NULL AND r.status = 'finished' AND r.removed IS NULL
  WINDOW up_to AS (PARTITION BY r.generated_data, iif(r.generated_data, r.experiment, r.content_hash) ORDER BY m.value)
)
SELECT x.name AS experiment, b.id AS run, r.name, r.seed, r.generated_data, b.multiply_adds,
       b.accuracy AS validation_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_accuracy') AS test_accuracy,
       (SELECT value FROM properties WHERE run = r.id AND name = 'parameters') AS parameters,
       r.configuration, r.seconds, r.content_hash, r.split_hash
FROM best b CROSS JOIN runs r ON r.id = b.id JOIN experiments x ON x.id = r.experiment
WHERE b.accuracy = b.with_as_many AND (b.with_fewer IS NULL OR b.accuracy > b.with_fewer);

-- Every point of every sweep with the run that answers it, or that works on it.
CREATE VIEW v_sweep AS
SELECT w.id AS sweep, w.name AS sweep_name, sp.position, p.id AS point, p.status, sp.overrides,
       r.id AS run, r.name, r.epochs, r.best_epoch,
       (SELECT value FROM results WHERE run = r.id AND name = 'train_accuracy') AS train_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_accuracy') AS validation_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_auc') AS validation_auc,
       (SELECT value FROM results WHERE run = r.id AND name = 'validation_loss') AS validation_loss,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_accuracy') AS test_accuracy,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_auc') AS test_auc,
       (SELECT value FROM results WHERE run = r.id AND name = 'test_loss') AS test_loss,
       (SELECT value FROM properties WHERE run = r.id AND name = 'parameters') AS parameters,
       (SELECT value FROM properties WHERE run = r.id AND name = 'multiply_adds') AS multiply_adds,
       r.seconds, p.attempts, p.failures, p.reason
FROM sweeps w JOIN sweep_points sp ON sp.sweep = w.id JOIN points p ON p.id = sp.point
     LEFT JOIN runs r ON r.id = coalesce(p.run, (SELECT max(id) FROM runs WHERE identity = p.identity AND id > p.newer_than
                                                                            AND removed IS NULL));
