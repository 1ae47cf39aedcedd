// `rxrun compare`: runs side by side, and where equal seeds part.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/find_run.h"
#include "recording/query.h"
#include "recording/reading.h"

namespace rxrun {
namespace {

using Facts = std::vector<std::pair<std::string, Value>>;

Facts facts_of(Connection& connection, std::int64_t run) {
  Table row = fetch(connection,
                    fmt::format(R"(
    SELECT v.experiment, {} AS status, v.reason, v.seed, v.generated_data, r.content_hash, r.split_hash, v.skipped_images, v.parameters,
           v.multiply_adds, v.epochs, v.best_epoch, v.images_per_second, v.seconds, v.started, v.tags, v.note,
           v.configuration, v.identity
    FROM v_runs v JOIN runs r ON r.id = v.run WHERE v.run = ?)",
                                kStatusNow),
                    {run});
  as_booleans(row, {"generated_data"});
  Facts facts;
  for (std::size_t i = 0; i < row.columns.size(); ++i) facts.emplace_back(row.columns[i], row.rows.at(0)[i]);
  return facts;
}

Facts pairs_of(Connection& connection, std::int64_t run, const char* sql) {
  Facts pairs;
  for (const auto& row : fetch(connection, sql, {run}).rows) pairs.emplace_back(text_in(row[0]), row[1]);
  return pairs;
}

// Rows of `section`, in the order in which the names first come up.
void add_section(Table& table, const std::string& section, const std::vector<Facts>& runs) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<Value>> values;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    for (const auto& [name, value] : runs[run]) {
      const auto [place, added] = values.try_emplace(name, std::vector<Value>(runs.size()));
      if (added) order.push_back(name);
      place->second[run] = value;
    }
  }
  for (const std::string& name : order) {
    const std::vector<Value>& cells = values.at(name);
    const bool differs = std::any_of(cells.begin(), cells.end(), [&](const Value& cell) { return cell != cells[0]; });
    std::vector<Value>& row = table.rows.emplace_back(std::vector<Value>{section, name, differs});
    row.insert(row.end(), cells.begin(), cells.end());
  }
}

// Which metrics differ in the first epoch in which any does.
constexpr const char* kFirstDifference = R"(
  WITH known AS (
    SELECT epoch, name FROM metrics WHERE run = ?1 AND epoch <= ?3
    UNION SELECT epoch, name FROM metrics WHERE run = ?2 AND epoch <= ?3
  ), differing AS (
    SELECT k.epoch, k.name, a.value AS value, b.value AS other_value
    FROM known k LEFT JOIN metrics a ON a.run = ?1 AND a.epoch = k.epoch AND a.name = k.name
                 LEFT JOIN metrics b ON b.run = ?2 AND b.epoch = k.epoch AND b.name = k.name
    WHERE a.value IS NOT b.value
  )
  SELECT epoch, name, value, other_value FROM differing WHERE epoch = (SELECT min(epoch) FROM differing) ORDER BY name)";

Parting parting_of(Connection& connection, const RunReference& run, const RunReference& other) {
  const Table both =
      fetch(connection, "SELECT a.seed IS b.seed, a.epochs, b.epochs FROM runs a, runs b WHERE a.id = ? AND b.id = ?",
            {run.id, other.id});
  Parting parting{.run = run.id, .other = other.id};
  parting.equal_seeds = integer_in(both.rows.at(0)[0]) != 0;
  parting.epochs = integer_in(both.rows[0][1]);
  parting.other_epochs = integer_in(both.rows[0][2]);
  if (!parting.equal_seeds) return parting;
  const Table found =
      fetch(connection, kFirstDifference, {run.id, other.id, std::min(parting.epochs, parting.other_epochs)});
  parting.metrics.columns = {"name", "value", "other_value"};
  for (const auto& row : found.rows) {
    parting.first_epoch = integer_in(row[0]);
    parting.metrics.rows.push_back({text_in(row[1]), row[2], row[3]});
  }
  return parting;
}

}  // namespace

Comparison compare_runs(const std::filesystem::path& database, const std::vector<std::string>& runs) {
  if (runs.size() < 2) throw Error(Failure::usage, "comparing takes at least two runs", "rxrun compare RUN RUN...");
  const auto connection = open_for_reading(database);
  Comparison comparison;
  comparison.rows.columns = {"section", "name", "differs"};
  std::vector<Facts> facts, metrics, parameters, environment;
  for (const std::string& word : runs) {
    const std::int64_t id = find_run(*connection, word);
    for (const RunReference& earlier : comparison.runs)
      if (earlier.id == id)
        throw Error(Failure::usage, fmt::format("run {} is given twice: `{}` is the same run", id, printable(word)));
    const Table row = fetch(*connection, "SELECT name, identity, folder FROM runs WHERE id = ?", {id});
    comparison.runs.push_back({.id = id,
                               .name = text_in(row.rows.at(0)[0]),
                               .identity = text_in(row.rows[0][1]),
                               .folder = text_in(row.rows[0][2])});
    comparison.rows.columns.push_back(fmt::format("run {}", id));
    facts.push_back(facts_of(*connection, id));
    facts.back().insert(facts.back().begin(), {"name", comparison.runs.back().name});
    metrics.push_back(pairs_of(*connection, id,
                               "SELECT name, value FROM results WHERE run = ? AND name NOT IN ('learning_rate', "
                               "'images_per_second') ORDER BY name DESC"));
    parameters.push_back(pairs_of(*connection, id, "SELECT name, value FROM params WHERE run = ? ORDER BY name"));
    for (auto& [name, value] : parameters.back()) value = parameter_value(std::move(value));
    environment.push_back(pairs_of(
        *connection, id,
        "SELECT substr(name, 13), value FROM properties WHERE run = ? AND name GLOB 'environment.*' ORDER BY name"));
  }
  add_section(comparison.rows, "run", facts);
  add_section(comparison.rows, "metric", metrics);
  add_section(comparison.rows, "parameter", parameters);
  add_section(comparison.rows, "environment", environment);
  for (std::size_t i = 1; i < comparison.runs.size(); ++i)
    comparison.partings.push_back(parting_of(*connection, comparison.runs[0], comparison.runs[i]));
  return comparison;
}

}  // namespace rxrun
