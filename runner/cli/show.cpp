#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "cli/commands.h"
#include "cli/readable.h"
#include "diagnostics/diagnostic.h"
#include "recording/query.h"

namespace rxrun {
namespace {

std::string indented(const std::string& text) {
  std::string out;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    out += "  " + text.substr(start, end - start) + "\n";
    if (end == std::string::npos) break;
    start = end + 1;
  }
  return out;
}

std::vector<Value> column(const Table& table, const std::string& name) {
  const auto found = std::find(table.columns.begin(), table.columns.end(), name);
  std::vector<Value> values;
  if (found == table.columns.end()) return values;
  for (const auto& row : table.rows) values.push_back(row[static_cast<std::size_t>(found - table.columns.begin())]);
  return values;
}

// The run's number heads the page already.
Table curve(Table epochs) {
  if (const auto found = std::find(epochs.columns.begin(), epochs.columns.end(), "run");
      found != epochs.columns.end()) {
    const auto offset = found - epochs.columns.begin();
    epochs.columns.erase(found);
    for (auto& row : epochs.rows) row.erase(row.begin() + offset);
  }
  const auto best = std::find(epochs.columns.begin(), epochs.columns.end(), "best");
  if (best != epochs.columns.end()) {
    const auto offset = best - epochs.columns.begin();
    for (auto& row : epochs.rows) {
      Value& best = row[static_cast<std::size_t>(offset)];
      best = best == Value(true) ? Value("best so far") : Value();
    }
  }
  return epochs;
}

std::string page(const RunDetails& run, TableFormat format) {
  const bool text = format == TableFormat::text;
  const auto section = [&](const char* title, const std::string& body) {
    return text ? fmt::format("{}\n{}\n", title, indented(body)) : fmt::format("## {}\n\n{}\n", title, body);
  };
  std::string out = section("Run", render(upright(for_reading(run.facts, format)), format));
  Table params{.columns = {"name", "value"}, .rows = {}};
  Table varying = params;
  for (const auto& row : run.params.rows) (row[2] == Value(true) ? varying : params).rows.push_back({row[0], row[1]});
  if (!varying.rows.empty())
    out += section("Parameters in which this experiment's runs differ", render(varying, format));
  if (!params.rows.empty()) out += section("Parameters", render(params, format));
  if (!run.classes.rows.empty()) out += section("Classes", render(run.classes, format));
  if (!run.evaluations.rows.empty())
    out += section("Evaluations", render(for_reading(run.evaluations, format), format));
  if (run.epochs.rows.empty()) return out + "No epoch has been completed.\n";
  out += section("Epochs", render(curve(for_reading(run.epochs, format)), format));
  const std::string line = sparkline(column(run.epochs, "validation_accuracy"), 60);
  if (text && line.find_first_not_of(' ') != std::string::npos) out += fmt::format("validation_accuracy  {}\n", line);
  return out;
}

// One object with a member a table; the facts are one row.
std::string json(const RunDetails& run) {
  std::string facts = render(run.facts, TableFormat::json);
  facts = facts.substr(facts.find('{'), facts.rfind('}') - facts.find('{') + 1);
  return fmt::format("{{\"run\": {},\n\"params\": {},\n\"classes\": {},\n\"evaluations\": {},\n\"epochs\": {}}}\n",
                     facts, render(run.params, TableFormat::json), render(run.classes, TableFormat::json),
                     render(run.evaluations, TableFormat::json), render(run.epochs, TableFormat::json));
}

}  // namespace

int run_show(const ShowOptions& options) {
  const RunDetails run = show_run(options.common.results / "results.db", options.run);
  switch (options.common.format) {
    case TableFormat::text:
    case TableFormat::markdown:
      std::cout << page(run, options.common.format);
      break;
    case TableFormat::json:
      std::cout << json(run);
      break;
    case TableFormat::csv:
      std::cout << render(run.epochs, TableFormat::csv);  // the curve: what a spreadsheet is for
      break;
  }
  return 0;
}

}  // namespace rxrun
