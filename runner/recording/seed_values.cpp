// `rxrun best --by`: a metric of every finished run, with what groups and pairs it.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
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

using Split = std::map<std::string, std::string>;  // "train" -> "0.7"

constexpr std::string_view kSplitKeys = "data.split.";
constexpr const char* kSplitSeed = "seed";

std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{}", *real);
  return {};
}

// How runs declare their splits. Nearly always alike: only what differs is looked up for each run.
class Splits {
 public:
  explicit Splits(Connection& connection) {
    std::map<std::string, std::vector<std::pair<std::string, std::int64_t>>> values;
    std::int64_t most = 0;
    const Table found =
        fetch(connection,
              "SELECT name, value, count(*) FROM params WHERE name > 'data.split.' AND name < 'data.split/'"
              " GROUP BY name, value");
    std::map<std::string, std::int64_t> runs;
    for (const auto& row : found.rows) {
      const std::string name = text_in(row[0]);
      values[name].emplace_back(text_of(row[1]), integer_in(row[2]));
      most = std::max(most, runs[name] += integer_in(row[2]));
    }
    nlohmann::json differing = nlohmann::json::array();
    for (const auto& [name, of_name] : values) {
      if (of_name.size() == 1 && of_name[0].second == most && short_name(name) != kSplitSeed)
        common_[short_name(name)] = of_name[0].first;
      else
        differing.push_back(name);
    }
    if (differing.empty()) return;
    const Table rows =
        fetch(connection, "SELECT run, name, value FROM params WHERE name IN (SELECT value FROM json_each(?))",
              {differing.dump()});
    for (const auto& row : rows.rows) own_[integer_in(row[0])][short_name(text_in(row[1]))] = text_of(row[2]);
  }

  Split of(std::int64_t run) const {
    Split split = common_;
    if (const auto own = own_.find(run); own != own_.end()) split.insert(own->second.begin(), own->second.end());
    return split;
  }

 private:
  static std::string short_name(const std::string& name) { return name.substr(kSplitKeys.size()); }

  Split common_;
  std::map<std::int64_t, Split> own_;
};

std::string in_words(const Split& split) {
  std::string text;
  for (const auto& [name, value] : split) text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
  return text;
}

// Whether a parameter decides which images a run is scored on.
bool chooses_images(const std::string& name) {
  return name == "data.path" || name == "data.source" || name.starts_with("data.sample.") ||
         name.starts_with(kSplitKeys);
}

// Puts the declared split of each run into `column`. A seed of the split that is the run's own may be the same for all
// runs or follow the seed: if another run of the same data has it too, beside another seed, it is the same for all.
void declare_splits(Connection& connection, Table& rows, std::size_t column) {
  const Splits splits(connection);
  using Family = std::tuple<Value, Value, std::string>;  // experiment, content, the split but for its seed
  std::map<Family, std::set<std::string>> fixed;
  struct Declared {
    Family family;
    std::string own, seed;
  };
  std::vector<Declared> declared;
  for (const auto& row : rows.rows) {
    Split split = splits.of(integer_in(row[0]));
    Declared& one = declared.emplace_back();
    if (const auto seed = split.extract(kSplitSeed)) one.seed = seed.mapped();
    one.own = text_of(row[4]);
    one.family = {row[1], row[6], in_words(split)};
    if (!one.seed.empty() && one.seed != one.own) fixed[one.family].insert(one.seed);
  }
  for (std::size_t i = 0; i < declared.size(); ++i) {
    const Declared& one = declared[i];
    std::string text = std::get<2>(one.family);
    const auto known = fixed.find(one.family);
    if (!one.seed.empty() && known != fixed.end() && known->second.count(one.seed) != 0)
      text += fmt::format("{}seed={}", text.empty() ? "" : ", ", one.seed);
    rows.rows[i][column] = text;
  }
}

// The last word of each, or all of it where two end in the same.
std::vector<std::string> column_names(const std::vector<std::string>& keys) {
  const auto last = [](const std::string& key) { return key.substr(key.rfind('.') + 1); };
  std::map<std::string, int> ends;
  for (const std::string& key : keys) ++ends[last(key)];
  std::vector<std::string> names;
  for (const std::string& key : keys) names.push_back(ends[last(key)] > 1 ? key : last(key));
  return names;
}

}  // namespace

SeedValues seed_values(const std::filesystem::path& database, const std::string& metric,
                       const std::vector<std::string>& keys, const std::vector<std::string>& where) {
  const auto connection = open_for_reading(database);
  check_metric(*connection, metric);
  SeedValues values;
  Growing statement;
  statement.add(metric_field(metric));
  std::vector<std::string> names;
  for (const std::string& key : keys) {
    const Field field = resolve_field(*connection, key);
    if (const auto same = std::find(names.begin(), names.end(), field.name); same != names.end())
      throw Error(Failure::usage, fmt::format("runs cannot be grouped twice by the same key: `{}` and `{}` are both {}",
                                              printable(keys[static_cast<std::size_t>(same - names.begin())]),
                                              printable(key), printable(field.name)));
    names.push_back(field.name);
    if (field.name == "seed")
      throw Error(Failure::usage, "runs cannot be grouped by seed: seeds are what each group averages over");
    values.images_vary = values.images_vary || chooses_images(field.name);
    statement.add(field);
  }
  values.keys = column_names(names);
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
      fmt::format("{} SELECT r.id AS run, x.name, r.generated_data, r.configuration, CAST(r.seed AS TEXT) AS seed,"
                  " r.split_hash || iif(r.generated_data, ' of ' || r.content_hash, '') AS split_hash,"
                  " iif(r.generated_data, '', r.content_hash) AS content_hash, '' AS split{}"
                  " FROM experiments x CROSS JOIN runs r ON r.experiment = x.id{}"
                  " WHERE r.status = 'finished' AND r.removed IS NULL{}",
                  statement.ctes, statement.columns, statement.joins, conditions),
      parameters);
  constexpr std::size_t kSplit = 7, kKeys = 9;
  declare_splits(*connection, values.rows, kSplit);
  for (auto& row : values.rows.rows)
    for (std::size_t i = kKeys; i < row.size(); ++i) row[i] = parameter_value(std::move(row[i]));
  return values;
}

}  // namespace rxrun
