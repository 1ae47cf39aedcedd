// libFuzzer: any bytes give a tree or an error, every place lies inside the text, and what is shown is safe to show.
#include <cstdint>
#include <cstdlib>

#include "diagnostics/render.h"
#include "experiment/document.h"
#include "experiment/interpolation.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check_places(const rxrun::Node& node, int lines) {
  require(node.where.line <= lines && node.where.column >= 0 && node.where.length >= 1);
  for (const rxrun::Node& item : node.items) check_places(item, lines);
  for (const rxrun::Node::Entry& entry : node.entries) {
    require(entry.key_where.line >= 1 && entry.key_where.line <= lines);
    check_places(entry.value, lines);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  int lines = 1;
  for (char c : text) lines += c == '\n';
  rxrun::Diagnostics diagnostics;
  std::optional<rxrun::Node> root =
      rxrun::parse_document(text, "f.yaml", diagnostics, {.bytes = 1 << 16, .depth = 16, .nodes = 2000});
  require(root.has_value() || diagnostics.has_errors());
  if (root) {
    check_places(*root, lines);
    if (!diagnostics.has_errors()) rxrun::interpolate(*root, diagnostics, {});
  }
  for (const rxrun::Diagnostic& diagnostic : diagnostics.list()) require(diagnostic.where.line <= lines);
  for (char c : rxrun::render(diagnostics.list())) require(c == '\n' || static_cast<unsigned char>(c) >= ' ');
  rxrun::render_json(diagnostics.list());
  return 0;
}
