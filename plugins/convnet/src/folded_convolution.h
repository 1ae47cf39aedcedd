// A convolution and the batch norm behind it, in evaluation one convolution: batch norm by its running statistics is
// scale · y + shift for each channel, which goes into the weights and a bias.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "onednn.h"
#include "rxrun/layers/batch_norm.h"
#include "rxrun/layers/conv.h"

namespace rxrun::layers {

class FoldedConvolution {
 public:
  FoldedConvolution(const Conv& conv, const BatchNorm& norm) : conv_(conv), norm_(norm) {}

  // norm(conv(x)), + residual where it is defined, then max(0, ·) where `relu` says so; or an undefined tensor where
  // this is not for it: in training, with gradients on, for images that are not channels-last on the CPU, or without
  // oneDNN. What it folded it keeps until one of the layers' tensors changes.
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& residual, bool relu);

  // Gives back what it keeps.
  void drop();

 private:
  // A folded convolution for images of one size and type.
  struct Entry {
    std::vector<std::int64_t> x;
    torch::ScalarType type;
    onednn::After after;
    int threads;
    bool operator==(const Entry&) const = default;
  };
  bool is_current() const;
  void remember();
  std::shared_ptr<const onednn::Convolution> make(const Entry& entry) const;

  const Conv& conv_;
  const BatchNorm& norm_;
  std::vector<std::pair<torch::Tensor, std::int64_t>> folded_of_;  // the layers' tensors and their versions
  std::vector<Entry> entries_;
  std::vector<std::shared_ptr<const onednn::Convolution>> convolutions_;  // of the entries; null: oneDNN has none
};

}  // namespace rxrun::layers
