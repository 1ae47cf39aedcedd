#include "recording/field.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "experiment/document.h"
#include "experiment/key.h"
#include "experiment/metric.h"
#include "experiment/node_values.h"
#include "experiment/node_yaml.h"
#include "recording/find_run.h"
#include "recording/reading.h"

namespace rxrun {
namespace {

std::vector<std::string> texts(const Table& table) {
  std::vector<std::string> list;
  for (const auto& row : table.rows)
    if (!std::holds_alternative<std::monostate>(row[0])) list.push_back(text_in(row[0]));
  return list;
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> run_columns(Connection& connection) {
  return texts(fetch(connection, "SELECT name FROM pragma_table_info('v_runs')"));
}

Field column_field(const std::string& column) {
  if (column == "status") {
    return {.name = column,
            .of_run = {fmt::format("(SELECT {} FROM runs r WHERE r.id = v.run)", kStatusNow), {}},
            .of_all = {}};
  }
  return {.name = column, .of_run = {fmt::format("v.\"{}\"", column), {}}, .of_all = {}};
}

Field parameter_field(const std::string& name) {
  return {.name = name,
          .of_run = {"(SELECT value FROM params WHERE run = v.run AND name = ?)", {name}},
          .of_all = {"SELECT run, value FROM params WHERE name = ?", {name}}};
}

[[noreturn]] void unknown_field(const std::string& word, std::vector<std::string> known) {
  std::vector<std::string> candidates = known;
  for (const std::string& name : known) candidates.push_back(name.substr(name.rfind('.') + 1));
  const auto metric = metric_meant(word, known);
  const auto nearest = metric ? metric : nearest_name(word, candidates);
  throw Error(Failure::usage,
              fmt::format("`{}` is neither a column of v_runs, nor a metric, nor a parameter", printable(word)),
              nearest ? fmt::format("did you mean `{}`?", printable(*nearest))
                      : "`rxrun show RUN` lists everything known about a run");
}

struct Words {
  std::string key, comparison, value;
};

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(' '));
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

[[noreturn]] void fail_at(const std::string& condition, std::size_t at, const std::string& message) {
  const SourceLocation where{
      .file = "condition", .line = 1, .column = static_cast<int>(at) + 1, .length = 1, .text = condition};
  throw Error(Diagnostic{
      .where = where,
      .message = message,
      .advice = "for example: cardinality=8, 'validation_accuracy>0.9', tag=paper, sweep=1, status!=failed"});
}

Words split_condition(const std::string& condition) {
  static constexpr std::array<std::string_view, 8> kComparisons = {"==", "!=", "<>", "<=", ">=", "=", "<", ">"};
  const std::size_t at = condition.find_first_of("=<>!");
  if (at == std::string::npos)
    fail_at(condition, condition.size(), "a comparison is missing: expected KEY=VALUE, or != < <= > >=");
  const std::string key = trimmed(condition.substr(0, at));
  if (key.empty()) fail_at(condition, at, "a key is missing before the comparison");
  for (std::string_view comparison : kComparisons) {
    if (condition.compare(at, comparison.size(), comparison) != 0) continue;
    return {key,
            std::string(comparison == "=="   ? "="
                        : comparison == "<>" ? "!="
                                             : comparison),
            trimmed(condition.substr(at + comparison.size()))};
  }
  fail_at(condition, at, "expected one of = != < <= > >=");
}

Clause tag_condition(const Words& words, const std::string& condition) {
  if (words.comparison != "=" && words.comparison != "!=")
    throw Error(Failure::usage, fmt::format("`{}`: a tag can only be compared with = or !=", printable(condition)),
                "expected tag=NAME or tag!=NAME");
  const bool has = (words.comparison == "=") != words.value.empty();  // tag= asks for runs without any
  if (words.value.empty()) return {fmt::format("v.run {}IN (SELECT run FROM tags)", has ? "" : "NOT "), {}};
  return {fmt::format("v.run {}IN (SELECT run FROM tags WHERE tag = ?)", has ? "" : "NOT "), {words.value}};
}

// The runs that answer or work on the points of a sweep, as in v_sweep.
Clause sweep_condition(Connection& connection, const Words& words, const std::string& condition) {
  if (words.comparison != "=" && words.comparison != "!=")
    throw Error(Failure::usage, fmt::format("`{}`: a sweep can only be compared with = or !=", printable(condition)),
                "expected sweep=NUMBER or NAME, or sweep!=");
  const bool in = (words.comparison == "=") != words.value.empty();  // sweep= asks for runs of none
  const std::string runs = fmt::format("v.run {}IN (SELECT run FROM v_sweep WHERE run IS NOT NULL", in ? "" : "NOT ");
  if (words.value.empty()) return {runs + ")", {}};
  return {runs + " AND sweep = ?)", {find_sweep(connection, words.value)}};
}

// Of these a beginning is enough: nobody types 64 digits. As for a command, it is of a name that no run has in full.
bool beginning_is_enough(Connection& connection, const std::string& column, const std::string& value) {
  if (column == "name") return fetch(connection, "SELECT 1 FROM runs WHERE name = ? LIMIT 1", {value}).rows.empty();
  return column == "identity" || column == "configuration" || column == "content_hash" || column == "split_hash";
}

void check_status(const Words& words, const std::string& condition) {
  static const std::vector<std::string> kStates = {"running", "finished", "failed", "interrupted", "pruned"};
  if (words.value.empty() || holds(kStates, words.value)) return;
  const auto nearest = nearest_name(words.value, kStates);
  throw Error(Failure::usage,
              fmt::format("`{}`: a run's status is one of {}", printable(condition), fmt::join(kStates, ", ")),
              nearest ? fmt::format("did you mean `{}`?", *nearest) : "");
}

// A list as it stands among the parameters, however it was typed: "[0.9,0.99]" is "[0.9, 0.99]" there.
std::string as_kept(const std::string& parameter, const std::string& value) {
  Diagnostics faults;
  const std::optional<Node> node = value.front() == '[' ? parse_document(value, "condition", faults) : std::nullopt;
  if (!node || faults.has_errors()) return value;
  const Key* key = find_key(parameter);
  return key && (key->layers || key->stages) ? yaml_text(*node) : value_text(*node);
}

// The names of an index's first column, jumping from each to the next: some hundred steps instead of a million rows.
constexpr const char* kDistinctNames =
    "WITH RECURSIVE n (name) AS (SELECT min(name) FROM {0} UNION ALL"
    " SELECT (SELECT min(name) FROM {0} {1} name > n.name) FROM n WHERE n.name IS NOT NULL) SELECT name FROM n";

}  // namespace

Value typed(const std::string& text) {
  const char* const end = text.data() + text.size();
  std::int64_t integer = 0;
  if (auto [stop, code] = std::from_chars(text.data(), end, integer); code == std::errc() && stop == end)
    return integer;
  double real = 0.0;
  if (auto [stop, code] = std::from_chars(text.data(), end, real);
      code == std::errc() && stop == end && std::isfinite(real))
    return real;
  return text;
}

std::vector<std::string> metric_names(Connection& connection) {
  return texts(fetch(connection, fmt::format(kDistinctNames, "results", "WHERE")));
}

std::vector<std::string> parameter_names(Connection& connection) {
  return texts(fetch(connection, fmt::format(kDistinctNames, "params", "WHERE")));
}

Field metric_field(const std::string& name) {
  return {.name = name,
          .of_run = {"(SELECT value FROM results WHERE run = v.run AND name = ?)", {name}},
          .of_all = {"SELECT run, value FROM results WHERE name = ?", {name}}};
}

void check_metric(Connection& connection, const std::string& metric) {
  std::vector<std::string> known = metric_names(connection);
  for (const char* part : {"train_", "validation_", "test_"})
    for (const Score& score : all_scores) known.push_back(part + std::string(score.name));
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  if (std::binary_search(known.begin(), known.end(), metric)) return;
  const auto meant = metric_meant(metric, known);
  const auto nearest = meant ? meant : nearest_name(metric, known);
  for (std::string& name : known) name = printable(name);
  throw Error(Failure::usage, fmt::format("no run has a metric `{}`", printable(metric)),
              nearest ? fmt::format("did you mean `{}`?", printable(*nearest))
                      : fmt::format("there are: {}", fmt::join(known, ", ")));
}

Field resolve_field(Connection& connection, const std::string& word) {
  std::vector<std::string> known = run_columns(connection);
  // These two columns are parameters, which an index finds sooner.
  if (word == "cardinality" || word == "base_width") return parameter_field("network." + word);
  if (holds(known, word)) return column_field(word);
  const std::vector<std::string> parameters = parameter_names(connection);
  if (holds(parameters, word)) return parameter_field(word);
  const std::vector<std::string> metrics = metric_names(connection);
  if (holds(metrics, word)) return metric_field(word);

  std::vector<std::string> fitting;
  for (const std::string& name : parameters)
    if (!word.empty() && name.ends_with("." + word)) fitting.push_back(name);
  if (!fitting.empty())  // `loss` is a choice, and what is measured
    for (const std::string& name : metrics)
      if (name.ends_with("_" + word)) fitting.push_back(name);
  if (fitting.size() == 1) return parameter_field(fitting[0]);
  if (fitting.empty()) {
    known.insert(known.end(), parameters.begin(), parameters.end());
    known.insert(known.end(), metrics.begin(), metrics.end());
    unknown_field(word, known);
  }
  for (std::string& name : fitting) name = printable(name);
  throw Error(Failure::usage, fmt::format("`{}` can mean {}", printable(word), fmt::join(fitting, ", ")),
              "give more of the name");
}

Clause resolve_condition(Connection& connection, const std::string& condition) {
  const Words words = split_condition(condition);
  if (words.key == "tag") return tag_condition(words, condition);
  if (words.key == "sweep") return sweep_condition(connection, words, condition);
  Field field = resolve_field(connection, words.key);
  const bool equality = words.comparison == "=" || words.comparison == "!=";
  const bool negated = words.comparison == "!=";
  if (field.name == "status" && equality) check_status(words, condition);
  if (words.value.empty() && !equality)
    throw Error(Failure::usage, fmt::format("`{}`: a value is missing", printable(condition)));
  const bool beginning = equality && !words.value.empty() && beginning_is_enough(connection, field.name, words.value);
  if (beginning) field.of_run.sql = fmt::format("substr({}, 1, {})", field.of_run.sql, words.value.size());
  std::string test = words.value.empty() ? "IS NOT NULL" : fmt::format("{} ?", negated ? "=" : words.comparison);
  // `x=` asks for runs without a value; `x!=3` for all but those with 3, also such as have none.
  const bool without = words.value.empty() ? !negated : negated;
  Clause clause;
  if (field.of_all.sql.empty()) {
    clause = {
        fmt::format("{}({} {})", without ? "NOT coalesce" : "", field.of_run.sql, without ? test + ", FALSE" : test),
        field.of_run.parameters};
  } else {
    clause = {
        fmt::format("v.run {}IN (SELECT run FROM ({}) WHERE value {})", without ? "NOT " : "", field.of_all.sql, test),
        field.of_all.parameters};
  }
  if (!words.value.empty())
    clause.parameters.push_back(beginning ? Value(words.value) : typed(as_kept(field.name, words.value)));
  return clause;
}

}  // namespace rxrun
