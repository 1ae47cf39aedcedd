// rxrun upgrade FILE...: experiment files of rxrun 0.1, with the parts of the data under the names that they have now.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "cli/commands.h"
#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "experiment/upgrade.h"
#include "files/files.h"
#include "plugin/experiment_file.h"

namespace rxrun {
namespace {

struct ChangedLine {
  std::size_t line = 0;  // from 1
  std::string before, after;
};

// What is done with one file, or why nothing is.
struct Outcome {
  std::filesystem::path file;
  PartNames names;
  std::vector<ChangedLine> lines;
  bool written = false;
  std::vector<Diagnostic> faults;
  int code = 0;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Words change within their lines: there are as many before as after.
std::vector<ChangedLine> changed_lines(const std::string& before, const std::string& after) {
  const std::vector<std::string> old_lines = lines_of(before), new_lines = lines_of(after);
  std::vector<ChangedLine> changed;
  for (std::size_t i = 0; i < old_lines.size(); ++i)
    if (old_lines[i] != new_lines.at(i)) changed.push_back({i + 1, old_lines[i], new_lines[i]});
  return changed;
}

Diagnostic undecided(const PartNames& names, const std::string& file) {
  return {.where = names.where,
          .message =
              "nothing tells whether this file goes by the names until rxrun 0.1, where `test` is scored every "
              "epoch and `validation` once at the end, or by those since, where it is the other way round",
          .advice = fmt::format("if it was written for rxrun 0.1: `rxrun upgrade {} --from-old-names`; otherwise leave "
                                "it as it is",
                                printable(file))};
}

Outcome upgrade(const std::filesystem::path& file, const UpgradeOptions& options) {
  Outcome outcome{.file = file};
  try {
    require_experiment_file(file);
    const std::string text = read_file(file, DocumentLimits{}.bytes);
    outcome.names = part_names(text, file.string());
    const bool unsure = outcome.names.kind == PartNames::Kind::undecided;
    if (unsure && !options.from_old_names) throw Error(undecided(outcome.names, file.string()));
    if (!unsure && outcome.names.kind != PartNames::Kind::reversed) return outcome;
    const std::string upgraded = upgraded_experiment(text, file.string());
    outcome.lines = changed_lines(text, upgraded);
    if (!options.write) return outcome;
    // What a link leads to is written, and the link stays one.
    write_file_atomically(std::filesystem::canonical(file), upgraded);
    outcome.written = true;
  } catch (const Error& error) {
    outcome.faults = error.diagnostics();
    outcome.code = static_cast<int>(error.failure());
  }
  return outcome;
}

// The same file twice would be changed back and forth.
std::vector<std::filesystem::path> different(const std::vector<std::filesystem::path>& files) {
  std::vector<std::filesystem::path> kept, seen;
  for (const std::filesystem::path& file : files) {
    std::error_code ignored;  // reading it tells
    const std::filesystem::path whole = std::filesystem::weakly_canonical(file, ignored);
    if (!whole.empty() && std::find(seen.begin(), seen.end(), whole) != seen.end()) continue;
    seen.push_back(whole);
    kept.push_back(file);
  }
  return kept;
}

std::string in_words(const Outcome& outcome) {
  switch (outcome.names.kind) {
    case PartNames::Kind::none:
      return "names neither `test` nor `validation`; left as it is";
    case PartNames::Kind::current:
      return fmt::format("goes by the present names (line {}: {}); left as it is", outcome.names.where.line,
                         printable(outcome.names.because));
    case PartNames::Kind::reversed:
      return fmt::format("goes by the names until rxrun 0.1 (line {}: {}); {} {}", outcome.names.where.line,
                         printable(outcome.names.because), counted(outcome.lines.size(), "line"),
                         outcome.written ? "changed" : "to change");
    case PartNames::Kind::undecided:
      return fmt::format("taken to go by the names until rxrun 0.1; {} {}", counted(outcome.lines.size(), "line"),
                         outcome.written ? "changed" : "to change");
  }
  return {};
}

void print(const Outcome& outcome, const CommonOptions& common) {
  if (!outcome.faults.empty()) {
    std::cerr << render(outcome.faults, {.color = use_color(common, STDERR_FILENO)}) << std::flush;
    return;
  }
  if (common.quiet) return;
  std::cout << fmt::format("{}: {}\n", printable(outcome.file.string()), in_words(outcome));
  for (const ChangedLine& changed : outcome.lines)
    std::cout << fmt::format("{:>6} - {}\n{:>6} + {}\n", changed.line, printable(changed.before), "",
                             printable(changed.after));
}

void print_rest(const std::vector<Outcome>& outcomes) {
  const auto waiting = std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& outcome) {
    return outcome.faults.empty() && !outcome.written && !outcome.lines.empty();
  });
  if (waiting > 0)
    std::cout << fmt::format("Nothing has been written yet: with --write the same command changes {}.\n",
                             counted(waiting, "file"));
}

nlohmann::ordered_json json_of(const Outcome& outcome) {
  constexpr const char* kinds[] = {"none", "undecided", "reversed", "current"};
  nlohmann::ordered_json json = {{"file", outcome.file.string()}};
  if (!outcome.faults.empty()) {
    json["diagnostics"] = nlohmann::ordered_json::parse(render_json(outcome.faults));
    return json;
  }
  json["names"] = kinds[static_cast<std::size_t>(outcome.names.kind)];
  if (!outcome.names.because.empty()) {
    json["because"] = outcome.names.because;
    json["line"] = outcome.names.where.line;
  }
  json["written"] = outcome.written;
  json["changes"] = nlohmann::ordered_json::array();
  for (const ChangedLine& changed : outcome.lines)
    json["changes"].push_back({{"line", changed.line}, {"before", changed.before}, {"after", changed.after}});
  return json;
}

}  // namespace

int run_upgrade(const UpgradeOptions& options) {
  const bool json = options.common.format == TableFormat::json;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  std::vector<Outcome> outcomes;
  int code = 0;
  for (const std::filesystem::path& file : different(options.files)) {
    const Outcome& outcome = outcomes.emplace_back(upgrade(file, options));
    code = std::max(code, outcome.code);
    if (json)
      list.push_back(json_of(outcome));
    else
      print(outcome, options.common);
  }
  if (json)
    std::cout << list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  else
    print_rest(outcomes);
  return code;
}

}  // namespace rxrun
