// The table of layers: what is accepted is written so that it reads to the same, and gives a schema.
#include "fuzz.h"
#include "plugin/catalog.h"
#include "plugin/schema.h"

using namespace rxrun;
using namespace rxrun::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  answered([&] {
    const std::vector<LayerInfo> layers = layers_from_json(text_of(data, size), "f.so");
    require(layers_from_json(layers_to_json(layers), "f.so") == layers);
    experiment_schema(layers);
  });
  return 0;
}
