-- 10,000 runs of 100 epochs, as full as real ones: 2,000 configurations of 4 experiments, 5 seeds each.
PRAGMA synchronous = OFF;
PRAGMA cache_size = -200000;
PRAGMA cache_spill = ON;  -- or the whole of it stays in memory
BEGIN IMMEDIATE;

CREATE TEMP TABLE numbers (i INTEGER PRIMARY KEY);
WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) INSERT INTO numbers SELECT i FROM n;

-- Run i is seed i % 5 of configuration i / 5.
CREATE TEMP TABLE plan AS
SELECT i + 1 AS run, i % 5 + 1 AS seed, i / 5 AS configuration, 1 + i / 5 % 4 AS experiment,
       1 << (i / 20 % 6) AS cardinality, 4 << (i / 120 % 5) AS base_width, 1e-5 * (1 + i / 600) AS lr,
       (i * 7919 % 10007) / 10007.0 AS luck
FROM numbers;

INSERT INTO experiments (id, name) VALUES (1, 'wide'), (2, 'deep'), (3, 'narrow'), (4, 'shallow');

INSERT INTO runs (id, experiment, name, identity, configuration, status, seed, generated_data, file, command, resolved,
                  folder, content_hash, split_hash, checkpoint_key, epochs, best_epoch, seconds, started, heartbeat, finished, host, boot_id, pid_namespace, pid, process_start)
SELECT p.run, p.experiment, format('%s-%08x', x.name, p.run * 2654435761 % 4294967296), format('%064x', p.run),
       format('%016x', p.configuration), iif(p.run % 97 = 0, 'failed', 'finished'), p.seed, 0, 'experiments/breast.yaml',
       format('rxrun run experiments/breast.yaml cardinality=%d base_width=%d lr=%g', p.cardinality, p.base_width, p.lr),
       format('name: %s', x.name) || replace(hex(zeroblob(900)), '00', ' #'),
       format('checkpoints/%s-%08x', x.name, p.run * 2654435761 % 4294967296), format('%064x', p.experiment),
       format('%064x', p.seed), format('%064x', p.run), 100, 90, 3600.0 + p.run, '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z', '2026-01-01T01:00:00Z',
       'node', '01234567-89ab-cdef-0123-456789abcdef', 'pid:[4026531836]', p.run, p.run
FROM plan p JOIN experiments x ON x.id = p.experiment ORDER BY p.run;

