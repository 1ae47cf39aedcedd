// Overrides, one a line, onto an experiment: the tree stays readable, whatever they say.
#include <sstream>

#include "experiment/read.h"
#include "fuzz.h"

using namespace rxrun;
using namespace rxrun::fuzz;

namespace {

constexpr const char* kExperiment = R"(name: a
network:
  plugins: [convnet]
  stem: [{conv: {channels: 8, kernel: [3, 3]}}, batch_norm]
  stages: [{block: resnext_bottleneck, depth: 2, planes: 32}]
  head: [flatten, linear]
data: {source: histology, batch: 4, split: {train: 0.7, validation: 0.3}}
training: {epochs: 3, optimizer: {adam: {lr: 0.1}}, schedule: {cosine: {}}}
)";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  static const std::filesystem::path file = [] {
    std::ofstream(scratch.path() / "a.yaml") << kExperiment;
    return scratch.path() / "a.yaml";
  }();
  std::istringstream lines(text_of(data, size));
  std::vector<Override> overrides;
  answered([&] {
    for (std::string word; std::getline(lines, word);) overrides.push_back(parse_override(word));
    Diagnostics diagnostics;
    const ReadExperiment read = read_experiment(file, overrides, diagnostics);
    require_safe_to_show(diagnostics.list());
    if (diagnostics.has_errors()) return;
    const ReadExperiment again = read_resolved(write_experiment(read.tree), "again.yaml", diagnostics);
    require(!diagnostics.has_errors());
    require(flatten(again.tree) == flatten(read.tree));
    for (const Override& change : overrides) answered([&] { explain(read, change.path, true); });
  });
  return 0;
}
