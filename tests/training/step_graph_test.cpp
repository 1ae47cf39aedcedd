// Recorded steps, by a recorder that does again what it was shown.
#include "training/step_graph.h"

#include <gmock/gmock.h>

#include "network/forward.h"
#include "tiny.h"
#include "training/outputs.h"
#include "training/train_epoch.h"

namespace rxrun {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<at::Tensor> tensors_of(const Network& network, bool trainable) {
  std::vector<at::Tensor> tensors;
  for (const NamedTensor& tensor : named_tensors(network)) {
    if (tensor.trainable == trainable) tensors.push_back(tensor.tensor);
  }
  return tensors;
}

class Rehearsal final : public Graph {
 public:
  Rehearsal(const Network& network, int& replays) : network_(network), replays_(replays) {}
  std::vector<at::Tensor> record(const std::function<std::vector<at::Tensor>()>& work) override {
    const std::vector<at::Tensor> buffers = tensors_of(network_, false);
    std::vector<at::Tensor> before;
    for (const at::Tensor& buffer : buffers) before.push_back(buffer.clone());
    work_ = work;
    results_ = work_();
    for (std::size_t i = 0; i < buffers.size(); ++i) buffers[i].copy_(before[i]);
    for (const at::Tensor& result : results_) result.fill_(NAN);  // nothing was computed
    return results_;
  }
  void replay() override {
    const std::vector<at::Tensor> again = work_();
    for (std::size_t i = 0; i < again.size(); ++i) results_[i].copy_(again[i]);
    ++replays_;
  }

 private:
  const Network& network_;
  int& replays_;
  std::function<std::vector<at::Tensor>()> work_;
  std::vector<at::Tensor> results_;
};

Network without_draws() {
  Network network;
  network.input = {3, tiny::side, tiny::side};
  network.classes = 2;
  tiny::add<tiny::Conv>(network, "conv1", std::int64_t{6});
  tiny::add<tiny::BatchNorm>(network, "bn1");
  tiny::add<tiny::Relu>(network, "relu");
  tiny::add<tiny::Head>(network, "fc", std::int64_t{2});
  return network;
}

// An epoch of 30 images in batches of 8: three whole ones and one of six.
struct Trained {
  Network network = without_draws();
  Dataset dataset = tiny::dataset(30);
  Experiment experiment = tiny::experiment();
  Outputs outputs;
  int replays = 0;

  explicit Trained(bool recorded) {
    prepare(network, 1, "cpu");
    const Loss loss({}, {1, 1}, "cpu");
    const Setting setting{network, dataset, experiment, loss, "cpu"};
    Optimizer optimizer({}, trainable_parameters(network));
    const Schedule schedule({}, 0.01, 1, 4);
    TrainingObserver nobody;
    Progress progress(nobody);
    std::optional<StepGraph> graph;
    if (recorded) graph.emplace(network, 8, std::make_unique<Rehearsal>(network, replays));
    EpochProgress under_way;
    const TrainedEpoch epoch = train_epoch(setting, {optimizer, schedule, nullptr, nullptr, graph ? &*graph : nullptr},
                                           1, LossCheck::late, under_way, outputs, progress);
    EXPECT_EQ(epoch.end, TrainedEpoch::End::finished);
  }
};

TEST(StepGraph, ReplayedStepsTrainToTheSameBits) {
  const Trained eager(false), recorded(true);
  EXPECT_EQ(recorded.replays, 3) << "and the short last batch as it is";
  const auto expected = named_tensors(eager.network), found = named_tensors(recorded.network);
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(found[i].tensor.equal(expected[i].tensor)) << expected[i].name;
  EXPECT_EQ(recorded.outputs.gather(2).probabilities, eager.outputs.gather(2).probabilities);
  EXPECT_EQ(recorded.outputs.gather(2).loss_sum, eager.outputs.gather(2).loss_sum);
}

// Puts a new tensor in its buffer's place, which a recorded step would not follow.
class Replacing final : public Layer {
 public:
  explicit Replacing(const Shape& input) : Layer(input) { buffer("mean", mean_, {1}, constant(0.0)); }
  torch::Tensor forward(const torch::Tensor& x) override {
    mean_ = mean_ * 0.9 + x.detach().mean() * 0.1;
    return x - mean_;
  }

 private:
  torch::Tensor mean_;
};

TEST(StepGraph, AStepThatCannotBeRecordedIsTold) {
  Network network;
  network.input = {3, tiny::side, tiny::side};
  network.classes = 2;
  tiny::add<Replacing>(network, "centre");
  tiny::add<tiny::Head>(network, "fc", std::int64_t{2});
  prepare(network, 1, "cpu");
  const Loss loss({}, {1, 1}, "cpu");
  const BatchTensors batch{at::ones({4, 3, tiny::side, tiny::side}), at::zeros({4}, at::kLong)};
  int replays = 0;
  StepGraph graph(network, 4, std::make_unique<Rehearsal>(network, replays));
  const auto message_of = [&](const StepGraph::Forward& forward) -> std::string {
    try {
      graph.run(batch, forward);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(message_of([&](const BatchTensors& input) {
                const at::Tensor logits = forward(network, input.pixels);
                return Step{logits, loss.mean(logits, input.labels), input.pixels};
              }),
              HasSubstr("`centre.mean`"));
  EXPECT_EQ(replays, 0);
}

TEST(WhyNotRecorded, DrawsOfLayersAndOfMixup) {
  EXPECT_THAT(why_not_recorded({}, without_draws()), IsEmpty());
  EXPECT_THAT(why_not_recorded({}, tiny::network()), HasSubstr("layer `dropout` draws random numbers"));
  EXPECT_THAT(why_not_recorded({.mixup = 0.2}, without_draws()), HasSubstr("training.mixup"));
}

}  // namespace
}  // namespace rxrun
