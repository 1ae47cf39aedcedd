#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <functional>

#include "../experiment/temporary_folder.h"
#include "data/augment.h"
#include "experiment/key.h"
#include "experiment/read.h"
#include "figures.h"
#include "identity/declared.h"
#include "identity/revisions.h"
#include "run/prepare.h"
#include "training/trainer.h"

namespace rxrun::test {
namespace {

const char* const kBase = R"(name: figures
seed: 3
network:
  plugins: [convnet]
  stem: [{conv: {channels: 4}}, batch_norm, relu]
  head: [global_average_pool, flatten, linear]
data: {source: histology, sample: {histology: {images: 48}}, image_size: 16, batch: 8}
training: {epochs: 3, precision: float32, optimizer: {adam: {lr: 0.01}}, keep_best: {metric: validation_loss}}
machine: {device: cpu, threads: 1, loader_threads: 1}
)";

using Words = std::vector<std::string>;

// Short trainings that differ from the base; between them every key that alters numbers is set to something else.
const std::vector<Words> kTrainings = {
    {},
    {"seed=4"},
    {"data.image_size=12"},
    {"data.image_size=70", "data.resize=pad"},
    {"data.image_size=12", "data.resize=crop"},
    {"data.channels=1"},
    {"data.sample.histology.images=60"},
    {"data.batch=5"},
    {"data.split.train=0.5", "data.split.test=0.3", "data.split.validation=0.2"},
    {"data.split.seed=8"},
    {"data.split.group_by=^([0-9]+)_idx"},
    {"data.normalize=none"},
    {"data.normalize={mean: [0.5, 0.4, 0.5], deviation: [0.2, 0.2, 0.3]}"},
    {"data.augment.horizontal_flip=true", "data.augment.rotate=20"},
    {"training.epochs=2"},
    {"training.optimizer={sgd: {}}"},
    {"training.optimizer={sgd: {lr: 0.02, weight_decay: 0.01, momentum: 0.9, nesterov: true}}"},
    {"training.optimizer={sgd: {lr: 0.02, weight_decay: 0.3, momentum: 0.9, decay_norm_and_bias: false}}"},
    {"training.optimizer={adam: {lr: 0.02, weight_decay: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-4}}"},
    {"training.optimizer={adam: {weight_decay: 0.3, decay_norm_and_bias: false}}"},
    {"training.optimizer={adamw: {}}"},
    {"training.optimizer={adamw: {lr: 0.02, weight_decay: 0.5, beta1: 0.8, beta2: 0.99, epsilon: 1e-4}}"},
    {"training.optimizer={adamw: {weight_decay: 0.5, decay_norm_and_bias: false}}"},
    {"training.optimizer={rmsprop: {}}"},
    {"training.optimizer={rmsprop: {lr: 0.02, weight_decay: 0.01, momentum: 0.5, alpha: 0.9, epsilon: 1e-4}}"},
    {"training.optimizer={rmsprop: {weight_decay: 0.3, decay_norm_and_bias: false}}"},
    {"training.schedule={constant: {warm_up: 1.5}}"},
    {"training.schedule={step: {step: 1}}"},
    {"training.schedule={step: {step: 2, gamma: 0.5, warm_up: 1}}"},
    {"training.schedule={multi_step: {milestones: [1, 2]}}"},
    {"training.schedule={multi_step: {milestones: [2], gamma: 0.5, warm_up: 1}}"},
    {"training.schedule={exponential: {}}"},
    {"training.schedule={exponential: {gamma: 0.5, warm_up: 1}}"},
    {"training.schedule={cosine: {}}"},
    {"training.schedule={cosine: {minimum: 0.001, warm_up: 1}}"},
    {"training.schedule={one_cycle: {}}"},
    {"training.schedule={one_cycle: {start_factor: 10, end_factor: 100, peak: 0.5, warm_up: 1}}"},
    {"training.schedule={polynomial: {}}"},
    {"training.schedule={polynomial: {power: 2, minimum: 0.001, warm_up: 1}}"},
    {"training.schedule={reduce_on_plateau: {}}"},
    {"training.schedule={reduce_on_plateau: {metric: train_loss, factor: 0.5, patience: 0, threshold: 0.9, minimum: "
     "0.001, warm_up: 1}}"},
    {"training.loss={cross_entropy: {class_weights: balanced}}"},
    {"training.loss={cross_entropy: {class_weights: [1, 3], label_smoothing: 0.1}}"},
    {"training.keep_best.metric=validation_accuracy"},
    {"training.keep_best.weights=last", "training.optimizer.adam.lr=0.1"},
    {"training.early_stopping={}", "training.epochs=12"},
    {"training.early_stopping={metric: train_loss, patience: 1, minimum_change: 10}"},
    {"training.clip_gradient_norm=0.1", "training.optimizer={sgd: {lr: 0.1}}"},
    {"training.average_weights=0.9"},
    {"training.mixup=0.4"},
    {"training.test_time_augmentation=mirrored"},
    {"training.test_time_augmentation=dihedral"},
};

// On one image each.
const std::vector<Words> kAugmentations = {
    {},
    {"data.augment.pad=3"},
    {"data.augment.horizontal_flip=true"},
    {"data.augment.vertical_flip=true"},
    {"data.augment.rotate_90=true"},
    {"data.augment.translate=3"},
    {"data.augment.rotate=30"},
    {"data.augment.scale=0.4"},
    {"data.augment.rotate=30", "data.augment.scale=0.4"},
    {"data.augment.brightness=0.4"},
    {"data.augment.contrast=0.4"},
    {"data.augment.saturation=0.4"},
    {"data.augment.hue=0.2"},
    {"data.augment.stain=0.1"},
    {"data.augment.erase=1"},
};

class Observer final : public TrainingObserver {
 public:
  void on_epoch(const EpochMetrics& epoch) override { last = epoch; }
  EpochMetrics last;
};

std::vector<double> train_so(const CheckedExperiment& checked, const std::filesystem::path& folder) {
  const Experiment& experiment = checked.experiment();
  std::shared_ptr<const Source> source = open_source(experiment.data, experiment.seed);
  Network network = network_for(checked, *source);
  const Dataset dataset = load_dataset(experiment.data, std::move(source), experiment.seed, 1);
  Observer observer;
  const TrainingResult result = train(network, dataset, experiment, {.folder = folder, .identity = "x"}, observer);
  return {static_cast<double>(result.reached.epochs),
          static_cast<double>(result.best_epoch),
          1000.0 * observer.last.learning_rate,
          observer.last.values.at("train_loss"),
          observer.last.values.at("validation_loss"),
          result.test.at("test_loss"),
          result.test.at("test_brier")};
}

std::vector<double> augment_so(const CheckedExperiment& checked) {
  constexpr int side = 16, channels = 3, times = 6;
  std::vector<std::uint8_t> image;
  RandomStream pixels(5, Purpose::sample);
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x)
      for (int c = 0; c < channels; ++c)
        image.push_back(static_cast<std::uint8_t>(40 + 8 * x + 4 * y * (c == 1) + 20 * c + pixels.below(20)));
  Transform transform(checked.experiment().data.augment, side, channels, {0.5f, 0.4f, 0.6f}, {0.2f, 0.25f, 0.3f});
  std::vector<float> all(image.size() * times);
  for (std::size_t i = 0; i < times; ++i)
    transform.augmented(image, RandomStream(7, Purpose::augment, 1, i), all.data() + i * image.size());
  std::vector<double> numbers;
  summarize_into(all.data(), all.size(), numbers);
  return numbers;
}

