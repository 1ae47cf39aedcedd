// Cross entropy with class weights, label smoothing and mixed targets, computed in float32. Includes no LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "experiment/experiment.h"
#include "random/random.h"
#include "training/tensors.h"

namespace rxrun {

class Loss {
 public:
  // `class_counts`: images of each class in the training part, for `balanced` (weight = images / (classes × count),
  // times class_weights when both are given). Throws Error when there are not as many class weights as classes.
  Loss(const LossSpec& spec, const std::vector<std::int64_t>& class_counts, const std::string& device);
  ~Loss();
  Loss(Loss&&) noexcept;

  // Mean over the batch, weighted by the images' class weights: a scalar.
  at::Tensor mean(const at::Tensor& logits, const at::Tensor& labels) const;
  // Sum over the batch and the sum of the images' class weights; their quotient is the mean.
  at::Tensor sum(const at::Tensor& logits, const at::Tensor& labels) const;
  at::Tensor weight(const at::Tensor& labels) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// mixup (arXiv 1710.09412): each image is blended with another of its batch, and so is its target. `share`, that of the
// image itself, is drawn once a batch from Beta(alpha, alpha).
struct Mixup {
  double share = 1.0;
  std::vector<std::int64_t> partner;  // position in the batch

  static Mixup draw(RandomStream& random, double alpha, std::int64_t batch);
  at::Tensor blend(const at::Tensor& pixels) const;
  at::Tensor loss(const Loss& loss, const at::Tensor& logits, const at::Tensor& labels) const;
};

// Of Beta(alpha, alpha), for any alpha > 0.
double draw_symmetric_beta(RandomStream& random, double alpha);

}  // namespace rxrun
