// The words of a sweep, one a line, or the same text as its section of a file: no more points than are counted, and
// the same ones each time.
#include <sstream>

#include "experiment/document.h"
#include "fuzz.h"
#include "sweep/points.h"
#include "sweep/search_space.h"
#include "sweep/section.h"

using namespace rxrun;
using namespace rxrun::fuzz;

namespace {

void expand_some(const Declaration& declaration) {
  for (const std::int64_t trials : {0, 3})
    answered([&] {
      const DrawOptions draws{.trials = trials};
      const std::uint64_t count = count_points(declaration, draws);
      if (count > 1000 && count <= 100'000'000) return;  // beyond that it has to be refused before it takes memory
      const std::vector<Point> points = expand(declaration, draws);
      require(points.size() == (declaration.files.empty() ? 0 : count));
      require(points == expand(declaration, draws));
    });
  answered([&] {
    const SearchSpace space(declaration);
    space.size();
    space.text();
    std::vector<TriedPoint> tried;
    for (std::uint64_t position = 0; position < 3; ++position) {
      const Coordinates at = position < 2 ? space.start(1, position, tried) : space.next(1, position, 0, tried);
      if (at.empty()) return;  // all have been tried
      space.point(at);
      tried.push_back({.at = at, .state = TriedPoint::State::finished, .value = 0.5});
    }
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = text_of(data, size);
  answered([&] {
    std::istringstream lines(text);
    std::vector<std::string> words;
    for (std::string word; std::getline(lines, word);) words.push_back(word);
    expand_some(parse_declaration(words));
  });
  Diagnostics diagnostics;
  const std::optional<Node> section = parse_document(text, "f.yaml", diagnostics, {.bytes = 4096, .nodes = 200});
  if (section && !diagnostics.has_errors())
    answered([&] { expand_some(read_section(*section, diagnostics).declaration); });
  require_safe_to_show(diagnostics.list());
  return 0;
}
