#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/evaluate.h"
#include "cli/plan_report.h"
#include "cli/readable.h"
#include "cli/run_report.h"
#include "cli/stop_signal.h"
#include "cli/sweep_declaration.h"
#include "cli/sweep_report.h"
#include "diagnostics/render.h"
#include "diagnostics/shell_word.h"
#include "machine/cores.h"
#include "planning/jobs.h"
#include "planning/plan.h"
#include "planning/prune_rule.h"
#include "planning/search.h"
#include "recording/run_folder.h"
#include "run/prepare.h"
#include "sweep/work.h"

namespace rxrun {
namespace {

void print_table(const Table& table, const CommonOptions& common) {
  std::cout << render(for_reading(table, common.format), common.format) << std::flush;
}

int show_plan(const SweepOptions& options, const SweepPlan& plan, PlanReporter& reporter, Console& console) {
  const std::filesystem::path database = options.common.results / "results.db";
  std::vector<std::string> identities;
  for (const PlannedPoint& point : plan.points) identities.push_back(point.identity);
  const std::vector<KnownPoint> known = known_points(database, identities);
  std::vector<double> seconds;
  double left = 0.0;
  for (std::size_t i = 0; i < plan.points.size(); ++i) {
    const PlannedPoint& point = plan.points[i];
    seconds.push_back(seconds_a_multiply_add(database, point.content_hash) * static_cast<double>(point.multiply_adds) *
                      static_cast<double>(point.epochs));
    if (known[i].status != PointStatus::finished)
      left += seconds.back() *
              (1.0 - static_cast<double>(std::min(known[i].epochs, point.epochs)) / static_cast<double>(point.epochs));
  }
  print_table(plan_table(plan, known, seconds, options.common.format), options.common);
  if (options.common.format != TableFormat::text) return 0;
  const auto done = std::count_if(known.begin(), known.end(),
                                  [](const KnownPoint& point) { return point.status == PointStatus::finished; });
  const int jobs = expected_jobs({.jobs = options.jobs, .force = options.force}, plan, reporter);
  if (const std::size_t open = plan.expected - plan.points.size(); open > 0) {
    console.result(
        fmt::format("{} drawn at random; {} more {} chosen by the results of earlier ones",
                    plan.points.size() == 1 ? "This point is" : fmt::format("These {} points are", plan.points.size()),
                    open, open == 1 ? "is" : "are"));
    left += static_cast<double>(open) * std::accumulate(seconds.begin(), seconds.end(), 0.0) /
            static_cast<double>(seconds.size());
  }
  console.result(fmt::format(
      "{}, {} done; {} at a time{}", counted(plan.expected, "point"), done, jobs,
      left > 0.0 ? fmt::format(", about {} left, estimated from earlier runs", format_duration(left / jobs)) : ""));
  return 0;
}

std::int64_t open_sweep(SweepRows& rows, const SweepOptions& options, const SweepPlan& plan,
                        const SweepSearch* search) {
  SweepRecord record{.name = plan.points.front().name,
                     .declaration = shell_command(options.words),
                     .command = "rxrun " + shell_command(options.common.arguments),
                     .points = {},
                     .search = search ? search->text() : ""};
  for (const PlannedPoint& point : plan.points)
    record.points.push_back({point.identity, point.resolved, settings_json(point), point.coordinates});
  return rows.open(record);
}

std::function<WorkerCommand(const Claim&, const std::filesystem::path&, const std::filesystem::path&)> command_for(
    const SweepOptions& options, const SweepPlan& plan, int jobs) {
  const int share = std::max(1, available_cores() / jobs);
  return [&options, &plan, share](const Claim& claim, const std::filesystem::path& experiment,
                                  const std::filesystem::path& log) {
    // A point that another process has just added to a search is not in the plan yet; it is declared as the others are.
    const auto planned = std::find_if(plan.points.begin(), plan.points.end(),
                                      [&](const PlannedPoint& point) { return point.identity == claim.identity; });
    const PlannedPoint& point = planned == plan.points.end() ? plan.points.front() : *planned;
    // The link itself: what it names may have been replaced by a newer rxrun meanwhile.
    WorkerCommand command{
        .program = "/proc/self/exe",
        .arguments = {"run", experiment.string(), "--results", options.common.results.string(), "--color", "never",
                      "--identity", claim.identity, "--worker-of", std::to_string(getpid())},
        .log = log};
    if (point.threads == 0) command.arguments.push_back(fmt::format("machine.threads={}", share));
    if (point.loader_threads == 0) command.arguments.push_back("machine.loader_threads=1");
    if (claim.again) command.arguments.push_back("--again");
    if (!options.test) command.arguments.push_back("--no-test");
    return command;
  };
}

WorkerCommand time_command(const std::filesystem::path& experiment, int threads, const std::filesystem::path& log) {
  return {.program = "/proc/self/exe",
          .arguments = {"time", experiment.string(), fmt::format("machine.threads={}", threads), "--no-data", "--depth",
                        "1", "--steps", "6", "--json", "--worker-of", std::to_string(getpid())},
          .log = log};
}

PruneRule::Kind prune_kind(const std::string& word) {
  if (word.empty()) return PruneRule::Kind::none;
  return word == "asha" ? PruneRule::Kind::halving : PruneRule::Kind::median;
}

// Those of the points that the plan tells of: another process may have added one to a search in this moment.
std::vector<PointState> planned_states(const SweepRows& rows, std::int64_t sweep, const SweepPlan& plan) {
  std::vector<PointState> states = rows.states(sweep);
  std::erase_if(
      states, [&](const PointState& state) { return state.position > static_cast<std::int64_t>(plan.points.size()); });
  return states;
}

std::size_t finished_in(const std::vector<PointState>& states) {
  return static_cast<std::size_t>(std::count_if(
      states.begin(), states.end(), [](const PointState& state) { return state.status == PointStatus::finished; }));
}

// Of points that were computed without. Returns whether it could be done: a point that cannot be scored is told, and
// the others still are, until `stop` asks to end.
bool score_tests(const SweepOptions& options, const std::vector<PointState>& states, const std::atomic<int>& stop,
                 Console& console) {
  bool all = true;
  for (const PointState& state : states) {
    if (stop.load() != 0) break;
    if (state.status != PointStatus::finished || state.test_accuracy) continue;
    console.line(fmt::format("Scoring the test part of run {}", state.run));
    try {
      evaluate_run({.common = options.common, .run = std::to_string(state.run)}, console, &stop);
    } catch (const Error& error) {
      if (stop.load() != 0) break;
      console.warning(fmt::format("the test part of run {} could not be scored: {}", state.run, error.what()));
      all = false;
    }
  }
  return all;
}

void tell_start(Console& console, std::int64_t sweep, const std::string& name, const SweepPlan& plan, std::size_t done,
                const WorkOptions& work) {
  console.event({{"event", "sweep_start"},
                 {"sweep", sweep},
                 {"name", name},
                 {"points", plan.expected},
                 {"done", done},
                 {"jobs", work.jobs}});
  console.line(fmt::format("Sweep {} ({}): {}, {} already done; {} at a time, logs in {}", sweep, name,
                           counted(plan.expected, "point"), done, work.jobs, printable(work.folder.string())));
}

// Returns whether a point failed.
bool tell_end(const SweepOptions& options, const SweepPlan& plan, const std::vector<PointState>& states,
              std::int64_t sweep, bool stopped, Console& console) {
  console.clear_progress();
  const TableFormat format = options.common.format;
  const Table table = result_table(plan, states, format);
  if (format == TableFormat::json)
    console.event({{"event", "sweep_end"},
                   {"sweep", sweep},
                   {"points", nlohmann::json::parse(render(table, TableFormat::json))}});
  else if (!options.common.quiet)
    print_table(table, options.common);
  const bool table_only = format == TableFormat::csv || format == TableFormat::markdown;
  const bool failed = report_sweep(console, options.common.results.string(), sweep, plan, states, table_only);
  if (stopped && !table_only) console.result("Stopped; run the same command again to continue");
  return failed;
}

// Returns the exit code.
int run_points(const SweepOptions& options, const SweepPlan& plan, SweepSearch* search, PlanReporter& planning,
               Console& console) {
  const std::atomic<int>& stop = watch_stop_signals();
  RunReporter warnings(console, options.common.results);
  make_results_folder(options.common.results, warnings);
  SweepRows rows(options.common.results / "results.db");
  const std::int64_t sweep = open_sweep(rows, options, plan, search);
  if (options.again) rows.compute_again(sweep);
  if (search) search->learn(rows, sweep);
  const std::string name = rows.name(sweep);
  const std::vector<PointState> before = rows.states(sweep);
  const std::size_t done = finished_in(before);
  const int jobs = jobs_for({.jobs = options.jobs, .force = options.force}, plan,
                            std::max(plan.expected, before.size()) - done, time_command, planning, stop);
  WorkOptions work{.jobs = jobs,
                   .retries = options.retry,
                   .fail_fast = options.fail_fast,
                   .only = {},
                   .prune = prune_rule(prune_kind(options.prune), plan),
                   .more = {},
                   .folder = own_sweep_folder(options.common.results, name),
                   .stop = &stop};
  make_folder(work.folder);
  if (search)
    work.more = [&] {
      try {
        return search->more(rows, sweep);
      } catch (const Error&) {
        if (stop.load() == 0) throw;
        return false;  // stopped while it read images; the points at work are to end in their own way
      }
    };
  if (options.only == "failed") work.only = rows.reopen_failed(sweep);
  tell_start(console, sweep, name, plan, done, work);

  SweepReporter reporter(console, rows, sweep, plan, jobs, work.prune.kind == PruneRule::Kind::halving);
  WorkEnd end = WorkEnd::done;
  if (options.only.empty() || !work.only.empty())
    end = work_through(rows, sweep, work, command_for(options, plan, jobs), reporter);

  if (search && end != WorkEnd::stopped) search->learn(rows, sweep);
  bool stopped = end == WorkEnd::stopped, scored = true;
  if (options.test && !stopped) {
    scored = score_tests(options, planned_states(rows, sweep, plan), stop, console);
    stopped = stop.load() != 0;
  }
  const bool failed = tell_end(options, plan, planned_states(rows, sweep, plan), sweep, stopped, console);
  if (stopped) return 128 + stop.load();
  return failed || !scored ? static_cast<int>(Failure::run) : 0;
}

// 0: nothing. Not left to the parser of options, whose versions treat a value that is no number in different ways.
std::int64_t jobs_of_environment() {
  const char* const variable = std::getenv("RXRUN_JOBS");
  const std::string_view text = variable != nullptr ? variable : "";
  if (text.empty()) return 0;
  std::int64_t jobs = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), jobs);
  if (code != std::errc() || end != text.data() + text.size() || jobs < 1 || jobs > 4096)
    throw Error(Failure::usage,
                fmt::format("RXRUN_JOBS={} is not a number of points to run at a time", printable(text)),
                "use 1 to 4096, or unset it to have the number measured");
  return jobs;
}

}  // namespace

