// npy arrays.
#include "data/npy.h"

#include "fuzz.h"

using namespace rxrun;
using namespace rxrun::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  answered([&] {
    const NpyArray array = read_npy({data, size});
    require(array.elements.size() == array.count * static_cast<std::uint64_t>(array.size));
    require(integers_of(array).size() == array.count);
    if (array.size == 1) require(bytes_of(array).size() == array.count);
  });
  return 0;
}
