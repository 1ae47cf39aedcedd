#include "cli/sweep_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/readable.h"
#include "diagnostics/render.h"
#include "experiment/node_values.h"
#include "recording/query.h"
#include "table/fixed.h"

namespace rxrun {
namespace {

bool is_for_programs(TableFormat format) { return format == TableFormat::json || format == TableFormat::csv; }

// A setting as it was given in a table to read, 1e-4 and not 0.0001; a number in one for programs.
Value cell(const Node& setting, TableFormat format) {
  if (setting.kind == Node::Kind::integer) return setting.integer;
  if (setting.kind == Node::Kind::boolean) return setting.boolean;
  return setting.kind == Node::Kind::real && is_for_programs(format) ? Value(setting.real) : Value(value_text(setting));
}

Value cell(const std::optional<double>& number) { return number ? Value(*number) : Value(); }
Value positive(std::int64_t number) { return number > 0 ? Value(number) : Value(); }

// Columns `point`, `file` if there are several, and one a setting that varies.
struct Settings {
  std::vector<std::string> varying;
  bool files = false;

  explicit Settings(const std::vector<PlannedPoint>& points)
      : varying(varying_keys(points)), files(of_several_files(points)) {}
  // Programs find a setting by its full key, whatever else varies.
  std::vector<std::string> columns(TableFormat format) const {
    std::vector<std::string> names = {"point"};
    if (files) names.push_back("file");
    for (const std::string& key : varying) names.push_back(is_for_programs(format) ? key : short_key(key, varying));
    return names;
  }
  std::vector<Value> row(const PlannedPoint& point, std::size_t number, TableFormat format) const {
    std::vector<Value> row = {static_cast<std::int64_t>(number)};
    if (files) row.push_back(point.file);
    for (const std::string& key : varying) {
      const auto found =
          std::find_if(point.settings.begin(), point.settings.end(), [&](const auto& s) { return s.first == key; });
      row.push_back(found == point.settings.end() ? Value() : cell(found->second, format));
    }
    return row;
  }
};

void append(std::vector<std::string>& list, std::initializer_list<const char*> more) {
  list.insert(list.end(), more.begin(), more.end());
}

// The point that the sweep goes by: the best by the metric of keep_best, at the kept epoch.
struct BestPoint {
  const PointState* state = nullptr;
  std::string metric;  // "validation accuracy"
  double value = 0.0;
  std::size_t as_good = 0;  // other points
};

// Nothing where there is nothing to choose from, or where points are kept by different rules.
std::optional<BestPoint> best_of(const std::filesystem::path& results, const SweepPlan& plan,
                                 const std::vector<PointState>& states) {
  BestPoint best;
  bool keeps_last_epoch = false;
  for (const PointState& state : states) {
    if (state.status != PointStatus::finished) continue;
    const PlannedPoint& point = plan.points.at(static_cast<std::size_t>(state.position - 1));
    if (best.metric.empty()) {
      best.metric = point.metric;
      keeps_last_epoch = point.keeps_last_epoch;
    }
    if (point.metric != best.metric || point.keeps_last_epoch != keeps_last_epoch) return std::nullopt;
    const Table found = query(results / "results.db",
                              "SELECT m.value FROM runs r JOIN metrics m ON m.run = r.id AND m.epoch = r.best_epoch "
                              "WHERE r.id = ? AND m.name = ?",
                              {state.run, point.metric});
    const double* value = found.rows.empty() ? nullptr : std::get_if<double>(&found.rows[0][0]);
    if (value == nullptr) continue;
    if (best.state && *value == best.value) ++best.as_good;
    if (best.state && !(point.maximize ? *value > best.value : *value < best.value)) continue;
    best.state = &state;
    best.value = *value;
    best.as_good = 0;
  }
  if (best.state == nullptr) return std::nullopt;
  std::replace(best.metric.begin(), best.metric.end(), '_', ' ');
  return best;
}

// " (2 other points are as good)": which of them is named is their order's choice.
std::string as_good(std::size_t others) {
  if (others == 0) return {};
  return fmt::format(" ({} {} as good)", counted(others, "other point"), others == 1 ? "is" : "are");
}

void tell_best(Console& console, const std::string& results, const SweepPlan& plan,
               const std::vector<PointState>& states, const std::function<std::string(const PointState&)>& words) {
  const std::optional<BestPoint> best = best_of(results, plan, states);
  if (!best) return;
  const std::string test =
      best->state->test_accuracy ? fmt::format("; its test accuracy is {}", fixed(*best->state->test_accuracy, 4)) : "";
  console.result(fmt::format("Best {} {}: point {} ({}), run {}{}{}", printable(best->metric), fixed(best->value, 4),
                             best->state->position, words(*best->state), best->state->run, as_good(best->as_good),
                             test));
}

}  // namespace

Table plan_table(const SweepPlan& plan, const std::vector<KnownPoint>& known, const std::vector<double>& seconds,
                 TableFormat format) {
  const Settings settings(plan.points);
  Table table{.columns = settings.columns(format), .rows = {}};
  append(table.columns, {"parameters", "multiply_adds", "memory_mb", "epochs", "status", "run", "seconds"});
  for (std::size_t i = 0; i < plan.points.size(); ++i) {
    const PlannedPoint& point = plan.points[i];
    std::vector<Value>& row = table.rows.emplace_back(settings.row(point, i + 1, format));
    row.insert(row.end(), {point.parameters, point.multiply_adds, point.memory >> 20, point.epochs});
    row.push_back(std::string(known[i].status == PointStatus::finished ? "done" : to_string(known[i].status)));
    row.push_back(positive(known[i].run));
    row.push_back(seconds[i] > 0.0 ? Value(seconds[i]) : Value());
  }
  return table;
}

Table result_table(const SweepPlan& plan, const std::vector<PointState>& states, TableFormat format) {
  const Settings settings(plan.points);
  Table table{.columns = settings.columns(format), .rows = {}};
  append(table.columns, {"status", "run", "epochs", "parameters", "validation_accuracy", "validation_auc",
                         "validation_loss", "test_accuracy", "seconds", "reason"});
  for (const PointState& state : states) {
    const PlannedPoint& point = plan.points.at(static_cast<std::size_t>(state.position - 1));
    std::vector<Value>& row =
        table.rows.emplace_back(settings.row(point, static_cast<std::size_t>(state.position), format));
    row.push_back(std::string(to_string(state.status)));
    row.insert(row.end(), {positive(state.run), positive(state.epochs), point.parameters,
                           cell(state.validation_accuracy), cell(state.validation_auc), cell(state.validation_loss),
                           cell(state.test_accuracy), state.seconds > 0.0 ? Value(state.seconds) : Value()});
    row.push_back(state.reason.empty() ? Value() : Value(state.reason));
  }
  return table;
}

bool report_sweep(Console& console, const std::string& results, std::int64_t sweep, const SweepPlan& plan,
                  const std::vector<PointState>& states, bool table_only) {
  const std::vector<std::string> varying = varying_keys(plan.points);
  const bool files = of_several_files(plan.points);
  const auto words = [&](const PointState& state) {
    return in_words(plan.points.at(static_cast<std::size_t>(state.position - 1)), varying, files);
  };
  bool failed = false;
  for (const PointState& state : states) {
    if (state.status != PointStatus::failed) continue;
    failed = true;
    console.warning(fmt::format("point {} ({}) failed: {}", state.position, words(state), printable(state.reason)));
    for (std::size_t at = 0; at < state.log_tail.size();) {
      const std::size_t end = std::min(state.log_tail.find('\n', at), state.log_tail.size());
      console.line("    " + printable(state.log_tail.substr(at, end - at)));
      at = end + 1;
    }
  }
  if (table_only) return failed;
  if (failed) console.line("The same command with `--only failed` retries the failed points");
  if (std::any_of(states.begin(), states.end(),
                  [](const PointState& state) { return state.status == PointStatus::pruned; })) {
    std::int64_t computed = 0, whole = 0;
    for (const PointState& state : states) {
      computed += state.epochs;
      whole += plan.points.at(static_cast<std::size_t>(state.position - 1)).epochs;
    }
    console.line(fmt::format("Pruning: {} of {} computed", computed, counted(whole, "epoch")));
  }
  tell_best(console, results, plan, states, words);
  console.line(fmt::format(
      "See the results again with: rxrun ls --where sweep={0}{1}, or rxrun sql \"SELECT * FROM v_sweep WHERE "
      "sweep = {0}\"{1}",
      sweep, results == "results" ? "" : " --results " + printable(results)));
  return failed;
}

SweepReporter::SweepReporter(Console& console, const SweepRows& rows, std::int64_t sweep, const SweepPlan& plan,
                             int jobs, bool halving)
    : console_(console), rows_(rows), sweep_(sweep), plan_(plan), jobs_(jobs), halving_(halving) {}

const PlannedPoint* SweepReporter::planned(std::int64_t position) const {
  const auto place = static_cast<std::size_t>(position - 1);
  return place < plan_.points.size() ? &plan_.points[place] : nullptr;
}

std::string SweepReporter::label(const Claim& claim) {
  if (described_ != plan_.points.size()) varying_ = varying_keys(plan_.points);
  described_ = plan_.points.size();
  const PlannedPoint* point = planned(claim.position);
  return fmt::format("[{}/{}] {}", claim.position, plan_.expected,
                     point ? in_words(*point, varying_, of_several_files(plan_.points)) : "chosen by another process");
}

void SweepReporter::on_start(const Claim& claim) {
  console_.event(
      {{"event", "point_start"}, {"point", claim.position}, {"identity", claim.identity}, {"epochs", claim.epochs}});
  console_.line(fmt::format("{}: {}", label(claim),
                            claim.epochs > 0 ? fmt::format("continues after epoch {}", claim.epochs) : "started"));
}

void SweepReporter::on_end(const Claim& claim, PointStatus status, const std::string& reason) {
  nlohmann::json event = {{"event", "point_end"}, {"point", claim.position}, {"status", to_string(status)}};
  if (!reason.empty()) event["reason"] = reason;
  // Of successive halving, which may go on with it when the others have come as far; the median's verdict is final.
  const bool paused = status == PointStatus::pruned && halving_;
  std::string line = paused ? "paused" : to_string(status);
  for (const PointState& state : rows_.states(sweep_)) {
    if (state.position != claim.position) continue;
    if (state.run > 0) event["run"] = state.run;
    if (status != PointStatus::finished || !state.validation_accuracy) continue;
    event["validation_accuracy"] = *state.validation_accuracy;
    line += fmt::format(", validation accuracy {}, run {}, {}", fixed(*state.validation_accuracy, 4), state.run,
                        format_duration(state.seconds));
  }
  console_.event(event);
  console_.line(fmt::format("{}: {}{}", label(claim), line, reason.empty() ? "" : ": " + printable(reason)));
}

void SweepReporter::on_hindrance(const std::string& text) { console_.warning(text); }

void SweepReporter::on_wait(std::size_t points) {
  if (points > 0)
    console_.line(fmt::format("Waiting for {} that other processes are working on", counted(points, "point")));
}

void SweepReporter::on_tick(const std::vector<Claim>& running) {
  if (!console_.draws()) return;
  double epochs = 0.0, done = 0.0, spent = 0.0, measured = 0.0;
  std::map<PointStatus, int> counts;
  std::vector<std::string> lines = {""};
  for (const PointState& state : rows_.states(sweep_)) {
    const PlannedPoint* point = planned(state.position);
    const bool over = state.status == PointStatus::finished || state.status == PointStatus::failed ||
                      state.status == PointStatus::pruned;
    const auto whole = static_cast<double>((point ? *point : plan_.points.front()).epochs),
               part = static_cast<double>(state.epochs);
    epochs += whole;
    done += over ? whole : part;
    spent += state.seconds;
    measured += part;
    ++counts[state.status];
    const auto claim =
        std::find_if(running.begin(), running.end(), [&](const Claim& one) { return one.position == state.position; });
    if (claim == running.end()) continue;
    lines.push_back(fmt::format(
        "  {}  epoch {}/{:.0f}{}{}", label(*claim), state.epochs, whole,
        state.validation_accuracy ? fmt::format("  validation accuracy {}", fixed(*state.validation_accuracy, 4)) : "",
        part > 0.0 ? fmt::format("  {} left", format_duration(state.seconds / part * (whole - part))) : ""));
  }
  // Of a search: what is to be chosen yet.
  std::size_t known = 0;
  for (const auto& [status, count] : counts) known += static_cast<std::size_t>(count);
  if (known < plan_.expected)
    epochs += static_cast<double>(plan_.expected - known) * static_cast<double>(plan_.points.front().epochs);
  std::vector<std::string> words;
  for (const auto& [status, count] : counts) words.push_back(fmt::format("{} {}", count, to_string(status)));
  const double left = measured > 0.0 ? spent / measured * (epochs - done) / jobs_ : 0.0;
  lines[0] =
      fmt::format("{}; {:.0f} % of the epochs{}", fmt::join(words, ", "), epochs > 0.0 ? 100.0 * done / epochs : 0.0,
                  left > 0.0 ? fmt::format(", {} left", format_duration(left)) : "");
  console_.live(lines);
}

}  // namespace rxrun
