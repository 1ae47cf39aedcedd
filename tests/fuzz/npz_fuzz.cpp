// npz archives, as MedMNIST has them.
#include "data/source.h"
#include "fuzz.h"

using namespace rxrun;
using namespace rxrun::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  DataSpec spec;
  spec.source = SourceKind::medmnist;
  spec.path = scratch.write("f.npz", {data, size});
  spec.memory = 1 << 20;
  answered([&] {
    const auto source = open_source(spec, 0);
    for (std::size_t i = 0; i < source->samples().size() && i < 100; ++i) source->decode(i);
  });
  return 0;
}
