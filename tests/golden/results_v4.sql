-- results.db as rxrun 0.1 made it at schema version 4: a run, another that was interrupted, and a sweep of two points
-- of which one waits.
PRAGMA application_id = 1920496238; PRAGMA user_version = 4;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE experiments (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO experiments VALUES(1,'old');
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
INSERT INTO runs VALUES(1,1,'old-717eaccb','717eaccb59b31bae4855e35a9a4f09484bf4994dc17020c38e57441ae2b8d649','bd18063ec30a9c2b','finished',NULL,1,1,'old.yaml','rxrun old.yaml machine.threads=1',replace('name: old\ndescription: ""\nseed: 1\nnetwork:\n  plugins: [convnet, resnext]\n  stem:\n    - {conv: {channels: 16, kernel: 3, stride: 1}}\n    - batch_norm\n    - relu\n  stages:\n    - {block: resnext_bottleneck, depth: 1, planes: 16}\n  head: [global_average_pool, flatten, linear]\n  cardinality: 8\ndata:\n  source: class_folders\n  path: /data/breast\n  sample:\n    histology:\n      images: 40\n  image_size: 16\n  resize: stretch\n  channels: auto\n  window: null\n  classes: auto\n  split:\n    train: 0.6\n    test: 0.2\n    validation: 0.2\n    group_by: ""\n    seed: null\n  augment:\n    pad: 0\n    horizontal_flip: false\n    vertical_flip: false\n    rotate_90: false\n    translate: 0\n    rotate: 0.0\n    scale: 1.0\n    brightness: 0.0\n    contrast: 0.0\n    saturation: 0.0\n    hue: 0.0\n    stain: 0.0\n    erase: 0.0\n  normalize: measured\n  batch: 64\n  on_bad_image: error\n  memory: "4 GiB"\ntraining:\n  epochs: 1\n  initial_weights: null\n  optimizer:\n    adam:\n      lr: 0.001\n      weight_decay: 0.0\n      beta1: 0.9\n      beta2: 0.999\n      epsilon: 1e-08\n      decay_norm_and_bias: true\n  schedule:\n    constant:\n      warm_up: 0.0\n  loss:\n    cross_entropy:\n      class_weights: none\n      label_smoothing: 0.0\n  keep_best:\n    metric: test_auc\n    weights: null\n  early_stopping: null\n  clip_gradient_norm: 0.0\n  average_weights: 0.0\n  mixup: 0.0\n  test_time_augmentation: none\n  precision: float32\nmachine:\n  device: auto\n  threads: 1\n  loader_threads: auto\n  cuda_graph: false\n','\n',char(10)),'checkpoints/old-717eaccb','0d54bd815b3395b2fbba1dc26be9029b75322a30f21c2162618cf58e3fedebca','e4579be8d755f76f503e16fb640bb3e9d63bbf086f1b2fd7b59b81db46efa46c',1,0,2618,555136,1,1,122.13729083397342378,0.20527142200000000893,'2026-11-30T13:31:05Z','2026-11-30T13:31:06Z','2026-11-30T13:31:06Z','host','boot','pid',1,1,'a note',NULL);
INSERT INTO runs VALUES(3,1,'old-fe807476','fe8074763c11cb970dba52464556de91d89f665ca62fd1639ad510d4e7827fb9','c12d7c85f2630a76','interrupted','stopped by signal 2',1,1,'old.yaml','rxrun old.yaml machine.threads=1 epochs=200',replace('name: old\ndescription: ""\nseed: 1\nnetwork:\n  plugins: [convnet, resnext]\n  stem:\n    - {conv: {channels: 16, kernel: 3, stride: 1}}\n    - batch_norm\n    - relu\n  stages:\n    - {block: resnext_bottleneck, depth: 1, planes: 16}\n  head: [global_average_pool, flatten, linear]\n  cardinality: 8\ndata:\n  source: class_folders\n  path: /data/breast\n  sample:\n    histology:\n      images: 40\n  image_size: 16\n  resize: stretch\n  channels: auto\n  window: null\n  classes: auto\n  split:\n    train: 0.6\n    test: 0.2\n    validation: 0.2\n    group_by: ""\n    seed: null\n  augment:\n    pad: 0\n    horizontal_flip: false\n    vertical_flip: false\n    rotate_90: false\n    translate: 0\n    rotate: 0.0\n    scale: 1.0\n    brightness: 0.0\n    contrast: 0.0\n    saturation: 0.0\n    hue: 0.0\n    stain: 0.0\n    erase: 0.0\n  normalize: measured\n  batch: 64\n  on_bad_image: error\n  memory: "4 GiB"\ntraining:\n  epochs: 200\n  initial_weights: null\n  optimizer:\n    adam:\n      lr: 0.001\n      weight_decay: 0.0\n      beta1: 0.9\n      beta2: 0.999\n      epsilon: 1e-08\n      decay_norm_and_bias: true\n  schedule:\n    constant:\n      warm_up: 0.0\n  loss:\n    cross_entropy:\n      class_weights: none\n      label_smoothing: 0.0\n  keep_best:\n    metric: test_auc\n    weights: null\n  early_stopping: null\n  clip_gradient_norm: 0.0\n  average_weights: 0.0\n  mixup: 0.0\n  test_time_augmentation: none\n  precision: float32\nmachine:\n  device: auto\n  threads: 1\n  loader_threads: auto\n  cuda_graph: false\n','\n',char(10)),'checkpoints/old-fe807476','0d54bd815b3395b2fbba1dc26be9029b75322a30f21c2162618cf58e3fedebca','e4579be8d755f76f503e16fb640bb3e9d63bbf086f1b2fd7b59b81db46efa46c',1,0,2618,555136,2,35,1531.1500017634978121,1.4576187830000002509,'2026-11-30T13:31:17Z','2026-11-30T13:31:22Z','2026-11-30T13:31:22Z','host','boot','pid',1,1,NULL,NULL);
CREATE TABLE params (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value ANY NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
INSERT INTO params VALUES(1,'data.augment.brightness',0);
INSERT INTO params VALUES(3,'data.augment.brightness',0);
INSERT INTO params VALUES(1,'data.augment.contrast',0);
INSERT INTO params VALUES(3,'data.augment.contrast',0);
INSERT INTO params VALUES(1,'data.augment.erase',0);
INSERT INTO params VALUES(3,'data.augment.erase',0);
INSERT INTO params VALUES(1,'data.augment.horizontal_flip','false');
INSERT INTO params VALUES(3,'data.augment.horizontal_flip','false');
INSERT INTO params VALUES(1,'data.augment.hue',0);
INSERT INTO params VALUES(3,'data.augment.hue',0);
INSERT INTO params VALUES(1,'data.augment.pad',0);
INSERT INTO params VALUES(3,'data.augment.pad',0);
INSERT INTO params VALUES(1,'data.augment.rotate',0);
INSERT INTO params VALUES(3,'data.augment.rotate',0);
INSERT INTO params VALUES(1,'data.augment.rotate_90','false');
INSERT INTO params VALUES(3,'data.augment.rotate_90','false');
INSERT INTO params VALUES(1,'data.augment.saturation',0);
INSERT INTO params VALUES(3,'data.augment.saturation',0);
INSERT INTO params VALUES(1,'data.augment.scale',1);
INSERT INTO params VALUES(3,'data.augment.scale',1);
INSERT INTO params VALUES(1,'data.augment.stain',0);
INSERT INTO params VALUES(3,'data.augment.stain',0);
INSERT INTO params VALUES(1,'data.augment.translate',0);
INSERT INTO params VALUES(3,'data.augment.translate',0);
INSERT INTO params VALUES(1,'data.augment.vertical_flip','false');
INSERT INTO params VALUES(3,'data.augment.vertical_flip','false');
INSERT INTO params VALUES(1,'data.batch',64);
INSERT INTO params VALUES(3,'data.batch',64);
INSERT INTO params VALUES(1,'data.channels','auto');
INSERT INTO params VALUES(3,'data.channels','auto');
INSERT INTO params VALUES(1,'data.classes','auto');
INSERT INTO params VALUES(3,'data.classes','auto');
INSERT INTO params VALUES(1,'data.image_size',16);
INSERT INTO params VALUES(3,'data.image_size',16);
INSERT INTO params VALUES(1,'data.memory','4 GiB');
INSERT INTO params VALUES(3,'data.memory','4 GiB');
INSERT INTO params VALUES(1,'data.normalize','measured');
INSERT INTO params VALUES(3,'data.normalize','measured');
INSERT INTO params VALUES(1,'data.on_bad_image','error');
INSERT INTO params VALUES(3,'data.on_bad_image','error');
INSERT INTO params VALUES(1,'data.path','data/breast');
INSERT INTO params VALUES(3,'data.path','data/breast');
INSERT INTO params VALUES(1,'data.resize','stretch');
INSERT INTO params VALUES(3,'data.resize','stretch');
INSERT INTO params VALUES(1,'data.sample.histology.images',40);
INSERT INTO params VALUES(3,'data.sample.histology.images',40);
INSERT INTO params VALUES(1,'data.source','class_folders');
INSERT INTO params VALUES(3,'data.source','class_folders');
INSERT INTO params VALUES(1,'data.split.group_by','');
INSERT INTO params VALUES(3,'data.split.group_by','');
INSERT INTO params VALUES(1,'data.split.test',0.2000000000000000111);
INSERT INTO params VALUES(3,'data.split.test',0.2000000000000000111);
INSERT INTO params VALUES(1,'data.split.train',0.59999999999999997779);
INSERT INTO params VALUES(3,'data.split.train',0.59999999999999997779);
INSERT INTO params VALUES(1,'data.split.validation',0.2000000000000000111);
INSERT INTO params VALUES(3,'data.split.validation',0.2000000000000000111);
INSERT INTO params VALUES(1,'description','');
INSERT INTO params VALUES(3,'description','');
INSERT INTO params VALUES(1,'machine.cuda_graph','false');
INSERT INTO params VALUES(3,'machine.cuda_graph','false');
INSERT INTO params VALUES(1,'machine.device','auto');
INSERT INTO params VALUES(3,'machine.device','auto');
INSERT INTO params VALUES(1,'machine.loader_threads','auto');
INSERT INTO params VALUES(3,'machine.loader_threads','auto');
INSERT INTO params VALUES(1,'machine.threads',1);
INSERT INTO params VALUES(3,'machine.threads',1);
INSERT INTO params VALUES(1,'name','old');
INSERT INTO params VALUES(3,'name','old');
INSERT INTO params VALUES(1,'network.cardinality',8);
INSERT INTO params VALUES(3,'network.cardinality',8);
INSERT INTO params VALUES(1,'network.head.0','global_average_pool');
INSERT INTO params VALUES(3,'network.head.0','global_average_pool');
INSERT INTO params VALUES(1,'network.head.1','flatten');
INSERT INTO params VALUES(3,'network.head.1','flatten');
INSERT INTO params VALUES(1,'network.head.2','linear');
INSERT INTO params VALUES(3,'network.head.2','linear');
INSERT INTO params VALUES(1,'network.plugins','[convnet, resnext]');
INSERT INTO params VALUES(3,'network.plugins','[convnet, resnext]');
INSERT INTO params VALUES(1,'network.stages.0.block','resnext_bottleneck');
INSERT INTO params VALUES(3,'network.stages.0.block','resnext_bottleneck');
INSERT INTO params VALUES(1,'network.stages.0.depth',1);
INSERT INTO params VALUES(3,'network.stages.0.depth',1);
INSERT INTO params VALUES(1,'network.stages.0.planes',16);
INSERT INTO params VALUES(3,'network.stages.0.planes',16);
INSERT INTO params VALUES(1,'network.stem.0.conv.channels',16);
INSERT INTO params VALUES(3,'network.stem.0.conv.channels',16);
INSERT INTO params VALUES(1,'network.stem.0.conv.kernel',3);
INSERT INTO params VALUES(3,'network.stem.0.conv.kernel',3);
INSERT INTO params VALUES(1,'network.stem.0.conv.stride',1);
INSERT INTO params VALUES(3,'network.stem.0.conv.stride',1);
INSERT INTO params VALUES(1,'network.stem.1','batch_norm');
INSERT INTO params VALUES(3,'network.stem.1','batch_norm');
INSERT INTO params VALUES(1,'network.stem.2','relu');
INSERT INTO params VALUES(3,'network.stem.2','relu');
INSERT INTO params VALUES(1,'seed',1);
INSERT INTO params VALUES(3,'seed',1);
INSERT INTO params VALUES(1,'training.average_weights',0);
INSERT INTO params VALUES(3,'training.average_weights',0);
INSERT INTO params VALUES(1,'training.clip_gradient_norm',0);
INSERT INTO params VALUES(3,'training.clip_gradient_norm',0);
INSERT INTO params VALUES(1,'training.epochs',1);
INSERT INTO params VALUES(3,'training.epochs',200);
INSERT INTO params VALUES(1,'training.keep_best.metric','test_auc');
INSERT INTO params VALUES(3,'training.keep_best.metric','test_auc');
INSERT INTO params VALUES(1,'training.loss.cross_entropy.class_weights','none');
INSERT INTO params VALUES(3,'training.loss.cross_entropy.class_weights','none');
INSERT INTO params VALUES(1,'training.loss.cross_entropy.label_smoothing',0);
INSERT INTO params VALUES(3,'training.loss.cross_entropy.label_smoothing',0);
INSERT INTO params VALUES(1,'training.mixup',0);
INSERT INTO params VALUES(3,'training.mixup',0);
INSERT INTO params VALUES(1,'training.optimizer.adam.beta1',0.9000000000000000222);
INSERT INTO params VALUES(3,'training.optimizer.adam.beta1',0.9000000000000000222);
INSERT INTO params VALUES(1,'training.optimizer.adam.beta2',0.99899999999999999911);
INSERT INTO params VALUES(3,'training.optimizer.adam.beta2',0.99899999999999999911);
INSERT INTO params VALUES(1,'training.optimizer.adam.decay_norm_and_bias','true');
INSERT INTO params VALUES(3,'training.optimizer.adam.decay_norm_and_bias','true');
INSERT INTO params VALUES(1,'training.optimizer.adam.epsilon',1.0000000000000000209e-08);
INSERT INTO params VALUES(3,'training.optimizer.adam.epsilon',1.0000000000000000209e-08);
INSERT INTO params VALUES(1,'training.optimizer.adam.lr',0.0010000000000000000208);
INSERT INTO params VALUES(3,'training.optimizer.adam.lr',0.0010000000000000000208);
INSERT INTO params VALUES(1,'training.optimizer.adam.weight_decay',0);
INSERT INTO params VALUES(3,'training.optimizer.adam.weight_decay',0);
INSERT INTO params VALUES(1,'training.precision','float32');
INSERT INTO params VALUES(3,'training.precision','float32');
INSERT INTO params VALUES(1,'training.schedule.constant.warm_up',0);
INSERT INTO params VALUES(3,'training.schedule.constant.warm_up',0);
INSERT INTO params VALUES(1,'training.test_time_augmentation','none');
INSERT INTO params VALUES(3,'training.test_time_augmentation','none');
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
INSERT INTO epochs VALUES(1,1,0.0010000000000000000208,0.20527142200000000893,122.13729083397342378,1,'checkpoints/old-717eaccb/last.safetensors','2026-11-30T13:31:06Z');
INSERT INTO epochs VALUES(3,1,0.0010000000000000000208,0.061192588999999998622,563.02959091161392281,1,'checkpoints/old-fe807476/last.safetensors','2026-11-30T13:31:17Z');
INSERT INTO epochs VALUES(3,2,0.0010000000000000000208,0.0071271959999999997051,3803.3828554911024183,0,'checkpoints/old-fe807476/last.safetensors','2026-11-30T13:31:17Z');
CREATE TABLE metrics (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  epoch INTEGER NOT NULL CHECK (epoch >= 0),
  name  TEXT NOT NULL,
  value REAL,
  PRIMARY KEY (run, epoch, name)
) STRICT, WITHOUT ROWID;
INSERT INTO metrics VALUES(1,0,'test_accuracy',0.5);
INSERT INTO metrics VALUES(1,0,'test_auc',0.1875);
INSERT INTO metrics VALUES(1,0,'test_balanced_accuracy',0.5);
INSERT INTO metrics VALUES(1,0,'test_brier',0.25353372358433462485);
INSERT INTO metrics VALUES(1,0,'test_f1',0.33333333333333331482);
INSERT INTO metrics VALUES(1,0,'test_loss',0.70024544000625610351);
INSERT INTO metrics VALUES(1,0,'train_accuracy',0.45833333333333331482);
INSERT INTO metrics VALUES(1,0,'train_auc',0.60416666666666662965);
INSERT INTO metrics VALUES(1,0,'train_balanced_accuracy',0.45833333333333331482);
INSERT INTO metrics VALUES(1,0,'train_brier',0.24531010173762921033);
INSERT INTO metrics VALUES(1,0,'train_f1',0.43375680580762249194);
INSERT INTO metrics VALUES(1,0,'train_loss',0.68367997805277502809);
INSERT INTO metrics VALUES(1,0,'validation_accuracy',0.5);
INSERT INTO metrics VALUES(1,0,'validation_auc',0.375);
INSERT INTO metrics VALUES(1,0,'validation_balanced_accuracy',0.5);
INSERT INTO metrics VALUES(1,0,'validation_brier',0.2530689210452969351);
INSERT INTO metrics VALUES(1,0,'validation_f1',0.33333333333333331482);
INSERT INTO metrics VALUES(1,0,'validation_loss',0.69931095838546752929);
INSERT INTO metrics VALUES(1,1,'test_accuracy',0.5);
INSERT INTO metrics VALUES(1,1,'test_auc',0.1875);
INSERT INTO metrics VALUES(1,1,'test_balanced_accuracy',0.5);
INSERT INTO metrics VALUES(1,1,'test_brier',0.25353372358433462485);
INSERT INTO metrics VALUES(1,1,'test_f1',0.33333333333333331482);
INSERT INTO metrics VALUES(1,1,'test_loss',0.70024544000625610351);
INSERT INTO metrics VALUES(1,1,'train_accuracy',0.45833333333333331482);
INSERT INTO metrics VALUES(1,1,'train_auc',0.60416666666666662965);
INSERT INTO metrics VALUES(1,1,'train_balanced_accuracy',0.45833333333333331482);
INSERT INTO metrics VALUES(1,1,'train_brier',0.24531010173762921033);
INSERT INTO metrics VALUES(1,1,'train_f1',0.43375680580762249194);
INSERT INTO metrics VALUES(1,1,'train_loss',0.68367997805277502809);
INSERT INTO metrics VALUES(3,0,'test_accuracy',0.625);
INSERT INTO metrics VALUES(3,0,'test_auc',0.5625);
INSERT INTO metrics VALUES(3,0,'test_balanced_accuracy',0.625);
INSERT INTO metrics VALUES(3,0,'test_brier',0.23183278293088777077);
INSERT INTO metrics VALUES(3,0,'test_f1',0.61904761904761906876);
INSERT INTO metrics VALUES(3,0,'test_loss',0.65386801958084106445);
INSERT INTO metrics VALUES(3,0,'train_accuracy',0.91666666666666662965);
INSERT INTO metrics VALUES(3,0,'train_auc',1.0);
INSERT INTO metrics VALUES(3,0,'train_balanced_accuracy',0.91666666666666674068);
INSERT INTO metrics VALUES(3,0,'train_brier',0.12894803403984342327);
INSERT INTO metrics VALUES(3,0,'train_f1',0.91608391608391603888);
INSERT INTO metrics VALUES(3,0,'train_loss',0.43409069379170733826);
INSERT INTO metrics VALUES(3,1,'test_accuracy',0.5);
INSERT INTO metrics VALUES(3,1,'test_auc',0.1875);
INSERT INTO metrics VALUES(3,1,'test_balanced_accuracy',0.5);
INSERT INTO metrics VALUES(3,1,'test_brier',0.25353372358433462485);
INSERT INTO metrics VALUES(3,1,'test_f1',0.33333333333333331482);
INSERT INTO metrics VALUES(3,1,'test_loss',0.70024544000625610351);
INSERT INTO metrics VALUES(3,1,'train_accuracy',0.45833333333333331482);
INSERT INTO metrics VALUES(3,1,'train_auc',0.60416666666666662965);
INSERT INTO metrics VALUES(3,1,'train_balanced_accuracy',0.45833333333333331482);
INSERT INTO metrics VALUES(3,1,'train_brier',0.24531010173762921033);
INSERT INTO metrics VALUES(3,1,'train_f1',0.43375680580762249194);
INSERT INTO metrics VALUES(3,1,'train_loss',0.68367997805277502809);
INSERT INTO metrics VALUES(3,2,'test_accuracy',0.5);
INSERT INTO metrics VALUES(3,2,'test_auc',0.1875);
INSERT INTO metrics VALUES(3,2,'test_balanced_accuracy',0.5);
INSERT INTO metrics VALUES(3,2,'test_brier',0.25376568274435989946);
INSERT INTO metrics VALUES(3,2,'test_f1',0.33333333333333331482);
INSERT INTO metrics VALUES(3,2,'test_loss',0.70071417093276977539);
INSERT INTO metrics VALUES(3,2,'train_accuracy',0.625);
INSERT INTO metrics VALUES(3,2,'train_auc',0.63888888888888883954);
INSERT INTO metrics VALUES(3,2,'train_balanced_accuracy',0.625);
INSERT INTO metrics VALUES(3,2,'train_brier',0.24257633501857220337);
INSERT INTO metrics VALUES(3,2,'train_f1',0.62434782608695660321);
INSERT INTO metrics VALUES(3,2,'train_loss',0.67819205919901526247);
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
INSERT INTO results VALUES(1,0.45833333333333331482,0.68367997805277502809,0.5,0.5,0.1875,0.33333333333333331482,0.25353372358433462485,0.70024544000625610351,0.5,0.5,0.375,0.33333333333333331482,0.2530689210452969351,0.69931095838546752929);
INSERT INTO results VALUES(3,0.91666666666666662965,0.43409069379170733826,0.625,0.625,0.5625,0.61904761904761906876,0.23183278293088777077,0.65386801958084106445,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE predictions (
  run         INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  position    INTEGER NOT NULL,
  sample      TEXT NOT NULL,
  label       INTEGER NOT NULL,
  predicted   INTEGER NOT NULL,
  probability REAL,               -- of the predicted class
  PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;
INSERT INTO predictions VALUES(1,0,'0/9001_idx5_x201_y1_class0',0,0,0.53255546092987060546);
INSERT INTO predictions VALUES(1,1,'0/9002_idx5_x251_y1_class0',0,0,0.52638912200927734375);
INSERT INTO predictions VALUES(1,2,'0/9003_idx5_x151_y1_class0',0,0,0.53670746088027954101);
INSERT INTO predictions VALUES(1,3,'0/9004_idx5_x151_y1_class0',0,0,0.52548903226852416992);
INSERT INTO predictions VALUES(1,4,'1/9001_idx5_x101_y1_class1',1,0,0.52300590276718139648);
INSERT INTO predictions VALUES(1,5,'1/9002_idx5_x201_y1_class1',1,0,0.53508591651916503906);
INSERT INTO predictions VALUES(1,6,'1/9003_idx5_x51_y1_class1',1,0,0.53657293319702148437);
INSERT INTO predictions VALUES(1,7,'1/9005_idx5_x201_y1_class1',1,0,0.54238039255142211914);
CREATE TABLE splits (
  run        INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  sample     TEXT NOT NULL,
  label      INTEGER NOT NULL,
  group_name TEXT NOT NULL,
  part       TEXT NOT NULL,
  PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;
INSERT INTO splits VALUES(1,0,'0/9000_idx5_x101_y1_class0',0,'0/9000_idx5_x101_y1_class0','train');
INSERT INTO splits VALUES(1,1,'0/9000_idx5_x151_y1_class0',0,'0/9000_idx5_x151_y1_class0','train');
INSERT INTO splits VALUES(1,2,'0/9000_idx5_x201_y1_class0',0,'0/9000_idx5_x201_y1_class0','train');
INSERT INTO splits VALUES(1,3,'0/9000_idx5_x251_y1_class0',0,'0/9000_idx5_x251_y1_class0','train');
INSERT INTO splits VALUES(1,4,'0/9001_idx5_x301_y1_class0',0,'0/9001_idx5_x301_y1_class0','train');
INSERT INTO splits VALUES(1,5,'0/9003_idx5_x101_y1_class0',0,'0/9003_idx5_x101_y1_class0','train');
INSERT INTO splits VALUES(1,6,'0/9003_idx5_x201_y1_class0',0,'0/9003_idx5_x201_y1_class0','train');
INSERT INTO splits VALUES(1,7,'0/9003_idx5_x251_y1_class0',0,'0/9003_idx5_x251_y1_class0','train');
INSERT INTO splits VALUES(1,8,'0/9004_idx5_x251_y1_class0',0,'0/9004_idx5_x251_y1_class0','train');
INSERT INTO splits VALUES(1,9,'0/9004_idx5_x301_y1_class0',0,'0/9004_idx5_x301_y1_class0','train');
INSERT INTO splits VALUES(1,10,'0/9005_idx5_x251_y1_class0',0,'0/9005_idx5_x251_y1_class0','train');
INSERT INTO splits VALUES(1,11,'0/9005_idx5_x301_y1_class0',0,'0/9005_idx5_x301_y1_class0','train');
INSERT INTO splits VALUES(1,12,'1/9000_idx5_x1_y1_class1',1,'1/9000_idx5_x1_y1_class1','train');
INSERT INTO splits VALUES(1,13,'1/9001_idx5_x151_y1_class1',1,'1/9001_idx5_x151_y1_class1','train');
INSERT INTO splits VALUES(1,14,'1/9001_idx5_x1_y1_class1',1,'1/9001_idx5_x1_y1_class1','train');
INSERT INTO splits VALUES(1,15,'1/9001_idx5_x51_y1_class1',1,'1/9001_idx5_x51_y1_class1','train');
INSERT INTO splits VALUES(1,16,'1/9002_idx5_x101_y1_class1',1,'1/9002_idx5_x101_y1_class1','train');
INSERT INTO splits VALUES(1,17,'1/9002_idx5_x151_y1_class1',1,'1/9002_idx5_x151_y1_class1','train');
INSERT INTO splits VALUES(1,18,'1/9002_idx5_x51_y1_class1',1,'1/9002_idx5_x51_y1_class1','train');
INSERT INTO splits VALUES(1,19,'1/9003_idx5_x1_y1_class1',1,'1/9003_idx5_x1_y1_class1','train');
INSERT INTO splits VALUES(1,20,'1/9004_idx5_x1_y1_class1',1,'1/9004_idx5_x1_y1_class1','train');
INSERT INTO splits VALUES(1,21,'1/9005_idx5_x101_y1_class1',1,'1/9005_idx5_x101_y1_class1','train');
INSERT INTO splits VALUES(1,22,'1/9005_idx5_x1_y1_class1',1,'1/9005_idx5_x1_y1_class1','train');
INSERT INTO splits VALUES(1,23,'1/9005_idx5_x51_y1_class1',1,'1/9005_idx5_x51_y1_class1','train');
INSERT INTO splits VALUES(1,24,'0/9001_idx5_x251_y1_class0',0,'0/9001_idx5_x251_y1_class0','test');
INSERT INTO splits VALUES(1,25,'0/9002_idx5_x301_y1_class0',0,'0/9002_idx5_x301_y1_class0','test');
INSERT INTO splits VALUES(1,26,'0/9004_idx5_x101_y1_class0',0,'0/9004_idx5_x101_y1_class0','test');
INSERT INTO splits VALUES(1,27,'0/9004_idx5_x201_y1_class0',0,'0/9004_idx5_x201_y1_class0','test');
INSERT INTO splits VALUES(1,28,'1/9000_idx5_x51_y1_class1',1,'1/9000_idx5_x51_y1_class1','test');
INSERT INTO splits VALUES(1,29,'1/9002_idx5_x1_y1_class1',1,'1/9002_idx5_x1_y1_class1','test');
INSERT INTO splits VALUES(1,30,'1/9004_idx5_x51_y1_class1',1,'1/9004_idx5_x51_y1_class1','test');
INSERT INTO splits VALUES(1,31,'1/9005_idx5_x151_y1_class1',1,'1/9005_idx5_x151_y1_class1','test');
INSERT INTO splits VALUES(1,32,'0/9001_idx5_x201_y1_class0',0,'0/9001_idx5_x201_y1_class0','validation');
INSERT INTO splits VALUES(1,33,'0/9002_idx5_x251_y1_class0',0,'0/9002_idx5_x251_y1_class0','validation');
INSERT INTO splits VALUES(1,34,'0/9003_idx5_x151_y1_class0',0,'0/9003_idx5_x151_y1_class0','validation');
INSERT INTO splits VALUES(1,35,'0/9004_idx5_x151_y1_class0',0,'0/9004_idx5_x151_y1_class0','validation');
INSERT INTO splits VALUES(1,36,'1/9001_idx5_x101_y1_class1',1,'1/9001_idx5_x101_y1_class1','validation');
INSERT INTO splits VALUES(1,37,'1/9002_idx5_x201_y1_class1',1,'1/9002_idx5_x201_y1_class1','validation');
INSERT INTO splits VALUES(1,38,'1/9003_idx5_x51_y1_class1',1,'1/9003_idx5_x51_y1_class1','validation');
INSERT INTO splits VALUES(1,39,'1/9005_idx5_x201_y1_class1',1,'1/9005_idx5_x201_y1_class1','validation');
CREATE TABLE artifacts (
  run    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  file   TEXT NOT NULL,           -- relative to results.db
  sha256 TEXT NOT NULL,
  PRIMARY KEY (run, file)
) STRICT, WITHOUT ROWID;
INSERT INTO artifacts VALUES(1,'checkpoints/old-717eaccb/best.safetensors','039d4126022e3e48e270b35394747e591eda800268d24f4c8307df54c547ebd0');
INSERT INTO artifacts VALUES(1,'checkpoints/old-717eaccb/last.safetensors','6f4840e105ab2958d276dc8e07843f4288323f519d079368d712e27119fd9525');
INSERT INTO artifacts VALUES(3,'checkpoints/old-fe807476/best.safetensors','f1683e3d2f0c83904250cf8f5aaaa9176509a523df1bfcbf2ac51434bb3552b6');
INSERT INTO artifacts VALUES(3,'checkpoints/old-fe807476/last.safetensors','82cd439cd5f7f85b69808b05edd29b3bc0ff56d26776330b52558bedba074587');
CREATE TABLE environment (
  run   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name  TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;
INSERT INTO environment VALUES(1,'cpu','AMD EPYC');
INSERT INTO environment VALUES(1,'device','cpu');
INSERT INTO environment VALUES(1,'instruction_set','AVX512');
INSERT INTO environment VALUES(1,'libtorch','1.13.0');
INSERT INTO environment VALUES(1,'plugin.convnet','6f7498c372587b7fc3a2329cee6ba55eed279907');
INSERT INTO environment VALUES(1,'plugin.resnext','d197b570319751faff03397e4640f3f3407c2cb3');
INSERT INTO environment VALUES(1,'precision','float32');
INSERT INTO environment VALUES(1,'rxrun','0.1.0');
INSERT INTO environment VALUES(1,'threads','1');
INSERT INTO environment VALUES(3,'cpu','AMD EPYC');
INSERT INTO environment VALUES(3,'device','cpu');
INSERT INTO environment VALUES(3,'instruction_set','AVX512');
INSERT INTO environment VALUES(3,'libtorch','1.13.0');
INSERT INTO environment VALUES(3,'plugin.convnet','6f7498c372587b7fc3a2329cee6ba55eed279907');
INSERT INTO environment VALUES(3,'plugin.resnext','d197b570319751faff03397e4640f3f3407c2cb3');
INSERT INTO environment VALUES(3,'precision','float32');
INSERT INTO environment VALUES(3,'rxrun','0.1.0');
INSERT INTO environment VALUES(3,'threads','1');
CREATE TABLE tags (
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (run, tag)
) STRICT, WITHOUT ROWID;
INSERT INTO tags VALUES(1,'paper');
CREATE TABLE sweeps (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  name        TEXT NOT NULL UNIQUE,
  identity    TEXT NOT NULL UNIQUE,  -- SHA-256 over its points' identities, in order; of a search over what it starts from
  declaration TEXT NOT NULL,         -- as it was typed or stood in the file
  command     TEXT NOT NULL,
  created     TEXT NOT NULL,
  search      TEXT                   -- JSON: how points are chosen and among what; NULL when all were known at first
) STRICT;
INSERT INTO sweeps VALUES(1,'old-c49da8c6','c49da8c6d12e1c0965ad2878aa62bf268a68f6633f891df93d11318b2e1bdc99','old.yaml lr=1e-3,1e-2 machine.threads=1','rxrun sweep old.yaml lr=1e-3,1e-2 --jobs 1 machine.threads=1','2026-11-30T13:31:09Z',NULL);
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
INSERT INTO points VALUES(1,'717eaccb59b31bae4855e35a9a4f09484bf4994dc17020c38e57441ae2b8d649',replace('name: old\ndescription: ""\nseed: 1\nnetwork:\n  plugins: [convnet, resnext]\n  stem:\n    - {conv: {channels: 16, kernel: 3, stride: 1}}\n    - batch_norm\n    - relu\n  stages:\n    - {block: resnext_bottleneck, depth: 1, planes: 16}\n  head: [global_average_pool, flatten, linear]\n  cardinality: 8\ndata:\n  source: class_folders\n  path: /data/breast\n  sample:\n    histology:\n      images: 40\n  image_size: 16\n  resize: stretch\n  channels: auto\n  window: null\n  classes: auto\n  split:\n    train: 0.6\n    test: 0.2\n    validation: 0.2\n    group_by: ""\n    seed: null\n  augment:\n    pad: 0\n    horizontal_flip: false\n    vertical_flip: false\n    rotate_90: false\n    translate: 0\n    rotate: 0.0\n    scale: 1.0\n    brightness: 0.0\n    contrast: 0.0\n    saturation: 0.0\n    hue: 0.0\n    stain: 0.0\n    erase: 0.0\n  normalize: measured\n  batch: 64\n  on_bad_image: error\n  memory: "4 GiB"\ntraining:\n  epochs: 1\n  initial_weights: null\n  optimizer:\n    adam:\n      lr: 0.001\n      weight_decay: 0.0\n      beta1: 0.9\n      beta2: 0.999\n      epsilon: 1e-08\n      decay_norm_and_bias: true\n  schedule:\n    constant:\n      warm_up: 0.0\n  loss:\n    cross_entropy:\n      class_weights: none\n      label_smoothing: 0.0\n  keep_best:\n    metric: test_auc\n    weights: null\n  early_stopping: null\n  clip_gradient_norm: 0.0\n  average_weights: 0.0\n  mixup: 0.0\n  test_time_augmentation: none\n  precision: float32\nmachine:\n  device: auto\n  threads: 1\n  loader_threads: auto\n  cuda_graph: false\n','\n',char(10)),'finished',1,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO points VALUES(2,'1529bc7c18695039651faf822e9a3be9830bda905607e9245c7c5c640871b0ab',replace('name: old\ndescription: ""\nseed: 1\nnetwork:\n  plugins: [convnet, resnext]\n  stem:\n    - {conv: {channels: 16, kernel: 3, stride: 1}}\n    - batch_norm\n    - relu\n  stages:\n    - {block: resnext_bottleneck, depth: 1, planes: 16}\n  head: [global_average_pool, flatten, linear]\n  cardinality: 8\ndata:\n  source: class_folders\n  path: /data/breast\n  sample:\n    histology:\n      images: 40\n  image_size: 16\n  resize: stretch\n  channels: auto\n  window: null\n  classes: auto\n  split:\n    train: 0.6\n    test: 0.2\n    validation: 0.2\n    group_by: ""\n    seed: null\n  augment:\n    pad: 0\n    horizontal_flip: false\n    vertical_flip: false\n    rotate_90: false\n    translate: 0\n    rotate: 0.0\n    scale: 1.0\n    brightness: 0.0\n    contrast: 0.0\n    saturation: 0.0\n    hue: 0.0\n    stain: 0.0\n    erase: 0.0\n  normalize: measured\n  batch: 64\n  on_bad_image: error\n  memory: "4 GiB"\ntraining:\n  epochs: 1\n  initial_weights: null\n  optimizer:\n    adam:\n      lr: 0.01\n      weight_decay: 0.0\n      beta1: 0.9\n      beta2: 0.999\n      epsilon: 1e-08\n      decay_norm_and_bias: true\n  schedule:\n    constant:\n      warm_up: 0.0\n  loss:\n    cross_entropy:\n      class_weights: none\n      label_smoothing: 0.0\n  keep_best:\n    metric: test_auc\n    weights: null\n  early_stopping: null\n  clip_gradient_norm: 0.0\n  average_weights: 0.0\n  mixup: 0.0\n  test_time_augmentation: none\n  precision: float32\nmachine:\n  device: auto\n  threads: 1\n  loader_threads: auto\n  cuda_graph: false\n','\n',char(10)),'waiting',NULL,0,1,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-11-30T13:31:09Z','2026-11-30T13:31:09Z');
CREATE TABLE sweep_points (
  sweep     INTEGER NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
  position  INTEGER NOT NULL,
  point     INTEGER NOT NULL REFERENCES points (id),
  overrides TEXT NOT NULL,             -- JSON object: what this point sets, by full key
  coordinates TEXT,                    -- JSON list: its place in the space of a search, a number a dimension
  PRIMARY KEY (sweep, position)
) STRICT, WITHOUT ROWID;
INSERT INTO sweep_points VALUES(1,1,1,'{"training.optimizer.adam.lr":0.001,"machine.device":"auto","machine.threads":1,"machine.loader_threads":"auto","machine.cuda_graph":false}',NULL);
INSERT INTO sweep_points VALUES(1,2,2,'{"training.optimizer.adam.lr":0.01,"machine.device":"auto","machine.threads":1,"machine.loader_threads":"auto","machine.cuda_graph":false}',NULL);
CREATE TABLE rungs (
  sweep INTEGER NOT NULL REFERENCES sweeps (id) ON DELETE CASCADE,
  point INTEGER NOT NULL REFERENCES points (id),
  epoch INTEGER NOT NULL,
  value REAL,
  kept  INTEGER NOT NULL CHECK (kept IN (0, 1)),
  PRIMARY KEY (sweep, point, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_identity ON runs (identity);
CREATE INDEX runs_by_experiment ON runs (experiment, configuration);
CREATE INDEX runs_by_split ON runs (split_hash);
CREATE INDEX runs_running ON runs (id) WHERE status = 'running';
CREATE INDEX runs_there ON runs (experiment, removed) WHERE removed IS NULL;
CREATE INDEX runs_finished ON runs (experiment, configuration, seed, split_hash, content_hash, generated_data, multiply_adds,
                                     status, removed)
  WHERE status = 'finished' AND removed IS NULL;
CREATE INDEX params_by_name ON params (name, value);
CREATE INDEX metrics_final ON metrics (name, value) WHERE epoch = 0;
CREATE INDEX results_by_accuracy ON results (validation_accuracy);
CREATE INDEX results_by_auc ON results (validation_auc);
CREATE INDEX results_by_loss ON results (validation_loss);
CREATE INDEX tags_by_tag ON tags (tag, run);
CREATE INDEX points_by_run ON points (run);
CREATE INDEX points_by_status ON points (status);
CREATE INDEX sweep_points_by_point ON sweep_points (point);
CREATE VIEW v_runs AS
SELECT r.id AS run, r.name, x.name AS experiment,
       iif(r.status = 'interrupted' AND EXISTS (SELECT 1 FROM points p WHERE p.identity = r.identity AND p.status = 'pruned'
                                                                     AND p.newer_than < r.id),
           'pruned', r.status) AS status,
       r.seed, r.generated_data, r.epochs, r.best_epoch,
       s.train_accuracy, s.train_loss,
       s.test_accuracy, s.test_balanced_accuracy, s.test_auc, s.test_f1, s.test_brier, s.test_loss,
       s.validation_accuracy, s.validation_balanced_accuracy, s.validation_auc, s.validation_f1, s.validation_brier,
       s.validation_loss,
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
CREATE VIEW v_best AS
SELECT s.run, r.name, x.name AS experiment, r.seed, r.generated_data, r.best_epoch, r.epochs,
       s.validation_accuracy, s.validation_balanced_accuracy, s.validation_auc, s.validation_f1, s.validation_brier,
       s.validation_loss,
       s.test_accuracy, s.test_auc, s.test_loss, s.train_accuracy, s.train_loss,
       r.parameters, r.seconds, r.finished, r.folder, r.content_hash, r.split_hash
FROM results s CROSS JOIN runs r ON r.id = s.run CROSS JOIN experiments x ON x.id = r.experiment
WHERE r.status = 'finished' AND r.removed IS NULL;
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
FROM epochs e CROSS JOIN runs r ON r.id = e.run
WHERE r.removed IS NULL;
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
CREATE VIEW v_splits AS
SELECT r.id AS run, s.position, s.sample, s.label, s.group_name, s.part
FROM runs r JOIN splits s ON s.run = r.split_run
WHERE r.removed IS NULL;
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
WHERE p.pairs > 0
;
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
CREATE VIEW v_sweep AS
SELECT w.id AS sweep, w.name AS sweep_name, sp.position, p.id AS point, p.status, sp.overrides,
       r.id AS run, r.name, r.epochs, r.best_epoch, s.train_accuracy, s.test_accuracy, s.test_loss,
       s.validation_accuracy, s.validation_auc, s.validation_loss, r.parameters, r.multiply_adds, r.seconds,
       p.attempts, p.failures, p.reason
FROM sweeps w JOIN sweep_points sp ON sp.sweep = w.id JOIN points p ON p.id = sp.point
     LEFT JOIN runs r ON r.id = coalesce(p.run, (SELECT max(id) FROM runs WHERE identity = p.identity AND id > p.newer_than
                                                                            AND removed IS NULL))
     LEFT JOIN results s ON s.run = r.id;
COMMIT;
