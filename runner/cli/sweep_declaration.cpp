#include "cli/sweep_declaration.h"

#include <fmt/format.h>

namespace rxrun {
namespace {

constexpr const char* default_file = "experiments/default.yaml";
constexpr std::uint64_t most_points = 10'000;

}  // namespace

DrawOptions draws_of(const SweepOptions& options) {
  return {.trials = options.trials, .seed = static_cast<std::uint64_t>(options.draw_seed)};
}

Declaration declaration_of(const SweepOptions& options) {
  std::vector<std::string> words = options.words;
  if (options.repeat > 0) words.push_back(fmt::format("seed=1..{}", options.repeat));
  Declaration declaration = parse_declaration(words);
  if (declaration.files.empty()) declaration.files = {default_file};
  if (declaration.dimensions.empty() && declaration.files.size() < 2 && declaration.fixed.empty())
    throw Error(Failure::usage, "nothing is varied", "for example: rxrun sweep cardinality=8,16,32");
  const std::uint64_t count = count_points(declaration, draws_of(options));
  if (count > most_points && !options.force)
    throw Error(Failure::usage, fmt::format("these are {} points, more than {}", count, most_points),
                "if that is meant, add --force");
  return declaration;
}

}  // namespace rxrun