void add_defaults(const std::vector<Key>& keys, const std::string& path, std::map<std::string, std::string>& defaults) {
  for (const Key& key : keys) {
    const std::string name = path.empty() ? key.name : path + "." + key.name;
    if (key.consumed || !key.identity || !key.spread.empty()) continue;
    const bool section = key.map && key.words.empty() && !key.nullable;
    if (!section) defaults[name] = key.required ? "required" : canonical_text(default_of(key));
    if (key.map || key.stages) add_defaults(key.keys, name, defaults);
    for (const Kind& kind : key.kinds) add_defaults(kind.keys, name + "." + kind.name, defaults);
  }
}

std::string label_of(const std::string& what, const Words& words) {
  return words.empty() ? what : fmt::format("{} {}", what, fmt::join(words, " "));
}

}  // namespace

Figures engine_figures() {
  Figures figures{.revision = kEngineRevision, .defaults = {}, .outputs = {}};
  add_defaults(experiment_keys(), "", figures.defaults);
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.write("figures.yaml", kBase);
  for (const Words& words : kTrainings) {
    const std::filesystem::path run = folder.path() / "run";
    std::filesystem::create_directory(run);
    figures.outputs[label_of("training", words)] = train_so(check_experiment({file, words}), run);
    std::filesystem::remove_all(run);
  }
  for (const Words& words : kAugmentations)
    figures.outputs[label_of("image", words)] = augment_so(check_experiment({file, words}));
  return figures;
}

std::set<std::string> exercised_keys() {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.write("figures.yaml", kBase);
  std::set<std::string> keys;
  for (const auto* cases : {&kTrainings, &kAugmentations})
    for (const Words& words : *cases) {
      const CheckedExperiment checked = check_experiment({file, words});
      for (const auto& [key, value] : flatten(declared(checked.read.tree, checked.network.plugins))) keys.insert(key);
    }
  return keys;
}

}  // namespace rxrun::test
