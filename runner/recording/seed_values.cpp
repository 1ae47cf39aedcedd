// `rxrun best --by`: a metric of every finished run, with what groups and pairs it.
#include <fmt/format.h>

#include "diagnostics/diagnostic.h"
#include "recording/field.h"
#include "recording/query.h"
#include "recording/reading.h"

namespace rxrun {
namespace {

// A statement that grows: parameters stay in the order of their `?`.
struct Growing {
  std::string ctes, columns, joins;
  std::vector<Value> of_ctes, of_columns;

  void add(const Field& field) {
    if (field.of_all.sql.empty()) {
      columns += fmt::format(", (SELECT {} FROM v_runs v WHERE v.run = r.id)", field.of_run.sql);
      of_columns.insert(of_columns.end(), field.of_run.parameters.begin(), field.of_run.parameters.end());
      return;
    }
    // One pass over an index for all runs; a look-up for each run would read a page for each.
    const std::string name = fmt::format("f{}", fields_++);
    ctes +=
        fmt::format("{}{} (run, value) AS MATERIALIZED ({})", ctes.empty() ? "WITH " : ", ", name, field.of_all.sql);
    of_ctes.insert(of_ctes.end(), field.of_all.parameters.begin(), field.of_all.parameters.end());
    joins += fmt::format(" LEFT JOIN {0} ON {0}.run = r.id", name);
    columns += fmt::format(", {}.value", name);
  }

 private:
  int fields_ = 0;
};

}  // namespace

SeedValues seed_values(const std::filesystem::path& database, const std::string& metric,
                       const std::vector<std::string>& keys, const std::vector<std::string>& where) {
  const auto connection = open_for_reading(database);
  check_metric(*connection, metric);
  SeedValues values;
  Growing statement;
  statement.add(metric_field(metric));
  for (const std::string& key : keys) {
    const Field field = resolve_field(*connection, key);
    if (field.name == "seed")
      throw Error(Failure::usage, "a group holds the seeds of what is compared; it cannot be made by seed");
    values.keys.push_back(field.name.substr(field.name.rfind('.') + 1));
    statement.add(field);
  }
  std::vector<Value> parameters = statement.of_ctes;
  parameters.insert(parameters.end(), statement.of_columns.begin(), statement.of_columns.end());
  std::string conditions;
  for (const std::string& condition : where) {
    const Clause clause = resolve_condition(*connection, condition);
    conditions += fmt::format("{}{}", conditions.empty() ? " AND r.id IN (SELECT v.run FROM v_runs v WHERE " : " AND ",
                              clause.sql);
    parameters.insert(parameters.end(), clause.parameters.begin(), clause.parameters.end());
  }
  if (!conditions.empty()) conditions += ")";
  // Experiments outermost: their runs then come out of runs_finished, in no order that anybody needs.
  values.rows = fetch(
      *connection,
      fmt::format("{} SELECT r.id AS run, x.name, r.generated_data, r.configuration, r.seed || ' ' || r.split_hash{}"
                  " FROM experiments x CROSS JOIN runs r ON r.experiment = x.id{}"
                  " WHERE r.status = 'finished' AND r.removed IS NULL{}",
                  statement.ctes, statement.columns, statement.joins, conditions),
      parameters);
  return values;
}

}  // namespace rxrun
