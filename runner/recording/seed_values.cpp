// `rxrun best --by`: a metric of every finished run, with what groups and pairs it.
#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/field.h"
#include "recording/query.h"
#include "recording/reading.h"

namespace rxrun {

SeedValues seed_values(const std::filesystem::path& database, const std::string& metric,
                       const std::vector<std::string>& keys, const std::vector<std::string>& where) {
  const auto connection = open_for_reading(database);
  SeedValues values;
  std::vector<Value> parameters;
  std::string columns;
  const auto add = [&](const Field& field) {
    columns += fmt::format(", {}", field.sql);
    parameters.insert(parameters.end(), field.parameters.begin(), field.parameters.end());
  };
  const Field measured = resolve_field(*connection, metric);
  const Table column =
      fetch(*connection, "SELECT name FROM pragma_table_info('results') WHERE name = ?", {measured.name});
  const std::vector<std::string> metrics = metric_names(*connection);
  if (column.rows.empty() && std::find(metrics.begin(), metrics.end(), measured.name) == metrics.end())
    throw Error(Failure::usage, fmt::format("`{}` is no metric", printable(metric)),
                "for example: --metric validation_accuracy");
  add(measured);
  for (const std::string& key : keys) {
    const Field field = resolve_field(*connection, key);
    if (field.name == "seed")
      throw Error(Failure::usage, "a group holds the seeds of what is compared; it cannot be made by seed");
    values.keys.push_back(field.name.substr(field.name.rfind('.') + 1));
    add(field);
  }
  std::string conditions;
  for (const std::string& condition : where) {
    const Clause clause = resolve_condition(*connection, condition);
    conditions += " AND " + clause.sql;
    parameters.insert(parameters.end(), clause.parameters.begin(), clause.parameters.end());
  }
  values.rows = fetch(*connection,
                      fmt::format("SELECT v.run, v.experiment, v.generated_data, v.configuration,"
                                  " v.seed || ' ' || r.split_hash{} FROM v_runs v JOIN runs r ON r.id = v.run"
                                  " WHERE v.status = 'finished'{} ORDER BY v.run",
                                  columns, conditions),
                      parameters);
  return values;
}

}  // namespace rxrun
