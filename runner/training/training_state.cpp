#include "training/training_state.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "diagnostics/json_fault.h"

namespace rxrun {
namespace {

using Json = nlohmann::json;

// Of a state: in which words its metrics are. Those of rxrun 0.1, which have no such mark, call the part `test` that
// is scored every epoch.
constexpr int kWords = 2;

std::map<std::string, double> in_new_words(const std::map<std::string, double>& values) {
  constexpr std::string_view old = "test_";
  std::map<std::string, double> renamed;
  for (const auto& [name, value] : values)
    renamed[name.starts_with(old) ? "validation_" + name.substr(old.size()) : name] = value;
  return renamed;
}

// What rxrun 0.1 left of the epochs before: the epoch whose weights are kept.
BestAccuracy accuracy_of_best(const TrainingState& state) {
  const auto found = state.best.find("validation_accuracy");
  return found == state.best.end() || std::isnan(found->second) ? BestAccuracy()
                                                                : BestAccuracy{state.best_epoch, found->second};
}

// JSON has no word for these three.
Json number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double to_number(const Json& json) {
  if (!json.is_string()) return json.get<double>();
  const auto text = json.get<std::string>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  throw Error(Failure::run, "`" + text + "` is not a number");
}

Json to_json(const Watch& watch) {
  return {{"best", watch.best ? number(*watch.best) : Json()}, {"epochs_since", watch.epochs_since}};
}

Json to_json(const std::map<std::string, double>& values) {
  Json json = Json::object();
  for (const auto& [name, value] : values) json[name] = number(value);
  return json;
}

std::map<std::string, double> to_values(const Json& json) {
  std::map<std::string, double> values;
  for (const auto& [name, value] : json.items()) values[name] = to_number(value);
  return values;
}

Json to_json(const EpochMetrics& metrics) {
  return {{"epoch", metrics.epoch},
          {"learning_rate", number(metrics.learning_rate)},
          {"values", to_json(metrics.values)},
          {"seconds", number(metrics.seconds)},
          {"images_per_second", number(metrics.images_per_second)},
          {"share_waiting", number(metrics.share_waiting)},
          {"best", metrics.best}};
}

EpochMetrics to_epoch_metrics(const Json& json) {
  return {.epoch = json.at("epoch").get<std::int64_t>(),
          .learning_rate = to_number(json.at("learning_rate")),
          .values = to_values(json.at("values")),
          .seconds = to_number(json.at("seconds")),
          .images_per_second = to_number(json.at("images_per_second")),
          .share_waiting = to_number(json.at("share_waiting")),
          .best = json.at("best").get<bool>()};
}

Watch to_watch(const Json& json) {
  Watch watch;
  if (!json.at("best").is_null()) watch.best = to_number(json.at("best"));
  watch.epochs_since = json.at("epochs_since").get<std::int64_t>();
  return watch;
}

}  // namespace

bool Watch::improves(double value, bool maximize, double minimum_change) {
  const bool better =
      best ? (maximize ? value > *best + minimum_change : value < *best - minimum_change) : !std::isnan(value);
  if (better) best = value;
  epochs_since = better ? 0 : epochs_since + 1;
  return better;
}

std::string to_json(const TrainingState& state) {
  return Json{{"words", kWords},
              {"epoch", state.epoch},
              {"under_way",
               {{"batches", state.under_way.batches},
                {"images", state.under_way.images},
                {"seconds", number(state.under_way.seconds)},
                {"seconds_waited", number(state.under_way.seconds_waited)}}},
              {"threads", state.threads},
              {"best_epoch", state.best_epoch},
              {"best", to_json(state.best)},
              {"best_accuracy", {{"epoch", state.best_accuracy.epoch}, {"value", number(state.best_accuracy.value)}}},
              {"keep_best", to_json(state.keep_best)},
              {"early_stopping", to_json(state.early_stopping)},
              {"plateau",
               {{"seen", state.plateau.seen},
                {"best", number(state.plateau.best)},
                {"bad_epochs", state.plateau.bad_epochs},
                {"rate", number(state.plateau.rate)}}},
              {"average_updates", state.average_updates},
              {"seconds", number(state.seconds)},
              {"last", to_json(state.last)}}
      .dump();
}

TrainingState state_from_json(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    TrainingState state;
    state.epoch = json.at("epoch").get<std::int64_t>();
    const Json& under_way = json.at("under_way");
    state.under_way = {under_way.at("batches").get<std::int64_t>(), under_way.at("images").get<std::int64_t>(),
                       to_number(under_way.at("seconds")), to_number(under_way.at("seconds_waited"))};
    state.threads = json.at("threads").get<int>();
    state.best_epoch = json.at("best_epoch").get<std::int64_t>();
    state.best = to_values(json.at("best"));
    state.keep_best = to_watch(json.at("keep_best"));
    state.early_stopping = to_watch(json.at("early_stopping"));
    const Json& plateau = json.at("plateau");
    state.plateau = {plateau.at("seen").get<bool>(), to_number(plateau.at("best")),
                     plateau.at("bad_epochs").get<std::int64_t>(), to_number(plateau.at("rate"))};
    state.average_updates = json.at("average_updates").get<std::int64_t>();
    state.seconds = to_number(json.at("seconds"));
    state.last = to_epoch_metrics(json.at("last"));
    if (!json.contains("words")) {
      state.best = in_new_words(state.best);
      state.last.values = in_new_words(state.last.values);
    }
    if (const auto found = json.find("best_accuracy"); found != json.end())
      state.best_accuracy = {found->at("epoch").get<std::int64_t>(), to_number(found->at("value"))};
    else
      state.best_accuracy = accuracy_of_best(state);
    return state;
  } catch (const Json::exception& error) {
    throw Error(Failure::usage, "a checkpoint's training state cannot be read: " + json_fault(error.what()));
  }
}

}  // namespace rxrun
