#include "training/average.h"

#include <torch/types.h>

#include <algorithm>

#include "rxrun/layer.h"

namespace rxrun {

struct WeightAverage::Impl {
  double decay;
  std::int64_t updates = 0;
  std::vector<at::Tensor*> slots;     // the network's members
  std::vector<bool> trained;
  std::vector<std::string> names;
  std::vector<at::Tensor> averages;
};

WeightAverage::WeightAverage(Network& network, double decay) : impl_(std::make_unique<Impl>()) {
  at::NoGradGuard no_gradient;
  impl_->decay = decay;
  for (NetworkLayer& layer : network.layers) {
    layer.module->visit_tensors(
        [&](const std::string& name, Layer::DeclaredTensor& tensor) {
          impl_->slots.push_back(tensor.slot);
          impl_->trained.push_back(tensor.trainable);
          impl_->names.push_back(name);
          impl_->averages.push_back(tensor.slot->detach().clone());
        },
        layer.path);
  }
}
WeightAverage::~WeightAverage() = default;

void WeightAverage::update() {
  at::NoGradGuard no_gradient;
  const double n = static_cast<double>(++impl_->updates);
  const double move = 1.0 - std::min(impl_->decay, (1.0 + n) / (10.0 + n));
  for (std::size_t i = 0; i < impl_->slots.size(); ++i) {
    if (impl_->trained[i]) {
      impl_->averages[i].lerp_(*impl_->slots[i], move);
    } else {
      impl_->averages[i].copy_(*impl_->slots[i]);
    }
  }
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
