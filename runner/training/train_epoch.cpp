#include "training/train_epoch.h"

#include <torch/types.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>

#include "data/loader.h"
#include "network/forward.h"
#include "training/autocast.h"
#include "training/batch_feed.h"
#include "training/outputs.h"
#include "training/step_graph.h"

namespace rxrun {
namespace {

struct Place {
  std::int64_t epoch, batch;  // both from 1
};

[[noreturn]] void fail_not_finite(const Setting& setting, const at::Tensor& pixels, const Place& place, double loss,
                                  std::optional<double> last_finite) {
  const Autocast autocast(setting.precision, setting.device);
  const std::string origin = first_not_finite(setting.network, pixels);
  std::string message = "the loss is " + std::to_string(loss) + " in epoch " + std::to_string(place.epoch) +
                        ", batch " + std::to_string(place.batch) + "; ";
  message += origin.empty() ? "all layers' outputs are finite, so it began in the loss itself"
                            : "the first value that is not finite is in " + origin;
  char finite[32] = "";  // it may have grown past all bounds before
  if (last_finite) std::snprintf(finite, sizeof finite, "%.6g", *last_finite);
  message += last_finite ? "; the last finite loss was " + std::string(finite) : "; there was no finite loss before";
  throw Error(Failure::run, message,
              std::string("lower training.optimizer's lr, add warm_up or training.clip_gradient_norm") +
                  (setting.precision == Precision::bfloat16 ? ", or set training.precision to float32" : ""));
}

std::optional<Mixup> draw_mixup(const Setting& setting, RandomStream& draws, std::int64_t batch) {
  const double alpha = setting.experiment.training.mixup;
  return alpha > 0.0 ? std::optional(Mixup::draw(draws, alpha, batch)) : std::nullopt;
}

Step compute(const Setting& setting, const BatchTensors& batch, const std::optional<Mixup>& mixup) {
  Step step;
  step.pixels = mixup ? mixup->blend(batch.pixels) : batch.pixels;
  {
    const Autocast autocast(setting.precision, setting.device);
    step.logits = forward(setting.network, step.pixels);
  }
  step.loss =
      mixup ? mixup->loss(setting.loss, step.logits, batch.labels) : setting.loss.mean(step.logits, batch.labels);
  return step;
}

void learn(const Setting& setting, const Learning& learning, const Step& step, double rate) {
  const double longest = setting.experiment.training.clip_gradient_norm;
  if (longest > 0.0) learning.optimizer.clip_gradient_norm(longest);
  const auto differentiate = [&] {
    if (!step.differentiated) backward(step.loss);
  };
  if (learning.average != nullptr) {
    learning.average->step(learning.optimizer, rate, differentiate);
  } else {
    learning.optimizer.step(rate, differentiate, {});
  }
}

}  // namespace

std::int64_t steps_per_epoch(std::int64_t images, std::int64_t batch) {
  return batches_of(images, batch, /*drop_last_single=*/true);
}

TrainedEpoch train_epoch(const Setting& setting, const Learning& learning, std::int64_t epoch, LossCheck check,
                         EpochProgress& under_way, Outputs& outputs, Progress& progress) {
  const std::uint64_t seed = setting.experiment.seed;
  set_training(setting.network, true);
  const auto began = std::chrono::steady_clock::now();
  Loader loader(setting.dataset, Part::train, setting.experiment.data,
                {.batch = setting.experiment.data.batch,
                 .seed = seed,
                 .epoch = epoch,
                 .shuffle = true,
                 .augment = true,
                 .drop_last_single = true,
                 .threads = setting.loader_threads,
                 .first_batch = under_way.batches});
  const EpochProgress before = under_way;
  BatchFeed feed(setting.dataset, at::Device(setting.device));
  StepGraph* const graph = check == LossCheck::late ? learning.graph : nullptr;
  const StepGraph::Forward recorded = [&](const BatchTensors& input) { return compute(setting, input, std::nullopt); };
  Batch batch;
  std::optional<double> last_finite;
  for (std::int64_t number = before.batches; loader.next(batch); ++number) {
    // The step's own draws: first the layers' key, then mixup's.
    RandomStream draws(seed, Purpose::layer, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(number));
    const std::uint64_t layers_key = draws.next();
    reseed(setting.network, layers_key);
    const BatchTensors tensors = feed(batch);
    const std::optional<Step> replayed = graph != nullptr ? graph->run(tensors, recorded) : std::nullopt;
    const Step step = replayed ? *replayed : compute(setting, tensors, draw_mixup(setting, draws, batch.size));

    if (check == LossCheck::at_once) {
      const double loss = step.loss.item<double>();
      if (!std::isfinite(loss)) {
        reseed(setting.network, layers_key);
        fail_not_finite(setting, step.pixels, {epoch, number + 1}, loss, last_finite);
      }
      last_finite = loss;
    }
    learn(setting, learning, step, learning.schedule.rate(epoch - 1, number));

    const at::Tensor weight = setting.loss.weight(tensors.labels);
    outputs.add(batch, step.logits, step.loss.detach() * weight, weight);
    under_way.batches = number + 1;
    under_way.images += batch.size;
    under_way.seconds =
        before.seconds + std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    under_way.seconds_waited = before.seconds_waited + loader.seconds_waited();
    bool finite = true;
    progress.add(batch.size, [&] {
      const double loss = outputs.mean_loss();
      finite = std::isfinite(loss);
      return loss;
    });
    const bool stopped = learning.stop != nullptr && learning.stop->load() != 0;
    // What a checkpoint is made of is looked at first.
    if (check == LossCheck::late && (!finite || (stopped && !std::isfinite(outputs.mean_loss()))))
      return {.end = TrainedEpoch::End::late_not_finite};
    if (stopped) return {.end = TrainedEpoch::End::stopped};
  }
  if (check == LossCheck::late && !std::isfinite(outputs.mean_loss()))
    return {.end = TrainedEpoch::End::late_not_finite};
  return {.predictions = outputs.gather(setting.network.classes), .progress = under_way};
}

}  // namespace rxrun