CREATE TEMP TABLE constant_params (name TEXT, value ANY);
INSERT INTO constant_params VALUES
  ('data.augment.brightness', 0),
  ('data.augment.contrast', 0),
  ('data.augment.erase', 0),
  ('data.augment.horizontal_flip', 'false'),
  ('data.augment.hue', 0),
  ('data.augment.pad', 0),
  ('data.augment.rotate', 0),
  ('data.augment.rotate_90', 'false'),
  ('data.augment.saturation', 0),
  ('data.augment.scale', 1),
  ('data.augment.stain', 0),
  ('data.augment.translate', 0),
  ('data.augment.vertical_flip', 'false'),
  ('data.batch', 64),
  ('data.channels', 'auto'),
  ('data.classes', 'auto'),
  ('data.image_size', 64),
  ('data.memory', '4 GiB'),
  ('data.normalize', 'measured'),
  ('data.on_bad_image', 'error'),
  ('data.resize', 'stretch'),
  ('data.sample.histology.images', 720),
  ('data.source', 'class_folders'),
  ('data.split.group_by', ''),
  ('data.split.validation', 0.15),
  ('data.split.train', 0.7),
  ('data.split.test', 0.15),
  ('machine.device', 'auto'),
  ('machine.loader_threads', 'auto'),
  ('machine.threads', 'auto'),
  ('network.head.0', 'global_average_pool'),
  ('network.head.1', 'flatten'),
  ('network.head.2', 'linear'),
  ('network.plugins', '[convnet, resnext]'),
  ('network.stages.0.block', 'resnext_bottleneck'),
  ('network.stages.0.depth', 3),
  ('network.stages.0.planes', 64),
  ('network.stages.1.block', 'resnext_bottleneck'),
  ('network.stages.1.depth', 4),
  ('network.stages.1.planes', 128),
  ('network.stages.1.stride', 2),
  ('network.stages.2.block', 'resnext_bottleneck'),
  ('network.stages.2.depth', 6),
  ('network.stages.2.planes', 256),
  ('network.stages.2.stride', 2),
  ('network.stages.3.block', 'resnext_bottleneck'),
  ('network.stages.3.depth', 3),
  ('network.stages.3.planes', 512),
  ('network.stages.3.stride', 2),
  ('network.stem.0.conv.channels', 64),
  ('network.stem.0.conv.kernel', 7),
  ('network.stem.0.conv.stride', 2),
  ('network.stem.1', 'batch_norm'),
  ('network.stem.2', 'relu'),
  ('network.stem.3.max_pool.kernel', 3),
  ('network.stem.3.max_pool.stride', 2),
  ('network.width_rule', 'planes'),
  ('training.average_weights', 0),
  ('training.clip_gradient_norm', 0),
  ('training.epochs', 2),
  ('training.keep_best.metric', 'validation_accuracy'),
  ('training.loss.cross_entropy.class_weights', 'none'),
  ('training.loss.cross_entropy.label_smoothing', 0),
  ('training.mixup', 0),
  ('training.optimizer.adam.beta1', 0.9),
  ('training.optimizer.adam.beta2', 0.999),
  ('training.optimizer.adam.decay_norm_and_bias', 'true'),
  ('training.optimizer.adam.epsilon', 1e-08),
  ('training.optimizer.adam.weight_decay', 0),
  ('training.precision', 'auto'),
  ('training.schedule.reduce_on_plateau.factor', 0.1),
  ('training.schedule.reduce_on_plateau.metric', 'validation_loss'),
  ('training.schedule.reduce_on_plateau.minimum', 0),
  ('training.schedule.reduce_on_plateau.patience', 5),
  ('training.schedule.reduce_on_plateau.threshold', 0.0001),
  ('training.schedule.reduce_on_plateau.warm_up', 0);
INSERT INTO params (run, name, value)
SELECT * FROM (SELECT p.run, c.name, c.value FROM plan p, constant_params c
               UNION ALL SELECT run, 'network.cardinality', cardinality FROM plan
               UNION ALL SELECT run, 'network.base_width', base_width FROM plan
               UNION ALL SELECT run, 'training.optimizer.adam.lr', lr FROM plan
               UNION ALL SELECT run, 'seed', seed FROM plan)
ORDER BY 1, 2;

INSERT INTO epochs (run, epoch, seconds, images_per_second, best, written)
SELECT p.run, n.i, 36.0, 101.5, n.i % 10 = 0, '2026-01-01T00:00:00Z'
FROM plan p, numbers n WHERE n.i BETWEEN 1 AND 100;

CREATE TEMP TABLE epoch_metrics (name TEXT);
INSERT INTO epoch_metrics VALUES ('validation_accuracy'), ('validation_auc'), ('validation_balanced_accuracy'), ('validation_brier'), ('validation_f1'),
  ('validation_loss'), ('learning_rate'), ('train_accuracy'), ('train_balanced_accuracy'), ('train_f1'), ('train_loss');
CREATE TEMP TABLE final_metrics AS SELECT name FROM epoch_metrics;
INSERT INTO final_metrics VALUES ('test_accuracy'), ('test_auc'), ('test_balanced_accuracy'), ('test_brier'),
  ('test_f1'), ('test_loss');

