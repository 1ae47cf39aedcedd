#include "training/average.h"

#include <torch/types.h>

#include <algorithm>

#include "rxrun/layer.h"
#include "training/parameter_update.h"
#include "training/update.h"

namespace rxrun {

struct WeightAverage::Impl {
  double decay;
  std::int64_t updates = 0;
  std::vector<at::Tensor*> slots;    // the network's members
  std::vector<std::size_t> trained;  // the places here of those with a gradient, in the order of trainable_parameters()
  std::vector<std::size_t> buffers;  // of the others
  std::vector<std::string> names;
  std::vector<at::Tensor> averages;
};

WeightAverage::WeightAverage(Network& network, double decay) : impl_(std::make_unique<Impl>()) {
  at::NoGradGuard no_gradient;
  impl_->decay = decay;
  for (NetworkLayer& layer : network.layers) {
    layer.module->visit_tensors(
        [&](const std::string& name, Layer::DeclaredTensor& tensor) {
          (tensor.trainable ? impl_->trained : impl_->buffers).push_back(impl_->slots.size());
          impl_->slots.push_back(tensor.slot);
          impl_->names.push_back(name);
          impl_->averages.push_back(tensor.slot->detach().clone());
        },
        layer.path);
  }
}
WeightAverage::~WeightAverage() = default;

void WeightAverage::step(Optimizer& optimizer, const Optimizer::Step& step) {
  const double n = static_cast<double>(++impl_->updates);
  const double share = 1.0 - std::min(impl_->decay, (1.0 + n) / (10.0 + n));
  Optimizer::Step with_average = step;
  with_average.after = [&](std::size_t parameter, std::int64_t first, std::int64_t last) {
    const at::NoGradGuard no_gradient;
    const std::size_t i = impl_->trained[parameter];
    const at::Tensor &weights = *impl_->slots[i], &average = impl_->averages[i];
    if (takes_one_pass(weights)) {
      follow(average.data_ptr<float>() + first, weights.data_ptr<float>() + first, last - first,
             static_cast<float>(share));
    } else {
      average.lerp_(weights, share);  // such a parameter is told in whole
    }
  };
  optimizer.step(with_average);
  const at::NoGradGuard no_gradient;
  for (const std::size_t i : impl_->buffers) impl_->averages[i].copy_(*impl_->slots[i]);
  // Written past LibTorch, which counts a tensor's changes; who keeps what it made of a weight asks for them.
  for (const std::size_t i : impl_->trained) impl_->averages[i].unsafeGetTensorImpl()->bump_version();
}

void WeightAverage::swap() {
  for (std::size_t i = 0; i < impl_->slots.size(); ++i) std::swap(*impl_->slots[i], impl_->averages[i]);
}

NamedTensors WeightAverage::tensors() const {
  NamedTensors tensors;
  for (std::size_t i = 0; i < impl_->names.size(); ++i) tensors.emplace_back(impl_->names[i], impl_->averages[i]);
  return tensors;
}

std::int64_t WeightAverage::updates() const { return impl_->updates; }
void WeightAverage::set_updates(std::int64_t updates) { impl_->updates = updates; }

}  // namespace rxrun
