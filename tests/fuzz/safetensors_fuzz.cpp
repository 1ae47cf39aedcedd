// Weights: a tensor never lies outside of the file.
#include "training/safetensors.h"

#include "fuzz.h"

using namespace rxrun;
using namespace rxrun::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  answered([&] {
    const Safetensors file = parse_safetensors(text_of(data, size), "f.safetensors");
    for (const auto& [name, tensor] : file.tensors) {
      std::uint64_t elements = 1;
      for (const std::int64_t side : tensor.shape) elements *= static_cast<std::uint64_t>(side);
      require(tensor.type == StoredType::other || tensor.bytes.size() == elements * size_of(tensor.type));
      require(tensor.bytes.data() >= file.content.data());
      require(tensor.bytes.data() + tensor.bytes.size() <= file.content.data() + file.content.size());
    }
  });
  return 0;
}