int run_sweep(const SweepOptions& given) {
  SweepOptions options = given;
  if (options.jobs == 0) options.jobs = jobs_of_environment();
  // Of the formats made for other programs, the table alone belongs on standard output.
  CommonOptions common = options.common;
  if (common.format == TableFormat::csv || common.format == TableFormat::markdown ||
      (options.plan && common.format == TableFormat::json))
    common.quiet = true;
  Console console(common);
  DeclaredSweep declared = declared_sweep(options);
  // A plan writes nothing where nothing has been: the first of the points fills the cache.
  std::error_code none;
  const bool has_cache = std::filesystem::is_directory(options.common.results / "cache", none);
  PlanReporter reporter(console);
  SweepPlanner planner(has_cache ? options.common.results : std::filesystem::path(), reporter, &stop_signal());
  SweepPlan plan;
  std::optional<SweepSearch> search;
  try {
    if (declared.search)
      search.emplace(std::move(*declared.search), planner, plan, reporter);
    else
      plan = planner.plan_all(declared.points);
  } catch (const Error& error) {
    throw as_typed(error, options.words);
  }
  for (const auto* list : {&declared.warnings, &plan.warnings})
    for (const std::string& warning : *list) console.warning(warning);
  for (const auto* list : {&declared.notes, &plan.notes})
    for (const std::string& note : *list) console.line(note);
  return options.plan ? show_plan(options, plan, reporter, console)
                      : run_points(options, plan, search ? &*search : nullptr, reporter, console);
}

}  // namespace rxrun
