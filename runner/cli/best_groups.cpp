// `rxrun best --by KEY[,KEY]`: configurations over their seeds, and whether one is really better.
#include "cli/best_groups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <set>

#include "cli/readable.h"
#include "cli/seed_groups.h"
#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "diagnostics/shell_word.h"

namespace rxrun {
namespace {

constexpr std::size_t kComparisonsOnAPage = 10;
constexpr std::size_t kShownDigits = 8;  // of a hash
constexpr const char* kExperiment = "experiment";

Value optional_value(const std::optional<double>& value) { return value ? Value(*value) : Value(); }

Table table_of(const std::vector<SeedGroup>& groups, const std::vector<std::string>& keys, std::int64_t limit) {
  Table table;
  table.columns = {"experiment", "data"};
  const auto said_already = [](const std::string& key) { return key == kExperiment; };
  for (const std::string& key : keys)
    if (!said_already(key)) table.columns.push_back(key);
  for (const char* name :
       {"seeds", "mean", "deviation", "low", "high", "best", "best_run", "configurations", "content_hash", "split"})
    table.columns.push_back(name);
  for (const SeedGroup& group : groups) {
    if (limit > 0 && static_cast<std::int64_t>(table.rows.size()) == limit) break;
    std::vector<Value>& row =
        table.rows.emplace_back(std::vector<Value>{group.experiment, group.generated_data ? "generated" : "files"});
    for (std::size_t key = 0; key < keys.size(); ++key)
      if (!said_already(keys[key])) row.push_back(group.keys[key]);
    const auto& interval = group.estimate.interval;
    row.insert(row.end(), {group.estimate.count, group.estimate.mean, optional_value(group.estimate.deviation),
                           interval ? Value(interval->low) : Value(), interval ? Value(interval->high) : Value(),
                           group.best, group.best_run, static_cast<std::int64_t>(group.configurations.size()),
                           group.content_hash.empty() ? Value() : Value(group.content_hash), group.split});
  }
  return table;
}

// A page has no room for a whole hash, and for what is the same everywhere.
Table for_page(Table table, TableFormat format) {
  if (format != TableFormat::text && format != TableFormat::markdown) return table;
  for (const char* name : {"content_hash", "split"}) {
    const auto column = std::find(table.columns.begin(), table.columns.end(), name) - table.columns.begin();
    const auto cell = [&](std::vector<Value>& row) -> Value& { return row[static_cast<std::size_t>(column)]; };
    const bool differs =
        std::any_of(table.rows.begin(), table.rows.end(), [&](auto& row) { return cell(row) != cell(table.rows[0]); });
    for (auto& row : table.rows) {
      auto* text = std::get_if<std::string>(&cell(row));
      if (!differs)
        row.erase(row.begin() + column);
      else if (text && name == std::string("content_hash"))
        *text = text->substr(0, kShownDigits);
    }
    if (!differs) table.columns.erase(table.columns.begin() + column);
  }
  return for_reading(std::move(table), format);
}

Table table_of(const std::vector<PairedComparison>& comparisons, const std::vector<SeedGroup>& groups,
               const std::vector<std::string>& keys, const std::string& metric) {
  Table table;
  table.columns = {"experiment", "group", "other_experiment", "other",   "pairs",      "difference", "deviation",
                   "low",        "high",  "p_value",          "settled", "more_seeds", "words"};
  for (const PairedComparison& comparison : comparisons) {
    const Estimate& difference = comparison.difference;
    const auto& interval = difference.interval;
    const SeedGroup &group = groups[comparison.group], &other = groups[comparison.other];
    table.rows.push_back({group.experiment, label_of(group, keys), other.experiment, label_of(other, keys),
                          difference.count, difference.count > 0 ? Value(difference.mean) : Value(),
                          optional_value(difference.deviation), interval ? Value(interval->low) : Value(),
                          interval ? Value(interval->high) : Value(), optional_value(comparison.p_value),
                          comparison.settled, comparison.more ? Value(*comparison.more) : Value(),
                          in_words(comparison, groups, keys, metric)});
  }
  return table;
}

// The file of a group's best run; nothing where it is gone, or where `rxrun sweep` would take its name for a key.
std::optional<std::string> file_of(const std::filesystem::path& database, const SeedGroup& group) {
  const Table row = query(database, "SELECT file FROM runs WHERE id = ?", {group.best_run});
  const auto* file = row.rows.empty() ? nullptr : std::get_if<std::string>(&row.rows[0][0]);
  std::error_code unreadable;
  if (!file || !std::filesystem::exists(*file, unreadable) || file->find('=') != std::string::npos) return {};
  return *file;
}

// "rxrun sweep experiments/a.yaml cardinality=8,32 seed=1..5", for the best group's experiment or for all that are
// compared; empty where no such command can be given: a file is gone, or what was grouped by is not declared (a number
// of parameters).
std::string more_seeds(const std::filesystem::path& database, const std::vector<SeedGroup>& groups,
                       const std::vector<std::string>& keys) {
  const bool by_experiment = std::find(keys.begin(), keys.end(), kExperiment) != keys.end();
  std::vector<std::string> words = {"rxrun", "sweep"};
  const auto add = [](std::vector<std::string>& list, std::string one) {
    if (std::find(list.begin(), list.end(), one) == list.end()) list.push_back(std::move(one));
  };
  std::set<std::string> experiments;
  for (const SeedGroup& group : groups) {
    if ((!experiments.empty() && !by_experiment) || !experiments.insert(group.experiment).second) continue;
    const std::optional<std::string> file = file_of(database, group);
    if (!file) return {};
    add(words, *file);
  }
  for (std::size_t key = 0; key < keys.size(); ++key) {
    if (keys[key] == kExperiment) continue;
    const Table declared = query(
        database, "SELECT 1 FROM params WHERE run = ?1 AND (name = ?2 OR substr(name, -length(?2) - 1) = '.' || ?2)",
        {groups[0].best_run, keys[key]});
    if (declared.rows.empty()) return {};
    std::vector<std::string> values;
    for (const SeedGroup& group : groups) {
      if ((group.experiment != groups[0].experiment && !by_experiment) || group.keys[key] == Value()) continue;
      const std::string label = label_of({.keys = {group.keys[key]}}, {keys[key]});
      add(values, label.substr(keys[key].size() + 1));
    }
    words.push_back(fmt::format("{}={}", keys[key], fmt::join(values, ",")));
  }
  words.push_back("seed=1..5");
  return printable(shell_command(words));
}

// What a family of groups was scored on: "images 3f9a1c2e, split test=0.15, train=0.7, validation=0.15"
std::string place_of(const SeedGroup& group) {
  return fmt::format(
      "{}{}",
      group.generated_data ? "generated images" : "images " + printable(group.content_hash.substr(0, kShownDigits)),
      group.split.empty() ? "" : ", split " + printable(group.split));
}

// Those of the best group only, when all are too many for a page.
void tell_comparisons(const std::vector<PairedComparison>& comparisons, const std::vector<SeedGroup>& groups,
                      const std::vector<std::string>& keys, const std::string& metric, bool images_vary) {
  std::size_t told = 0;
  const bool apart = std::any_of(groups.begin(), groups.end(),
                                 [&](const SeedGroup& group) { return !comparable(groups[0], group, images_vary); });
  const SeedGroup* place = nullptr;
  for (const PairedComparison& comparison : comparisons) {
    const bool of_the_best = comparison.group == 0 || comparison.other == 0;
    if (told == kComparisonsOnAPage || (comparisons.size() > kComparisonsOnAPage && !of_the_best)) continue;
    const SeedGroup& group = groups[comparison.group];
    if (apart && (!place || !comparable(*place, group, images_vary))) std::cout << place_of(group) << ":\n";
    place = &group;
    std::cout << (apart ? "  " : "") << in_words(comparison, groups, keys, metric) << "\n";
    ++told;
  }
  if (told < comparisons.size())
    std::cout << fmt::format("--paired shows all {}; each p is corrected for their number (Holm)\n",
                             counted(comparisons.size(), "comparison"));
  else if (comparisons.size() > 1)
    std::cout << fmt::format("each p is corrected for {} comparisons (Holm)\n", comparisons.size());
}

void warn_of_images(const std::vector<SeedGroup>& groups) {
  std::set<std::string> contents, splits;
  for (const SeedGroup& group : groups) {
    if (group.generated_data || group.experiment != groups[0].experiment) continue;
    contents.insert(group.content_hash);
    splits.insert(group.content_hash + " " + group.split);
  }
  if (splits.size() < 2) return;
  std::cerr << fmt::format(
      "warning: the runs are on {}, which are averaged separately, for their results are not comparable; keep to one "
      "with --where"
      " {}\n",
      contents.size() > 1 ? fmt::format("{} different sets of images", contents.size())
                          : fmt::format("{} different splits", splits.size()),
      contents.size() > 1 ? fmt::format("content_hash={}", contents.begin()->substr(0, kShownDigits))
                          : "and the keys that differ in the column `split`");
}

void warn(const std::vector<SeedGroup>& groups, const std::vector<std::string>& keys, bool images_vary) {
  if (!images_vary && !groups.empty()) warn_of_images(groups);
  for (const SeedGroup& group : groups) {
    if (group.configurations.size() < 2) continue;
    std::cerr << fmt::format(
        "warning: {} mixes {} configurations, which differ in more than the seed; `rxrun ls --where`"
        " shows in which keys, and --by can include them\n",
        label_of(group, keys), group.configurations.size());
    break;
  }
  if (std::any_of(groups.begin(), groups.end(), [](const SeedGroup& group) { return group.generated_data; }))
    std::cerr << "warning: some runs are on GENERATED data, which says nothing about real images\n";
}

std::vector<std::string> split_keys(const std::string& by) {
  std::vector<std::string> keys;
  for (std::size_t start = 0; start <= by.size();) {
    const std::size_t end = std::min(by.find(',', start), by.size());
    keys.push_back(by.substr(start, end - start));
    if (keys.back().empty())
      throw Error(Failure::usage, fmt::format("--by {}: a key is missing", printable(shell_word(by))),
                  "for example: --by cardinality,base_width");
    start = end + 1;
  }
  return keys;
}

}  // namespace

int run_best_groups(const BestOptions& options) {
  const TableFormat format = options.common.format;
  const SeedValues values =
      seed_values(options.common.results / "results.db", options.metric, split_keys(*options.by), options.where);
  const std::vector<SeedGroup> groups = group_seeds(values, options.metric);
  if (groups.empty() && format == TableFormat::text)
    throw Error(Failure::usage,
                fmt::format("no finished run{} has a {} yet", options.where.empty() ? "" : " that matches",
                            printable(options.metric)),
                "`rxrun ls` lists the runs");
  warn(groups, values.keys, values.images_vary);
  const std::vector<PairedComparison> comparisons = compare_groups(groups, options.metric, values.images_vary);
  if (options.paired) {
    std::cout << render(for_reading(table_of(comparisons, groups, values.keys, options.metric), format), format);
    return 0;
  }
  const std::int64_t limit = options.limit.value_or(0);
  std::cout << render(for_page(table_of(groups, values.keys, limit), format), format);
  if (format != TableFormat::text || options.common.quiet) return 0;
  std::cout << "\n";
  tell_comparisons(comparisons, groups, values.keys, options.metric, values.images_vary);
  const bool several =
      std::any_of(groups.begin(), groups.end(), [](const SeedGroup& group) { return group.estimate.count > 1; });
  if (several) return 0;
  const std::string command = more_seeds(options.common.results / "results.db", groups, values.keys);
  if (command.empty())
    std::cout << "One seed each: the difference may be chance; run each with more seeds\n";
  else
    std::cout << fmt::format("One seed each: the difference may be chance. To run more seeds: {}\n", command);
  return 0;
}

}  // namespace rxrun