INSERT INTO metrics (run, epoch, name, value)
SELECT p.run, n.i, m.name, 0.5 + 0.3 * n.i / 100.0 + 0.2 * p.luck FROM plan p, numbers n, epoch_metrics m
WHERE n.i BETWEEN 1 AND 100;
INSERT INTO results (run, name, value)
SELECT p.run, m.name, 0.8 + 0.02 * ((p.configuration * 7919 % 1009) / 1009.0) + 0.02 * p.luck FROM plan p, final_metrics m
ORDER BY 1, 2;

INSERT INTO properties (run, name, value)
SELECT * FROM (SELECT run, 'parameters', 1000000 + 1000 * cardinality * base_width FROM plan
               UNION ALL SELECT run, 'multiply_adds', 100000 * cardinality * base_width FROM plan
               UNION ALL SELECT run, 'skipped_images', 0 FROM plan
               UNION ALL SELECT p.run, e.column1, e.column2 FROM plan p,
  (VALUES ('environment.cpu', 'a processor'), ('environment.device', 'cpu'), ('environment.libtorch', '1.13.1'),
          ('environment.precision', 'float32'), ('environment.rxrun', '0.1.0')) e)
ORDER BY 1, 2;

INSERT INTO classes (run, part, position, name, images)
SELECT p.run, c.column1, n.i, format('class %d', n.i), c.column2 / 2
FROM plan p, (VALUES ('test', 480), ('train', 2240), ('validation', 480)) c, numbers n WHERE n.i < 2 ORDER BY 1, 2, 3;

-- All runs are answers to points of 100 sweeps, 100 points each.
INSERT INTO sweeps (id, name, identity, declaration, command, created)
SELECT i, format('sweep-%08x', i), format('%064x', i), 'lr=log(1e-5,1e-2)', 'rxrun sweep "lr=log(1e-5,1e-2)"', '2026-01-01T00:00:00Z'
FROM numbers WHERE i BETWEEN 1 AND 100;
INSERT INTO points (id, identity, resolved, status, run, attempts, claimed)
SELECT id, identity, resolved, status, id, 1, started FROM runs;
INSERT INTO sweep_points (sweep, position, point, overrides)
SELECT (run + 99) / 100, (run - 1) % 100 + 1, run, json_object('training.optimizer.adam.lr', lr) FROM plan;

INSERT INTO tags (run, tag) SELECT run, 'paper' FROM plan WHERE run % 100 = 0;

-- A split of 3,200 images a seed, kept once; evaluations of every run, with 480 outputs of every tenth.
UPDATE runs SET split_run = seed;
INSERT INTO splits (run, position, sample, label, group_name, part)
SELECT s.i, n.i, format('class/image%d.png', n.i), n.i % 2, format('patient%d', n.i / 20),
       iif(n.i < 2240, 'train', iif(n.i < 2720, 'validation', 'test'))
FROM numbers s, numbers n WHERE s.i BETWEEN 1 AND 5 AND n.i < 3200;
INSERT INTO evaluations (id, run, number, part, own, at_end, data, content, weights, preprocessing, test_time_augmentation,
                         images, made)
SELECT 2 * run - 2 + e.column1, run, e.column1, e.column2, 1, 1, '/data', format('%064x', seed), format('%064x', run), '{}',
       'none', 480, '2026-01-01T01:00:00Z'
FROM plan, (VALUES (1, 'validation'), (2, 'test')) e ORDER BY 1;
INSERT INTO measures (evaluation, name, value, low, high, method, unit)
SELECT e.id, m.column1, 0.8, 0.7, 0.9, 'wilson', 'image'
FROM evaluations e, (VALUES ('accuracy'), ('auc'), ('balanced_accuracy'), ('brier'), ('f1'), ('loss')) m;
INSERT INTO outputs (evaluation, position, label, predicted, probability, probabilities)
SELECT e.id, iif(e.part = 'test', 2720, 2240) + n.i, n.i % 2, (n.i + e.run / 10 * n.i % 7 / 6) % 2, 0.9,
       x'cdcccc3d6666663f'
FROM evaluations e, numbers n WHERE e.run % 10 = 0 AND n.i < 480;
COMMIT;
