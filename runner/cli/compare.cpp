#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/readable.h"
#include "diagnostics/render.h"
#include "recording/query.h"

namespace rxrun {
namespace {

constexpr std::size_t kValuesFrom = 3;  // section, name, differs

// "run 2 parts from run 1 in epoch 5: validation_loss 0.4711 and 0.4712, train_loss ..."
std::string in_words(const Parting& parting) {
  const std::string pair = fmt::format("run {} and run {}", parting.run, parting.other);
  if (!parting.equal_seeds) return fmt::format("{} have different seeds; their epochs are not compared", pair);
  if (parting.metrics.rows.empty()) {
    const std::int64_t epochs = std::min(parting.epochs, parting.other_epochs);
    if (epochs == 0) return fmt::format("{} have no epoch in common yet", pair);
    if (parting.epochs == parting.other_epochs)
      return epochs == 1 ? fmt::format("{} are bit-identical in their one epoch", pair)
                         : fmt::format("{} are bit-identical in all {} epochs", pair, epochs);
    return fmt::format("{} are bit-identical up to epoch {}, where run {} ends", pair, epochs,
                       parting.epochs < parting.other_epochs ? parting.run : parting.other);
  }
  const auto& rows = parting.metrics.rows;
  std::string text = fmt::format("{} diverge in epoch {}:", pair, parting.first_epoch);
  constexpr std::size_t kShown = 3;
  for (std::size_t i = 0; i < std::min(rows.size(), kShown); ++i) {
    const auto figure = [](const Value& value) {
      const auto* real = std::get_if<double>(&value);
      return real ? fmt::format("{}", *real) : std::string("none");
    };
    text += fmt::format("{} {} {} and {}", i > 0 ? "," : "", printable(std::get<std::string>(rows[i][0])),
                        figure(rows[i][1]), figure(rows[i][2]));
  }
  if (rows.size() > kShown) text += fmt::format(" and {} more", rows.size() - kShown);
  return text;
}

// The rows of a section; with `all`, also those in which the runs agree. The mark stands before what differs.
Table section_of(const Table& rows, const std::string& section, bool all) {
  Table table;
  table.columns = {" ", section};
  table.columns.insert(table.columns.end(), rows.columns.begin() + kValuesFrom, rows.columns.end());
  for (const auto& row : rows.rows) {
    const bool differs = row[2] == Value(true);
    if (row[0] != Value(section) || (!differs && !all)) continue;
    std::vector<Value>& line = table.rows.emplace_back(std::vector<Value>{differs ? "≠" : "", row[1]});
    for (std::size_t i = kValuesFrom; i < row.size(); ++i)
      line.push_back(readable_value(std::get<std::string>(row[1]), row[i]));
  }
  return table;
}

std::string page(const Comparison& comparison, TableFormat format, bool all) {
  std::string out;
  for (const char* section : {"run", "metric", "parameter", "environment"}) {
    const bool always = all || std::string(section) == "metric";
    const bool is_fact = section == std::string("environment") || section == std::string("run");
    const Table table = section_of(comparison.rows, section, always);
    const std::size_t equal = section_of(comparison.rows, section, true).rows.size() - table.rows.size();
    if (!table.rows.empty()) out += render(table, format);
    if (equal > 0)
      out += fmt::format("{}{} {} equal; --all shows {}\n", table.rows.empty() ? "" : "\n",
                         counted(equal, fmt::format("{} {}", section, is_fact ? "fact" : "value")),
                         equal == 1 ? "is" : "are", equal == 1 ? "it" : "them");
    out += "\n";
  }
  for (const Parting& parting : comparison.partings) out += in_words(parting) + "\n";
  return out;
}

nlohmann::ordered_json json_of(const Table& table) {
  return nlohmann::ordered_json::parse(render(table, TableFormat::json));
}

std::string json(const Comparison& comparison) {
  nlohmann::ordered_json partings = nlohmann::ordered_json::array();
  for (const Parting& parting : comparison.partings) {
    nlohmann::ordered_json epoch;
    if (parting.first_epoch > 0) epoch = parting.first_epoch;
    partings.push_back({{"run", parting.run},
                        {"other", parting.other},
                        {"equal_seeds", parting.equal_seeds},
                        {"first_epoch", epoch},
                        {"metrics", json_of(parting.metrics)},
                        {"words", in_words(parting)}});
  }
  const nlohmann::ordered_json document = {{"rows", json_of(comparison.rows)}, {"partings", partings}};
  return document.dump(2, ' ', true, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

int run_compare(const CompareOptions& options) {
  const Comparison comparison = compare_runs(options.common.results / "results.db", options.runs);
  switch (options.common.format) {
    case TableFormat::text:
    case TableFormat::markdown:
      std::cout << page(comparison, options.common.format, options.all);
      break;
    case TableFormat::json:
      std::cout << json(comparison);
      break;
    case TableFormat::csv:
      std::cout << render(comparison.rows, TableFormat::csv);
      break;
  }
  return 0;
}

}  // namespace rxrun
