#include "folded_convolution.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "kernel_tensors.h"

namespace rxrun::layers {

using torch::Tensor;

namespace {

// Calls visit(tensor) for the two layers' tensors.
template <typename Visit>
void visit_tensors(const Conv& conv, const BatchNorm& norm, const Visit& visit) {
  for (const Layer* layer : {static_cast<const Layer*>(&conv), static_cast<const Layer*>(&norm)}) {
    for (const Layer::DeclaredTensor& tensor : layer->tensors()) visit(*tensor.slot);
  }
}

// Tensors of inference mode do not count their changes.
bool can_be_folded(const Conv& conv, const BatchNorm& norm) {
  bool can = is_float32_on_cpu(conv.weight());
  visit_tensors(conv, norm,
                [&](const Tensor& tensor) { can = can && tensor.device().is_cpu() && !tensor.is_inference(); });
  return can;
}

}  // namespace

bool FoldedConvolution::is_current() const {
  std::size_t i = 0;
  bool same = !folded_of_.empty();
  visit_tensors(conv_, norm_, [&](const Tensor& tensor) {
    same = same && i < folded_of_.size() && tensor.is_same(folded_of_[i].first) &&
           static_cast<std::int64_t>(tensor._version()) == folded_of_[i].second;
    ++i;
  });
  return same;
}

void FoldedConvolution::remember() {
  visit_tensors(conv_, norm_, [&](const Tensor& tensor) {
    folded_of_.emplace_back(tensor, static_cast<std::int64_t>(tensor._version()));
  });
}

void FoldedConvolution::drop() {
  folded_of_.clear();
  entries_.clear();
  convolutions_.clear();
}

std::shared_ptr<const onednn::Convolution> FoldedConvolution::make(const Entry& entry) const {
  const BatchNorm::Line line = norm_.evaluation();
  const Tensor weight = (conv_.weight() * line.scale.reshape({-1, 1, 1, 1})).to(at::kFloat).contiguous();
  const Tensor bias = conv_.bias().defined() ? line.shift + line.scale * conv_.bias() : line.shift;
  return onednn::Convolution::make(entry.x, entry.type, weight, bias.to(at::kFloat).contiguous(), conv_.window(),
                                   conv_.groups(), entry.after, convolutions_);
}

Tensor FoldedConvolution::forward(const Tensor& x, const Tensor& residual, bool relu) {
  if (conv_.training() || norm_.training()) {
    drop();
    return {};
  }
  if (at::GradMode::is_enabled() || !is_kernel_image(x) || (autocast_on_cpu() && x.scalar_type() == at::kFloat) ||
      (residual.defined() && (!is_kernel_image(residual) || residual.scalar_type() != x.scalar_type())) ||
      !can_be_folded(conv_, norm_)) {
    return {};
  }
  if (!is_current()) {
    drop();
    remember();
  }
  const Entry entry{x.sizes().vec(), x.scalar_type(), {residual.defined(), relu}, at::get_num_threads()};
  auto found = std::find(entries_.begin(), entries_.end(), entry);
  if (found == entries_.end()) {
    // As many sizes of batches as an evaluation has, and some more.
    constexpr std::size_t most = 8;
    if (entries_.size() == most) {
      entries_.clear();
      convolutions_.clear();
    }
    convolutions_.push_back(make(entry));
    entries_.push_back(entry);
    found = entries_.end() - 1;
  }
  const auto& convolution = convolutions_[static_cast<std::size_t>(found - entries_.begin())];
  return convolution ? convolution->run(x, residual) : Tensor();
}

}  // namespace rxrun::layers
