#include "cli/sweep_declaration.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/render.h"
#include "experiment/places.h"
#include "sweep/section.h"

namespace rxrun {
namespace {

constexpr const char* default_file = "experiments/default.yaml";
constexpr std::uint64_t most_points = 10'000;

struct FileSweep {
  Declaration declaration;
  DrawOptions draws;
  std::string search;
};

// What one of the files is to be varied in.
FileSweep sweep_of_file(const std::filesystem::path& file, const Declaration& words, const SweepOptions& options,
                        Diagnostics& diagnostics) {
  SweepSection section;
  if (const std::optional<Node> node = sweep_section(file)) section = read_section(*node, diagnostics);
  // Options of the command line stand for words, which a section gives way to.
  const std::int64_t repeat = options.repeat > 0 ? 0 : section.repeat;
  FileSweep sweep{.declaration = merged(std::move(section.declaration), words),
                  .draws = {.trials = options.trials > 0 ? options.trials : section.trials,
                            .seed = static_cast<std::uint64_t>(options.draw_seed)},
                  .search = options.search.empty() ? section.search : options.search};
  sweep.declaration.files = {file};
  const auto sets_seed = [](const Dimension& d) {
    return std::find(d.keys.begin(), d.keys.end(), "seed") != d.keys.end();
  };
  const auto& dimensions = sweep.declaration.dimensions;
  if (repeat > 0 && std::none_of(dimensions.begin(), dimensions.end(), sets_seed)) {
    Declaration seeds = parse_declaration({fmt::format("seed=1..{}", repeat)});
    sweep.declaration = merged(std::move(sweep.declaration), seeds);
    sweep.declaration.files = {file};
  }
  return sweep;
}

// Two spellings of one key: the second would silently take the first one's place.
void check_set_once(const std::filesystem::path& file, const Declaration& declaration, Diagnostics& diagnostics) {
  std::vector<Override> settings = declaration.fixed;
  for (const Dimension& dimension : declaration.dimensions)
    for (std::size_t i = 0; i < dimension.keys.size(); ++i)
      settings.push_back({dimension.keys[i], dimension.values.empty() ? "1" : dimension.values[0][i]});
  const std::vector<std::string> targets = override_targets(file, settings);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto first = static_cast<std::size_t>(std::find(targets.begin(), targets.end(), targets[i]) - targets.begin());
    if (targets[i].empty() || first == i) continue;
    diagnostics.error({}, fmt::format("`{}` and `{}` both set `{}` of {}", printable(settings[first].path),
                                      printable(settings[i].path), printable(targets[i]), printable(file.string())),
                      "put all its values into one list");
  }
}

void check_count(std::uint64_t count, const SweepOptions& options) {
  if (count > most_points && !options.force)
    throw Error(Failure::usage, fmt::format("these are {} points, more than {}", count, most_points),
                "if that is meant, add --force");
}

DeclaredSearch search_of(FileSweep sweep, const std::vector<std::filesystem::path>& files,
                         const SweepOptions& options) {
  sweep.declaration.files = files;  // so that several are told
  SearchSpace space(sweep.declaration);
  if (sweep.draws.trials < 1)
    throw Error(Failure::usage, "how many points the search may try is not said", "add --trials N");
  check_count(static_cast<std::uint64_t>(sweep.draws.trials), options);
  return {.space = std::move(space), .trials = sweep.draws.trials, .seed = sweep.draws.seed};
}

}  // namespace

DeclaredSweep declared_sweep(const SweepOptions& options) {
  std::vector<std::string> words = options.words;
  if (options.repeat > 0) words.push_back(fmt::format("seed=1..{}", options.repeat));
  Declaration declaration = parse_declaration(words);
  if (declaration.files.empty()) declaration.files = {default_file};

  Diagnostics diagnostics;
  std::vector<FileSweep> sweeps;
  std::uint64_t count = 0;
  bool varied = declaration.files.size() > 1;
  for (const auto& file : declaration.files) {
    const FileSweep& sweep = sweeps.emplace_back(sweep_of_file(file, declaration, options, diagnostics));
    check_set_once(file, sweep.declaration, diagnostics);
    varied = varied || !sweep.declaration.dimensions.empty() || !sweep.declaration.fixed.empty();
    if (!diagnostics.has_errors() && sweep.search.empty()) count += count_points(sweep.declaration, sweep.draws);
  }
  diagnostics.throw_errors();
  if (!varied) throw Error(Failure::usage, "nothing is varied", "for example: rxrun sweep cardinality=8,16,32");
  for (FileSweep& sweep : sweeps)
    if (!sweep.search.empty()) return {.points = {}, .search = search_of(std::move(sweep), declaration.files, options)};
  check_count(count, options);
  DeclaredSweep declared;
  for (const FileSweep& sweep : sweeps)
    for (Point& point : expand(sweep.declaration, sweep.draws)) declared.points.push_back(std::move(point));
  return declared;
}

}  // namespace rxrun
