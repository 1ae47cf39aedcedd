#include "planning/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "diagnostics/render.h"
#include "experiment/node_json.h"
#include "experiment/node_values.h"
#include "experiment/paths.h"
#include "experiment/places.h"
#include "identity/identity.h"
#include "network/summary.h"
#include "planning/data.h"
#include "planning/width.h"
#include "run/prepare.h"
#include "training/check_training.h"
#include "training/machine.h"

namespace rxrun {
namespace {

constexpr std::size_t most_faults = 20;  // told at once
constexpr std::int64_t empty_process = std::int64_t{256}
                                       << 20;  // LibTorch with its libraries, before there is a network

using Settings = std::vector<std::pair<std::string, Node>>;

// What comes from the command line: a choice by the name of its kind, and as one what was given as a whole list.
void add_settings(const Node& node, const std::string& path, Settings& settings) {
  const std::string prefix = path.empty() ? "" : path + ".";
  const bool is_set = node.origin == Node::Origin::command_line;
  if (node.kind == Node::Kind::map) {
    if (selects_kind(path) && node.entries.at(0).value.origin == Node::Origin::command_line)
      settings.emplace_back(path, to_node(node.entries[0].key));
    for (const Node::Entry& entry : node.entries) add_settings(entry.value, prefix + entry.key, settings);
  } else if (is_set) {
    settings.emplace_back(path, node);
  }
  if (is_set) return;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string place = prefix + std::to_string(i);
    if (node.items[i].origin == Node::Origin::command_line)
      settings.emplace_back(place, node.items[i]);
    else
      add_settings(node.items[i], place, settings);
  }
}

Settings settings_of(const Node& tree) {
  Settings settings;
  add_settings(tree, "", settings);
  return settings;
}

bool width_is_ignored(const CheckedExperiment& checked) {
  const Node* rule = find_value(checked.read.tree, "network.width_rule");
  const Node* width = find_value(checked.read.tree, "network.base_width");
  return rule && rule->text == "planes" && width && width->origin == Node::Origin::command_line;
}

PlannedPoint plan_point(const CheckedExperiment& checked, const Network& network, const DataFacts& data) {
  const Experiment& experiment = checked.experiment();
  const Summary summary = summarize(network, step_of(experiment));
  const std::string device = choose_device(experiment.machine.device);
  const std::optional<InitialWeights> weights = initial_weights_of(checked, network);
  const RunInputs inputs{.content_hash = data.content,
                         .split_hash = data.split,
                         .generated_data = data.generated,
                         .precision = to_string(choose_precision(experiment.training.precision, device)),
                         .initial_weights = weights ? weights->sha256 : ""};
  return {.settings = settings_of(checked.read.tree),
          .file = checked.read.file.string(),
          .name = experiment.name,
          .resolved = write_experiment(frozen(checked.read)),  // a worker reads it from another folder
          .identity = identity_of(checked, inputs).run,
          .content_hash = data.content,
          .coordinates = {},
          .parameters = summary.parameters,
          .multiply_adds = summary.multiply_adds,
          .epochs = experiment.training.epochs,
          .memory = empty_process + (device == "cpu" ? summary.step_bytes : 0),
          .threads = experiment.machine.threads,
          .loader_threads = experiment.machine.loader_threads,
          .metric = experiment.training.keep_best.metric,
          .maximize = experiment.training.keep_best.maximize,
          .keeps_last_epoch = experiment.training.keeps_last_epoch,
          .width_is_ignored = width_is_ignored(checked)};
}

ExperimentArguments arguments_of(const Point& point) {
  ExperimentArguments arguments{.file = point.file, .overrides = {}};
  for (const Override& change : point.overrides) arguments.overrides.push_back(change.path + "=" + change.value);
  return arguments;
}

std::string count_of(std::int64_t number) {
  return number >= 1'000'000 ? fmt::format("{:.1f} million", static_cast<double>(number) * 1e-6)
                             : fmt::format("{}", number);
}

// Faults of the points, each told once though many points share it.
class Faults {
 public:
  void add(const Error& error) {
    for (const Diagnostic& diagnostic : error.diagnostics()) {
      if (!seen_.insert(text_of(diagnostic)).second) continue;
      if (faults_.size() < most_faults) faults_.push_back(diagnostic);
    }
  }
  bool full() const { return faults_.size() >= most_faults; }
  void throw_if_any() const {
    if (!faults_.empty()) throw Error(Failure::usage, faults_);
  }

 private:
  // Of a word only what is marked: a fault of a key is the same for all its values.
  static std::string text_of(const Diagnostic& diagnostic) {
    const SourceLocation& where = diagnostic.where;
    if (where.file != "command line" || where.column < 1 || where.length < 1) return render(diagnostic);
    const std::size_t at = std::min(static_cast<std::size_t>(where.column - 1), where.text.size());
    return fmt::format("{}\n{}\n{}", where.text.substr(at, static_cast<std::size_t>(where.length)), diagnostic.message,
                       diagnostic.advice);
  }

