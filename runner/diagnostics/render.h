// How diagnostics look: on a terminal or in a log, and as JSON.
//
//   experiments/a.yaml:7:12: error: unknown key `cardinalty`
//     7 |   cardinalty: 32
//       |   ^~~~~~~~~~
//       = did you mean `cardinality`?
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostic.h"

namespace rxrun {

struct RenderOptions {
  bool color = false;  // ANSI colours
};

std::string render(const Diagnostic& diagnostic, const RenderOptions& options = {});
std::string render(std::span<const Diagnostic> diagnostics, const RenderOptions& options = {});
// "experiments/a.yaml:7:12: unknown key `cardinalty`": the place and the message alone, for a line in a list.
std::string in_one_line(const Diagnostic& diagnostic);
std::string render_json(std::span<const Diagnostic>
                            diagnostics);  // an array of {severity, file, line, column, message, advice}, in one line

// Foreign text made safe to print: control characters (C0, C1), bidirectional overrides and invalid UTF-8 as \xNN.
std::string printable(std::string_view text);

// "runs", "classes"; of several words the last one: "removed runs".
std::string plural_of(std::string_view noun);
// A number with its noun: "1 run", "2 runs".
template <std::integral Number>
std::string counted(Number number, std::string_view noun) {
  return std::to_string(number) + " " + (number == Number{1} ? std::string(noun) : plural_of(noun));
}

// The nearest of `candidates` to `word` by edit distance, if near enough to be a slip (about a third of its length).
std::optional<std::string> nearest_name(std::string_view word, std::span<const std::string> candidates);

}  // namespace rxrun
