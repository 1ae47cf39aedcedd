// `rxrun ls`: runs that fit, with the parameters in which they differ.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "diagnostics/diagnostic.h"
#include "experiment/key.h"
#include "recording/field.h"
#include "recording/query.h"
#include "recording/reading.h"

namespace rxrun {
namespace {

// The columns that every list begins with; parameters come after `seed`.
constexpr std::size_t kParametersFrom = 5;

// The runs' numbers first, which indexes give; a run's own row is long, and only those that are shown are read.
Table choose_runs(Connection& connection, const RunSelection& selection) {
  std::string sql = "SELECT v.run FROM v_runs v WHERE TRUE";
  std::vector<Value> parameters;
  const auto add = [&](const std::string& text, const Clause& clause) {
    sql += text;
    parameters.insert(parameters.end(), clause.parameters.begin(), clause.parameters.end());
  };
  for (const std::string& condition : selection.where) {
    const Clause clause = resolve_condition(connection, condition);
    add(" AND " + clause.sql, clause);
  }
  sql += " ORDER BY ";
  if (!selection.sort.empty()) {
    const Field field = resolve_field(connection, selection.sort);
    add(fmt::format("{} {} NULLS LAST, ", field.of_run.sql, selection.descending ? "DESC" : "ASC"), field.of_run);
  }
  sql += "v.run DESC";
  return fetch(connection, sql, parameters, selection.limit);
}

std::string ids_of(const Table& runs) {
  nlohmann::json ids = nlohmann::json::array();
  for (const auto& row : runs.rows) ids.push_back(integer_in(row[0]));
  return ids.dump();
}

bool is_list_of_layers(const std::string& name) {
  const Key* key = find_key(name);
  return key && (key->layers || key->stages);
}

std::vector<std::string> differing_parameters(Connection& connection, const Table& runs, const std::string& ids) {
  std::vector<std::string> names;
  const Table found = fetch(connection,
                            "SELECT name FROM params WHERE run IN (SELECT value FROM json_each(?1))"
                            " GROUP BY name HAVING count(DISTINCT value) > 1 OR count(*) < ?2",
                            {ids, static_cast<std::int64_t>(runs.rows.size())});
  for (const auto& row : found.rows)  // the seed has a column of its own, and layers have theirs
    if (const std::string& name = text_in(row[0]);
        name != "seed" && !is_list_of_layers(name) && can_alter_numbers(name))
      names.push_back(name);
  // The network-wide ones first, then those of a single layer.
  std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return std::count(a.begin(), a.end(), '.') < std::count(b.begin(), b.end(), '.');
  });
  return names;
}

// "network.cardinality" is headed "cardinality", unless another column ends in that too.
std::vector<std::string> headings(const std::vector<std::string>& names, const std::vector<std::string>& taken) {
  std::vector<std::string> shortened;
  for (const std::string& name : names) {
    std::string heading = name.substr(name.rfind('.') + 1);
    const auto ends_so = [&](const std::string& other) { return other.ends_with("." + heading) || other == heading; };
    const bool number = heading.find_first_not_of("0123456789") == std::string::npos;
    if (number || std::count_if(names.begin(), names.end(), ends_so) > 1 ||
        std::find(taken.begin(), taken.end(), heading) != taken.end())
      heading = name;
    shortened.push_back(heading);
  }
  return shortened;
}

void add_parameters(Connection& connection, Table& runs, const std::string& ids, bool full_names) {
  if (runs.rows.size() < 2) return;
  const std::vector<std::string> names = differing_parameters(connection, runs, ids);
  const std::vector<std::string> heads = full_names ? names : headings(names, runs.columns);
  std::map<std::int64_t, std::size_t> rows;
  for (std::size_t i = 0; i < runs.rows.size(); ++i) rows[integer_in(runs.rows[i][0])] = i;
  std::map<std::string, std::size_t> columns;
  for (std::size_t i = 0; i < names.size(); ++i) columns[names[i]] = kParametersFrom + i;

  const auto offset = static_cast<std::ptrdiff_t>(kParametersFrom);
  runs.columns.insert(runs.columns.begin() + offset, heads.begin(), heads.end());
  for (auto& row : runs.rows) row.insert(row.begin() + offset, names.size(), Value());
  const Table values = fetch(connection,
                             "SELECT run, name, value FROM params WHERE run IN (SELECT value FROM json_each(?1))"
                             " AND name IN (SELECT value FROM json_each(?2))",
                             {ids, nlohmann::json(names).dump()});
  for (const auto& value : values.rows) {
    const auto row = rows.find(integer_in(value[0]));
    const auto column = columns.find(text_in(value[1]));
    if (row != rows.end() && column != columns.end())
      runs.rows[row->second][column->second] = parameter_value(value[2]);
  }
}

// What the runs are sorted by is to be seen, unless a column shows it anyway. After the metrics that every list has.
void add_sorted_by(Connection& connection, Table& runs, const RunSelection& selection, const std::string& ids) {
  if (selection.sort.empty()) return;
  const Field field = resolve_field(connection, selection.sort);
  const auto has = [&](const std::string& name) {
    return std::find(runs.columns.begin(), runs.columns.end(), name) != runs.columns.end();
  };
  const bool parameter = field.name.find('.') != std::string::npos;  // those that differ are added below
  if (has(field.name) || parameter) return;
  std::vector<Value> parameters = field.of_run.parameters;
  parameters.emplace_back(ids);
  const Table values = fetch(
      connection,
      fmt::format("SELECT {} FROM json_each(?) j JOIN v_runs v ON v.run = j.value ORDER BY j.key", field.of_run.sql),
      parameters);
  const auto at = std::find(runs.columns.begin(), runs.columns.end(), "started") - runs.columns.begin();
  runs.columns.insert(runs.columns.begin() + at, field.name);
  for (std::size_t i = 0; i < runs.rows.size(); ++i)
    runs.rows[i].insert(runs.rows[i].begin() + at, values.rows.at(i)[0]);
}

}  // namespace

Table list_runs(const std::filesystem::path& database, const RunSelection& selection) {
  if (selection.limit < 0) throw Error(Failure::usage, "the limit is negative; 0 lists all runs");
  const auto connection = open_for_reading(database);
  const Table chosen = choose_runs(*connection, selection);
  const std::string ids = ids_of(chosen);
  Table runs = fetch(*connection,
                     fmt::format(R"(
    SELECT v.run, v.name, iif(v.generated_data, 'generated', 'files') AS data, {} AS status,
           v.seed, v.epochs, v.validation_accuracy, v.test_accuracy, v.started, v.seconds, v.tags, v.note
    FROM json_each(?) j CROSS JOIN v_runs v ON v.run = j.value JOIN runs r ON r.id = v.run ORDER BY j.key)",
                                 kStatusNow),
                     {ids});
  runs.more = chosen.more;
  add_sorted_by(*connection, runs, selection, ids);
  add_parameters(*connection, runs, ids, selection.full_names);
  return runs;
}

Table removed_runs(const std::filesystem::path& database) {
  const auto connection = open_for_reading(database);
  return fetch(*connection, R"(
    SELECT r.id AS run, r.name, r.status, r.seed, r.epochs, s.value AS validation_accuracy, r.removed, r.folder
    FROM runs r LEFT JOIN results s ON s.run = r.id AND s.name = 'validation_accuracy' WHERE r.removed IS NOT NULL ORDER BY r.id DESC)");
}

}  // namespace rxrun
