#include "cli/sweep_declaration.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/render.h"
#include "diagnostics/utf8.h"
#include "experiment/places.h"
#include "plugin/checked_experiment.h"
#include "plugin/experiment_file.h"
#include "plugin/locations.h"
#include "sweep/section.h"
#include "sweep/value_text.h"

namespace rxrun {
namespace {

constexpr const char* default_file = "experiments/default.yaml";
constexpr std::uint64_t most_points = 10'000;

struct FileSweep {
  Declaration declaration;
  DrawOptions draws;
  std::string search;
};

// Of words that name no file: default.yaml here, or else the installed one, which is noted.
std::filesystem::path file_by_default(std::vector<std::string>& notes) {
  std::error_code none;
  if (std::filesystem::symlink_status(default_file, none).type() != std::filesystem::file_type::not_found)
    return default_file;
  const std::filesystem::path folder = experiments_folder();
  std::filesystem::path installed = folder / std::filesystem::path(default_file).filename();
  if (folder.empty() || !std::filesystem::exists(installed, none))
    throw Error(Failure::usage, fmt::format("no experiment file is given, and there is no {}", default_file),
                "name one: rxrun sweep FILE.yaml KEY=VALUES");
  notes.push_back(fmt::format("No experiment file is given: this is a sweep of {}", printable(installed.string())));
  return installed;
}

// What one of the files is to be varied in.
FileSweep sweep_of_file(const std::filesystem::path& file, const Declaration& words, const SweepOptions& options,
                        Diagnostics& diagnostics) {
  require_experiment_file(file);
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

// Where the word sets the key; npos: nowhere.
std::size_t position_of_key(const std::string& word, const std::string& key) {
  for (std::size_t at = word.find(key + "="); at != std::string::npos; at = word.find(key + "=", at + 1))
    if (at == 0 || word[at - 1] == '(' || word[at - 1] == ' ' || word[at - 1] == ';') return at;
  return std::string::npos;
}

// Where one of the values from `at` on is `value`; npos: nowhere. Those of zip() end at its `;`.
std::size_t position_of_value(const std::string& word, std::size_t at, const std::string& value) {
  const std::size_t end = word.starts_with("zip(") ? std::min(word.find(';', at), word.size()) : word.size();
  for (at = word.find(value, at); at != std::string::npos && at + value.size() <= end; at = word.find(value, at + 1)) {
    const std::size_t behind = at + value.size();
    const bool starts = std::string_view("=, ").find(word[at - 1]) != std::string_view::npos;
    const bool ends = behind == word.size() || std::string_view(",); ").find(word[behind]) != std::string_view::npos;
    if (starts && ends) return at;
  }
  return std::string::npos;
}

SourceLocation as_typed(const SourceLocation& where, const std::vector<std::string>& words) {
  const std::size_t equals = where.text.find('=');
  if (where.file != "command line" || equals == std::string::npos) return where;
  const std::string key = where.text.substr(0, equals), value = where.text.substr(equals + 1);
  const int before_value = static_cast<int>(count_code_points(key)) + 1;
  for (const std::string& word : words) {
    const std::size_t key_at = position_of_key(word, key);
    if (key_at == std::string::npos || value.empty()) continue;
    const std::size_t value_at = position_of_value(word, key_at + key.size() + 1, value);
    if (value_at == std::string::npos) continue;
    const bool of_the_key = where.column <= before_value;
    SourceLocation typed = place_in_word(word, {{}, of_the_key ? key_at : value_at});
    typed.column += where.column - 1 - (of_the_key ? 0 : before_value);
    typed.length = where.length;
    return typed;
  }
  return where;
}

// Where the key was typed, or else, of a section, where its values stand.
SourceLocation place_of_key(const std::string& key, const std::vector<std::string>& words,
                            const Declaration& declaration, const SourceLocation& otherwise) {
  for (const std::string& word : words)
    if (const std::size_t at = position_of_key(word, key); at != std::string::npos)
      return place_in_word(word, {std::string_view(word).substr(at, key.size()), at});
  for (const Dimension& dimension : declaration.dimensions)
    if (std::find(dimension.keys.begin(), dimension.keys.end(), key) != dimension.keys.end()) return dimension.where;
  return otherwise;
}

// A key that is not there would be told for each of its values otherwise. Faults of values come with their points.
void check_known(const std::filesystem::path& file, const Declaration& declaration,
                 const std::vector<Override>& settings, const std::vector<std::string>& targets,
                 const std::vector<std::string>& words, Diagnostics& diagnostics) {
  ExperimentArguments arguments{.file = file, .overrides = {}};
  for (const Override& setting : settings) arguments.overrides.push_back(setting.path + "=" + setting.value);
  try {
    check_experiment(arguments);
  } catch (const Error& error) {
    for (Diagnostic diagnostic : error.diagnostics()) {
      for (std::size_t i = 0; i < settings.size(); ++i) {
        const bool of_the_key = diagnostic.where.text == arguments.overrides[i] && diagnostic.where.column == 1;
        if (!targets[i].empty() || diagnostic.where.file != "command line" || !of_the_key) continue;
        diagnostic.where = place_of_key(settings[i].path, words, declaration, diagnostic.where);
        const auto& told = diagnostics.list();
        if (std::find(told.begin(), told.end(), diagnostic) == told.end()) diagnostics.add(diagnostic);
        break;
      }
    }
  }
}

// Each key is there, and set once: of two spellings the second would silently take the first one's place.
void check_keys(const std::filesystem::path& file, const Declaration& declaration,
                const std::vector<std::string>& words, Diagnostics& diagnostics) {
  std::vector<Override> settings = declaration.fixed;
  for (const Dimension& dimension : declaration.dimensions)
    for (std::size_t i = 0; i < dimension.keys.size(); ++i)
      settings.push_back({dimension.keys[i], dimension.values.empty() ? "1" : dimension.values[0][i]});
  const std::vector<std::string> targets = override_targets(file, settings);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto first =
        static_cast<std::size_t>(std::find(targets.begin(), targets.end(), targets[i]) - targets.begin());
    if (targets[i].empty() || first == i) continue;
    diagnostics.error({},
                      fmt::format("`{}` and `{}` both set `{}` of {}", printable(settings[first].path),
                                  printable(settings[i].path), printable(targets[i]), printable(file.string())),
                      "put all its values into one list");
  }
  if (std::any_of(targets.begin(), targets.end(), [](const std::string& target) { return target.empty(); }))
    check_known(file, declaration, settings, targets, words, diagnostics);
}

std::string fewer_points(std::int64_t trials, std::uint64_t different) {
  return fmt::format("{} were requested, but there {}: {} used", counted(trials, "trial"),
                     different == 1 ? std::string("is only 1 different point")
                                    : fmt::format("are only {} different points", different),
                     different == 1 ? "it is" : "all of them are");
}

void check_count(std::uint64_t count, const SweepOptions& options) {
  if (count > most_points && !options.force)
    throw Error(Failure::usage, fmt::format("these are {} points, which is more than {}", count, most_points),
                "add --force if that is intended");
}

DeclaredSearch search_of(FileSweep sweep, const std::vector<std::filesystem::path>& files,
                         const SweepOptions& options) {
  sweep.declaration.files = files;  // so that several are told
  SearchSpace space(sweep.declaration);
  if (sweep.draws.trials < 1)
    throw Error(Failure::usage, "the number of points for the search is missing", "add --trials N");
  check_count(static_cast<std::uint64_t>(sweep.draws.trials), options);
  return {.space = std::move(space), .trials = sweep.draws.trials, .seed = sweep.draws.seed};
}

}  // namespace

DeclaredSweep declared_sweep(const SweepOptions& options) {
  std::vector<std::string> words = options.words;
  if (options.repeat > 0) words.push_back(fmt::format("seed=1..{}", options.repeat));
  Declaration declaration = parse_declaration(words);
  DeclaredSweep declared;
  if (declaration.files.empty()) declaration.files = {file_by_default(declared.notes)};

  Diagnostics diagnostics;
  std::vector<FileSweep> sweeps;
  std::uint64_t count = 0;
  bool varied = declaration.files.size() > 1;
  for (const auto& file : declaration.files) {
    const FileSweep& sweep = sweeps.emplace_back(sweep_of_file(file, declaration, options, diagnostics));
    check_keys(file, sweep.declaration, words, diagnostics);
    varied = varied || !sweep.declaration.dimensions.empty() || !sweep.declaration.fixed.empty();
    if (!diagnostics.has_errors() && sweep.search.empty()) count += count_points(sweep.declaration, sweep.draws);
  }
  diagnostics.throw_errors();
  if (!varied) throw Error(Failure::usage, "the sweep varies nothing", "for example: rxrun sweep cardinality=8,16,32");
  for (FileSweep& sweep : sweeps) {
    if (sweep.search.empty()) continue;
    declared.search = search_of(std::move(sweep), declaration.files, options);
    const std::optional<std::uint64_t> different = declared.search->space.size();
    if (different && *different < static_cast<std::uint64_t>(declared.search->trials))
      declared.warnings.push_back(fewer_points(declared.search->trials, *different));
    return declared;
  }
  check_count(count, options);
  for (const FileSweep& sweep : sweeps) {
    const std::optional<std::uint64_t> different = different_draws(sweep.declaration);
    if (different && *different < static_cast<std::uint64_t>(sweep.draws.trials))
      declared.warnings.push_back(fewer_points(sweep.draws.trials, *different));
    for (Point& point : expand(sweep.declaration, sweep.draws)) declared.points.push_back(std::move(point));
  }
  return declared;
}

Error as_typed(const Error& error, const std::vector<std::string>& words) {
  std::vector<Diagnostic> diagnostics = error.diagnostics();
  for (Diagnostic& diagnostic : diagnostics) diagnostic.where = as_typed(diagnostic.where, words);
  return Error(error.failure(), std::move(diagnostics));
}

}  // namespace rxrun
