// Training on a device that is not the CPU gives what the CPU gives, and mixes no tensors of the two.
#include <gmock/gmock.h>

#include "network/forward.h"
#include "plugin/stand_in_device.h"
#include "rxrun/to_device.h"
#include "temporary_folder.h"
#include "tiny.h"
#include "training/checkpoint.h"
#include "training/outputs.h"
#include "training/train_epoch.h"

namespace rxrun {
namespace {

// As tiny's, with a mask that is brought to where the input is.
class Dropout final : public Layer {
 public:
  explicit Dropout(const Shape& input) : Layer(input) { declare_random(); }
  torch::Tensor forward(const torch::Tensor& x) override {
    if (!training()) return x.clone();
    return x * to_device(at::empty_like(x, x.options().device(at::kCPU)).bernoulli_(0.8, generator()), x.device()) /
           0.8;
  }
};

Network network_with_everything() {
  Network network;
  network.input = {3, tiny::side, tiny::side};
  network.classes = 2;
  tiny::add<tiny::Conv>(network, "conv1", std::int64_t{6});
  tiny::add<tiny::BatchNorm>(network, "bn1");
  tiny::add<tiny::Relu>(network, "relu");
  tiny::add<Dropout>(network, "dropout");
  tiny::add<tiny::Head>(network, "fc", std::int64_t{2});
  return network;
}

Experiment experiment_with_everything(OptimizerSpec::Kind kind) {
  Experiment experiment = tiny::experiment();
  TrainingSpec& training = experiment.training;
  training.optimizer = {
      .kind = kind, .lr = 0.01, .weight_decay = 0.01, .momentum = kind == OptimizerSpec::Kind::rmsprop ? 0.5 : 0.0};
  training.mixup = 0.3;
  training.clip_gradient_norm = 0.5;
  training.average_weights = 0.9;
  training.loss = {.class_weights = {1.0, 2.0}, .balanced = true, .label_smoothing = 0.1};
  return experiment;
}

// Two epochs, the second after a checkpoint has been written and read; then an evaluation of the averaged weights.
struct Trained {
  std::map<std::string, at::Tensor> tensors;
  Predictions tested;

  Trained(const std::string& device, OptimizerSpec::Kind kind, Outputs::Keep keep) {
    const Dataset dataset = tiny::dataset();
    const Experiment experiment = experiment_with_everything(kind);
    Network network = network_with_everything();
    prepare(network, 1, device);
    const Loss loss(experiment.training.loss, class_counts(dataset), device);
    const Setting setting{network, dataset, experiment, loss, device};
    Optimizer optimizer(experiment.training.optimizer, trainable_parameters(network));
    WeightAverage average(network, experiment.training.average_weights);
    const Schedule schedule({}, 0.01, 2, 4);
    TrainingObserver nobody;
    Progress progress(nobody);
    Outputs outputs(keep);
    TrainingState state;
    const TemporaryFolder folder;
    Checkpoints checkpoints(folder.path(), "tiny", [](const std::string&) {});
    for (std::int64_t epoch = 1; epoch <= 2; ++epoch) {
      progress.begin(epoch, 2, Part::train, 33);
      EXPECT_EQ(train_epoch(setting, {optimizer, schedule, &average, nullptr}, epoch, LossCheck::late, state.under_way,
                            outputs, progress)
                    .end,
                TrainedEpoch::End::finished);
      checkpoints.save({network, optimizer, &average, state, outputs});
      checkpoints.load({network, optimizer, &average, state, outputs});
      state.under_way = {};
      outputs.clear();
    }
    average.swap();
    tested = *evaluate_part(setting, Part::validation, TestTimeAugmentation::dihedral, progress, nullptr);
    for (const NamedTensor& tensor : named_tensors(network)) tensors[tensor.name] = tensor.tensor;
    for (const auto& [name, tensor] : optimizer.state()) tensors["optimizer/" + name] = tensor;
  }
};

// Before any backward pass of this program.
[[maybe_unused]] const at::Device known = stand_in_device();

TEST(OtherDevice, TrainsAsTheCpuDoes) {
  using Kind = OptimizerSpec::Kind;
  for (const Kind kind : {Kind::sgd, Kind::adam, Kind::adamw, Kind::rmsprop}) {
    const auto keep = kind == Kind::adam ? Outputs::Keep::guesses : Outputs::Keep::probabilities;
    const Trained here("cpu", kind, keep), there(stand_in_device().str(), kind, keep);
    for (const auto& [name, tensor] : here.tensors) {
      const at::Tensor& found = there.tensors.at(name);
      EXPECT_TRUE(name == "optimizer/step" || found.device() == stand_in_device()) << name;
      EXPECT_TRUE(at::allclose(found.to(at::kCPU), tensor, 1e-3, 1e-4))
          << name << ", optimizer " << static_cast<int>(kind);
    }
    ASSERT_EQ(here.tested.probabilities.size(), there.tested.probabilities.size());
    for (std::size_t i = 0; i < here.tested.probabilities.size(); ++i)
      EXPECT_NEAR(here.tested.probabilities[i], there.tested.probabilities[i], 1e-3);
  }
}

}  // namespace
}  // namespace rxrun
