#include "training/evaluate.h"

#include <torch/types.h>

#include <algorithm>

#include "data/loader.h"
#include "machine/cores.h"
#include "network/forward.h"
#include "rxrun/layer.h"
#include "training/autocast.h"
#include "training/batch_feed.h"
#include "training/checkpoint.h"
#include "training/machine.h"
#include "training/outputs.h"
#include "training/test_time_augmentation.h"
#include "training/translate.h"

namespace rxrun {

std::vector<std::int64_t> class_counts(const Dataset& dataset) {
  std::vector<std::int64_t> counts(dataset.classes.size());
  for (const std::int64_t sample : dataset.part(Part::train))
    ++counts.at(static_cast<std::size_t>(dataset.label(sample)));
  return counts;
}

int choose_loader_threads(const MachineSpec& spec) {
  if (spec.loader_threads > 0) return static_cast<int>(std::min<std::int64_t>(spec.loader_threads, 256));
  // The step needs the cores more than the loader does, whose images are decoded already.
  return std::clamp(available_cores() / 2, 1, 4);
}

void prepare(Network& network, std::uint64_t seed, const std::string& device) {
  materialize(network, seed, at::Device(device));
  at::NoGradGuard no_gradient;
  for (NetworkLayer& layer : network.layers) {
    layer.module->visit_tensors(
        [](const std::string&, Layer::DeclaredTensor& tensor) {
          if (tensor.slot->dim() == 4)
            *tensor.slot =
                tensor.slot->detach().contiguous(at::MemoryFormat::ChannelsLast).requires_grad_(tensor.trainable);
        },
        layer.path);
  }
}

NamedTensors trainable_parameters(const Network& network) {
  NamedTensors parameters;
  for (const NamedTensor& tensor : named_tensors(network)) {
    if (tensor.trainable) parameters.emplace_back(tensor.name, tensor.tensor);
  }
  return parameters;
}

std::optional<Predictions> evaluate_part(const Setting& setting, Part part, TestTimeAugmentation augmentation,
                                         Progress& progress, const std::atomic<int>* stop) {
  at::NoGradGuard no_gradient;
  const Autocast autocast(setting.precision, setting.device);
  set_training(setting.network, false);
  Loader loader(
      setting.dataset, part, setting.experiment.data,
      {.batch = setting.experiment.data.batch, .seed = setting.experiment.seed, .threads = setting.loader_threads});
  // Every image of the other parts is recorded with its probability; those of the training part are scored and no more.
  Outputs outputs(
      part == Part::train
          ? Outputs::affordable(static_cast<std::int64_t>(setting.dataset.part(part).size()), setting.network.classes)
          : Outputs::Keep::probabilities);
  BatchFeed feed(setting.dataset, at::Device(setting.device));
  Batch batch;
  while (loader.next(batch)) {
    const BatchTensors tensors = feed(batch);
    const at::Tensor logits = logits_of(setting.network, tensors.pixels, augmentation);
    outputs.add(batch, logits, setting.loss.sum(logits, tensors.labels), setting.loss.weight(tensors.labels));
    progress.add(batch.size, [&] { return outputs.mean_loss(); });
    if (stop != nullptr && stop->load() != 0) return std::nullopt;
  }
  return outputs.gather(setting.network.classes);
}

Predictions evaluate(Network& network, const Dataset& dataset, const Experiment& experiment,
                     const std::filesystem::path& weights, const std::vector<std::int64_t>& class_counts, Part part,
                     const std::atomic<int>* stop) {
  return translated([&] {
    const std::string device = choose_device(experiment.machine.device);
    prepare(network, experiment.seed, device);
    load_weights(weights, network);
    const Loss loss(experiment.training.loss, class_counts, device);
    TrainingObserver nobody;
    Progress progress(nobody);
    progress.begin(0, 0, part, static_cast<std::int64_t>(dataset.part(part).size()));
    const Setting setting{network,
                          dataset,
                          experiment,
                          loss,
                          device,
                          choose_precision(experiment.training.precision, device),
                          choose_loader_threads(experiment.machine)};
    std::optional<Predictions> predictions =
        evaluate_part(setting, part, experiment.training.test_time_augmentation, progress, stop);
    if (!predictions)
      throw Error(static_cast<Failure>(128 + stop->load()),
                  "stopped by signal " + std::to_string(stop->load()) + " while images were scored");
    return std::move(*predictions);
  });
}

}  // namespace rxrun
