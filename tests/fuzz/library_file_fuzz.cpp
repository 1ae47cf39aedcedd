// A plugin's library as a file: its sections, its manifest and its table of layers.
#include "plugin/library_file.h"

#include "fuzz.h"
#include "plugin/elf_file.h"

using namespace rxrun;
using namespace rxrun::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  const std::filesystem::path library = scratch.write("f.so", {data, size});
  answered([&] {
    const ElfFile file(library);
    for (const char* name : {".rxrun.manifest", ".rxrun.layers", ""}) answered([&] { file.section(name, 1 << 16); });
    file.build_id();
  });
  answered([&] {
    const LibraryFile file = read_library_file(library);
    if (file.layers) layers_from_json(*file.layers, library);
  });
  return 0;
}
