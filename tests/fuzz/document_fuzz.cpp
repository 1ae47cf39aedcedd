// YAML: any bytes give a tree or an error, every place lies inside the text, and what is shown is safe to show. The
// tree is also read as an experiment.
#include "experiment/document.h"
#include "experiment/interpolation.h"
#include "experiment/read.h"
#include "fuzz.h"

using namespace rxrun;
using namespace rxrun::fuzz;

namespace {

void check_places(const Node& node, int lines) {
  require(node.where.line <= lines && node.where.column >= 0 && node.where.length >= 1);
  for (const Node& item : node.items) check_places(item, lines);
  for (const Node::Entry& entry : node.entries) {
    require(entry.key_where.line >= 1 && entry.key_where.line <= lines);
    check_places(entry.value, lines);
  }
}

void read_document(const std::string& text) {
  int lines = 1;
  for (const char c : text) lines += c == '\n';
  Diagnostics diagnostics;
  std::optional<Node> root =
      parse_document(text, "f.yaml", diagnostics, {.bytes = 1 << 16, .depth = 16, .nodes = 2000});
  require(root.has_value() || diagnostics.has_errors());
  if (root) {
    check_places(*root, lines);
    if (!diagnostics.has_errors()) interpolate(*root, diagnostics, {});
  }
  for (const Diagnostic& diagnostic : diagnostics.list()) require(diagnostic.where.line <= lines);
  require_safe_to_show(diagnostics.list());
}

// What was read without a fault is written so that it reads to the same.
void read_as_experiment(const std::filesystem::path& file) {
  Diagnostics diagnostics;
  const ReadExperiment read = read_experiment(file, {}, diagnostics);
  require_safe_to_show(diagnostics.list());
  if (diagnostics.has_errors()) return;
  const ReadExperiment again = read_resolved(write_experiment(read.tree), "again.yaml", diagnostics);
  require(!diagnostics.has_errors());
  require(flatten(again.tree) == flatten(read.tree));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Scratch scratch;
  read_document(text_of(data, size));
  answered([&] { read_as_experiment(scratch.write("f.yaml", {data, size})); });
  return 0;
}
