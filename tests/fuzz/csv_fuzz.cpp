// Comma-separated values, alone and as a manifest of images.
#include "data/csv.h"

#include "data/source.h"
#include "fuzz.h"

using namespace rxrun;
using namespace rxrun::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = text_of(data, size);
  answered([&] {
    int line = 0;
    for (const CsvRecord& record : read_csv(text, "f.csv")) {
      require(record.line > line && !record.fields.empty());
      line = record.line;
    }
  });
  static const Scratch scratch;
  DataSpec spec;
  spec.source = SourceKind::manifest;
  spec.path = scratch.write("f.csv", {data, size});
  answered([&] { open_source(spec, 0); });
  return 0;
}
