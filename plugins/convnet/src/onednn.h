// oneDNN asked directly, where the LibTorch in use is linked to it and its headers were there at the build: for what
// LibTorch's own calls cannot say. Elsewhere (onednn_absent.cpp), and where LibTorch's oneDNN is switched off, nothing
// is taken, and LibTorch computes.
#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "rxrun/layers/shapes.h"

namespace rxrun::layers::onednn {

// Whether oneDNN, asked directly or by LibTorch, has programs for bfloat16 that are made for this processor.
bool has_bfloat16();

// rows × columns, row by row without gaps; or, where `transposed`, its transpose lies in memory like that. float32 or
// bfloat16.
struct Matrix {
  void* data;
  torch::ScalarType type;
  std::int64_t rows, columns;
  bool transposed = false;
};

// What a product of matrices is added to as it is written.
enum class Addend { none, matrix };

// Whether there is a program for c = a · b, or c = a · b + addend, that is made for this processor. The data are not
// looked at.
bool can_multiply(const Matrix& a, const Matrix& b, const Matrix& c, Addend addend = Addend::none);
// c = a · b, summed in float32 on LibTorch's threads; c is not transposed. With `addend`, which lies in memory like c,
// c = a · b + addend. Only where can_multiply says so.
void multiply(const Matrix& a, const Matrix& b, const Matrix& c, void* addend = nullptr);

// What a convolution with bias computes besides.
struct After {
  bool add = false;   // y += residual
  bool relu = false;  // then y = max(0, y)
  bool operator==(const After&) const = default;
};

// A convolution of images of one size, its weights in the order in which oneDNN reads them.
class Convolution {
 public:
  // Of images of these sizes and type (float32 or bfloat16) in channels-last memory; `weight` {out, in / groups,
  // height, width} and `bias` {out} are contiguous float32. Shares the weights of one of `others`, which must be of the
  // same weights, where their order is the same. Null where oneDNN has no program that is made for this processor.
  static std::shared_ptr<const Convolution> make(at::IntArrayRef x, torch::ScalarType type, const torch::Tensor& weight,
                                                 const torch::Tensor& bias, const Window& window, std::int64_t groups,
                                                 After after,
                                                 const std::vector<std::shared_ptr<const Convolution>>& others);
  virtual ~Convolution() = default;
  // `residual` has the result's sizes, type and memory; undefined where none is added.
  virtual torch::Tensor run(const torch::Tensor& x, const torch::Tensor& residual) const = 0;
};

}  // namespace rxrun::layers::onednn
