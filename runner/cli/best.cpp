#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "cli/best_groups.h"
#include "cli/commands.h"
#include "cli/readable.h"
#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/query.h"
#include "table/fixed.h"

namespace rxrun {
namespace {

constexpr std::size_t kShownDigits = 8;  // of a hash

struct RankedImages {
  std::string content, split;
  std::int64_t runs = 0;
};

std::vector<RankedImages> ranked_images(const Table& scored) {
  std::vector<RankedImages> images;
  for (const auto& row : scored.rows)
    images.push_back(
        {std::get<std::string>(row.at(0)), std::get<std::string>(row.at(1)), std::get<std::int64_t>(row.at(2))});
  return images;
}

std::int64_t runs_in(const std::vector<RankedImages>& images) {
  std::int64_t runs = 0;
  for (const RankedImages& one : images) runs += one.runs;
  return runs;
}

std::size_t column_of(const Table& table, const std::string& name) {
  return static_cast<std::size_t>(std::find(table.columns.begin(), table.columns.end(), name) - table.columns.begin());
}

void drop_column(Table& table, const std::string& name) {
  const auto column = static_cast<std::ptrdiff_t>(column_of(table, name));
  table.columns.erase(table.columns.begin() + column);
  for (auto& row : table.rows) row.erase(row.begin() + column);
}

// "best validation accuracy 0.9123: run 3 resnext50_breast-3f9a1c2e (epoch 21 of 32)"
std::string in_words(const Table& best, const std::string& metric) {
  const auto cell = [&](const std::string& name) -> const Value& { return best.rows[0][column_of(best, name)]; };
  const auto integer = [&](const std::string& name) {
    const auto* number = std::get_if<std::int64_t>(&cell(name));
    return number ? *number : 0;
  };
  const auto* value = std::get_if<double>(&cell(metric));
  const auto* name = std::get_if<std::string>(&cell("name"));
  if (!value || !name)
    throw Error(Failure::usage, "the database of results is damaged: a run without a name or a value");
  std::string words = metric;
  std::replace(words.begin(), words.end(), '_', ' ');
  std::string beside;
  if (metric.starts_with("validation_")) {
    const std::string test = "test_" + metric.substr(std::string_view("validation_").size());
    const auto* tested = std::get_if<double>(&cell(test));
    beside = tested
                 ? fmt::format("; its test {} is {}", printable(words.substr(words.find(' ') + 1)), fixed(*tested, 4))
                 : "; its test part has not been scored";
  }
  return fmt::format(
      "best {} {}: run {} {} (epoch {} of {}){}{}", printable(words), fixed(*value, 4), integer("run"),
      printable(*name), integer("best_epoch"), integer("epochs"), beside,
      cell("generated_data") == Value(true) ? ", on GENERATED data: it says nothing about real images" : "");
}

// How many runs each row was ranked among, and how many of those were scored on the same images, divided the same.
void add_counts(Table& best, const std::vector<RankedImages>& images) {
  const std::size_t content = column_of(best, "content_hash"), split = column_of(best, "split_hash"),
                    generated = column_of(best, "generated_data");
  best.columns.insert(best.columns.end(), {"ranked_runs", "ranked_on_the_same"});
  for (auto& row : best.rows) {
    const bool of_files = row[generated] != Value(true);
    const auto same = std::find_if(images.begin(), images.end(), [&](const RankedImages& one) {
      return of_files ? Value(one.content) == row[content] && Value(one.split) == row[split] : one.content.empty();
    });
    row.emplace_back(runs_in(images));
    row.emplace_back();
    if (same != images.end()) row.back() = same->runs;
  }
}

void warn(const Table& best, const std::vector<RankedImages>& images) {
  if (images.size() < 2) return;
  std::set<std::string> contents;
  for (const RankedImages& one : images) contents.insert(one.content);
  const auto beginning = [&](const char* column) {
    return std::get<std::string>(best.rows[0][column_of(best, column)]).substr(0, kShownDigits);
  };
  const bool several = contents.size() > 1;
  std::cerr << fmt::format(
      "warning: {} on {} are ranked together, but results on different images are not comparable; to rank"
      " only runs like the best one: --where {}split_hash={}\n",
      counted(runs_in(images), "run"),
      several ? fmt::format("{} different sets of images", contents.size())
              : fmt::format("{} different splits of the same images", images.size()),
      several ? fmt::format("content_hash={} ", beginning("content_hash")) : "", beginning("split_hash"));
}

// A page has no room for hashes; where several are ranked together, their beginnings tell which is which.
Table for_page(Table best, bool several) {
  for (const char* name : {"ranked_runs", "ranked_on_the_same"}) drop_column(best, name);
  for (const char* name : {"content_hash", "split_hash"}) {
    if (!several) {
      drop_column(best, name);
      continue;
    }
    const std::size_t column = column_of(best, name);
    for (auto& row : best.rows) row[column] = std::get<std::string>(row[column]).substr(0, kShownDigits);
  }
  return best;
}

}  // namespace

int run_best(const BestOptions& options) {
  if (options.by) return run_best_groups(options);
  if (options.paired)
    throw Error(Failure::usage, "--paired compares groups; --by KEY must say which", "for example: --by cardinality");
  const std::int64_t limit = options.limit.value_or(1);
  const std::filesystem::path database = options.common.results / "results.db";
  const TableFormat format = options.common.format;
  Table best = best_runs(database, options.metric, limit, options.where);
  const std::vector<RankedImages> images = ranked_images(scored_images(database, options.metric, options.where));
  add_counts(best, images);
  if (format == TableFormat::json || format == TableFormat::csv) {
    std::cout << render(best, format);
    return 0;
  }
  if (!best.rows.empty()) {
    warn(best, images);
    if (!options.common.quiet && options.metric.starts_with("test_") && runs_in(images) > 1)
      std::cerr << fmt::format(
          "note: chosen by the test part, the best of {} is biased upwards; without --metric validation chooses\n",
          counted(runs_in(images), "run"));
  }
  const Table page = for_page(best, images.size() > 1);
  if (format == TableFormat::markdown) {
    std::cout << render(for_reading(page, format), format);
    return 0;
  }
  if (best.rows.empty())
    throw Error(Failure::usage, fmt::format("no finished run has a {} yet", printable(options.metric)),
                "`rxrun ls` lists the runs");
  std::cout << in_words(best, options.metric) << "\n";
  if (limit > 1 && !options.common.quiet) std::cout << "\n" << render(for_reading(page, format), format);
  return 0;
}

}  // namespace rxrun
