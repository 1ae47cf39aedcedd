#include "training/stored_tensors.h"

#include <torch/types.h>

#include <algorithm>
#include <cstring>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

at::ScalarType type_of(const StoredTensor& stored) {
  switch (stored.type) {
    case StoredType::f64:
      return at::kDouble;
    case StoredType::f32:
      return at::kFloat;
    case StoredType::f16:
      return at::kHalf;
    case StoredType::bf16:
      return at::kBFloat16;
    case StoredType::i64:
      return at::kLong;
    case StoredType::other:
      break;
  }
  throw Error(Failure::usage, "a tensor is of type " + stored.type_name + ", expected F64, F32, F16, BF16 or I64");
}

}  // namespace

at::Tensor tensor_of(const StoredTensor& stored) {
  const at::Tensor tensor = at::empty(stored.shape, type_of(stored));
  if (!stored.bytes.empty()) std::memcpy(tensor.data_ptr(), stored.bytes.data(), stored.bytes.size());
  return tensor;
}

std::string list_names(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i) text += (i ? ", `" : "`") + printable(names[i]) + "`";
  return names.size() > shown ? text + " and " + std::to_string(names.size() - shown) + " more" : text;
}

}  // namespace rxrun