  std::set<std::string> seen_;
  std::vector<Diagnostic> faults_;
};

void add_size_note(SweepPlan& plan, const std::vector<std::string>& varying) {
  const bool files = of_several_files(plan.points);
  const auto smaller = [](const PlannedPoint& a, const PlannedPoint& b) { return a.parameters < b.parameters; };
  const auto [least, most] = std::minmax_element(plan.points.begin(), plan.points.end(), smaller);
  if (static_cast<double>(most->parameters) <= 1.1 * static_cast<double>(least->parameters)) return;
  plan.warnings.push_back(fmt::format(
      "the points differ in size, from {} parameters ({}) to {} ({}): a difference in accuracy may be due to that",
      count_of(least->parameters), in_words(*least, varying, files), count_of(most->parameters),
      in_words(*most, varying, files)));
}

}  // namespace

struct SweepPlanner::Facts {
  Facts(const std::filesystem::path& results, PlanObserver& observer, const std::atomic<int>* stop)
      : data(results, observer, stop), widths([this](const CheckedExperiment& checked) {
          return summarize(network_for(checked, *data.source(checked))).parameters;
        }) {}

  SweepData data;
  WidthSolver widths;
  std::set<std::string> warnings;
};

SweepPlanner::SweepPlanner(const std::filesystem::path& results, PlanObserver& observer, const std::atomic<int>* stop)
    : facts_(std::make_unique<Facts>(results, observer, stop)), observer_(observer) {}
SweepPlanner::~SweepPlanner() = default;

PlannedPoint SweepPlanner::plan(const Point& point) {
  SweepData& data = facts_->data;
  const CheckedExperiment checked = check_experiment(arguments_of(facts_->widths.solve(point)));
  const Network network = network_for(checked, *data.source(checked));
  const DataFacts& facts = data.facts(checked);
  std::set<std::string>& warnings = facts_->warnings;
  if (data.source(checked)->generated())
    warnings.insert(
        fmt::format("some points use images of the GENERATED sample `{}` instead of real ones: their results say "
                    "nothing about real data",
                    checked.experiment().data.sample.value_or("histology")));
  const std::vector<Diagnostic> of_training = check_training(checked.experiment(), facts.images);
  for (const auto* list : {&checked.warnings, &facts.warnings, &of_training})
    for (const Diagnostic& warning : *list) warnings.insert(in_one_line(warning));
  PlannedPoint planned = plan_point(checked, network, facts);
  if (planned.width_is_ignored)
    warnings.insert("base_width has no effect while width_rule is `planes`; set network.width_rule=paper to use it");
  if (!point.at.empty()) planned.coordinates = nlohmann::json(point.at).dump();
  return planned;
}

SweepPlan SweepPlanner::plan_all(const std::vector<Point>& points) {
  SweepPlan plan;
  Faults faults;
  std::set<std::string> identities;
  std::size_t doubles = 0;
  for (const Point& point : points) {
    try {
      PlannedPoint planned = this->plan(point);
      if (identities.insert(planned.identity).second)
        plan.points.push_back(std::move(planned));
      else
        ++doubles;
    } catch (const Error& error) {
      if (error.failure() != Failure::usage) {  // no fault of the points
        observer_.on_planned();
        throw;
      }
      faults.add(error);
      if (faults.full()) break;
    }
    observer_.on_point(static_cast<std::size_t>(&point - points.data()) + 1, points.size());
  }
  observer_.on_planned();
  faults.throw_if_any();
  plan.expected = plan.points.size();
  plan.warnings.assign(facts_->warnings.begin(), facts_->warnings.end());
  plan.notes = facts_->widths.notes();
  if (doubles > 0)
    plan.warnings.push_back(fmt::format("{} identical to others and {} only once",
                                        doubles == 1 ? "1 point is" : fmt::format("{} points are", doubles),
                                        doubles == 1 ? "counts" : "count"));
  add_size_note(plan, varying_keys(plan.points));
  return plan;
}

std::vector<std::string> varying_keys(const std::vector<PlannedPoint>& points) {
  std::vector<std::string> keys;
  std::map<std::string, std::set<std::string>> values;
  std::map<std::string, std::size_t> counts;
  for (const PlannedPoint& point : points)
    for (const auto& [key, value] : point.settings) {
      if (values.find(key) == values.end()) keys.push_back(key);
      values[key].insert(value_text(value));
      ++counts[key];
    }
  std::erase_if(keys, [&](const std::string& key) { return values[key].size() < 2 && counts[key] == points.size(); });
  return keys;
}

std::string short_key(const std::string& key, const std::vector<std::string>& keys) {
  const std::string tail = key.substr(key.rfind('.') == std::string::npos ? 0 : key.rfind('.') + 1);
  const auto ends_so = [&](const std::string& other) { return other == tail || other.ends_with("." + tail); };
  return std::count_if(keys.begin(), keys.end(), ends_so) == 1 ? tail : key;
}

bool of_several_files(const std::vector<PlannedPoint>& points) {
  return std::any_of(points.begin(), points.end(), [&](const auto& point) { return point.file != points[0].file; });
}

std::string in_words(const PlannedPoint& point, const std::vector<std::string>& varying, bool with_file) {
  std::vector<std::string> words;
  for (const auto& [key, value] : point.settings)
    if (std::find(varying.begin(), varying.end(), key) != varying.end())
      words.push_back(printable(short_key(key, varying) + "=" + value_text(value)));
  if (with_file || words.empty()) words.insert(words.begin(), printable(point.file));
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string settings_json(const PlannedPoint& point) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [key, value] : point.settings) json[key] = json_of(value);
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace rxrun
