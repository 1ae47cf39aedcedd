// IDX, plain or gzipped: the first byte says how many of the rest are the labels' file; what follows is the images'.
#include <algorithm>

#include "data/source.h"
#include "fuzz.h"

using namespace rxrun;
using namespace rxrun::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const Scratch scratch;
  const std::span<const std::uint8_t> rest(data + 1, size - 1);
  const std::size_t labels = std::min<std::size_t>(data[0], rest.size());
  scratch.write("train-labels-idx1-ubyte", rest.first(labels));
  scratch.write("train-images-idx3-ubyte", rest.subspan(labels));
  DataSpec spec;
  spec.source = SourceKind::idx;
  spec.path = scratch.path();
  spec.memory = 1 << 20;
  answered([&] {
    const auto source = open_source(spec, 0);
    for (std::size_t i = 0; i < source->samples().size() && i < 100; ++i) source->decode(i);
  });
  return 0;
}
