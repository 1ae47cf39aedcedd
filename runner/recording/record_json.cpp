#include "recording/record_json.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "diagnostics/utf8.h"

namespace rxrun {
namespace {

using Json = nlohmann::json;

constexpr const char* kBytes = "base16";

Json text(const std::string& value) {
  if (is_utf8(value)) return value;
  std::string digits;
  for (const unsigned char byte : value) digits += fmt::format("{:02x}", byte);
  return {{kBytes, digits}};
}

std::string to_text(const Json& json) {
  if (!json.is_object()) return json.get<std::string>();
  const auto& digits = json.at(kBytes).get_ref<const std::string&>();
  std::string value;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    unsigned byte = 0;
    const auto [end, code] = std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    if (code != std::errc() || end != digits.data() + i + 2)
      throw Error(Failure::usage, fmt::format("`{}` is not a text in base 16", printable(digits.substr(0, 40))));
    value += static_cast<char>(byte);
  }
  return value;
}

Json number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

[[noreturn]] void refuse(const Json& json, const char* expected) {
  const std::string there = json.is_string() ? json.get<std::string>() : json.dump();
  throw Error(Failure::usage, fmt::format("`{}` is not {}", printable(there.substr(0, 40)), expected));
}

double to_number(const Json& json) {
  if (json.is_number()) return json.get<double>();
  const std::string text = json.is_string() ? json.get<std::string>() : "";
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  refuse(json, "a number");
}

std::uint64_t to_seed(const Json& json) {
  if (!json.is_number_unsigned()) refuse(json, "a seed");
  return json.get<std::uint64_t>();
}

// A list and not a map: a name may be no UTF-8, and JSON's maps have no order.
Json to_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json json = Json::array();
  for (const auto& [name, value] : pairs) json.push_back({text(name), text(value)});
  return json;
}

std::vector<std::pair<std::string, std::string>> to_pairs(const Json& json) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const Json& pair : json) pairs.emplace_back(to_text(pair.at(0)), to_text(pair.at(1)));
  return pairs;
}

Json to_json(const std::vector<std::string>& texts) {
  Json json = Json::array();
  for (const std::string& one : texts) json.push_back(text(one));
  return json;
}

std::vector<std::string> to_texts(const Json& json) {
  std::vector<std::string> texts;
  for (const Json& one : json) texts.push_back(to_text(one));
  return texts;
}

MeasureRecord measure_of(const Json& json) {
  MeasureRecord measure{.name = to_text(json.at("name")),
                        .value = to_number(json.at("value")),
                        .interval = {},
                        .unit = json.at("unit").get<std::string>()};
  if (json.contains("method"))
    measure.interval = {.low = to_number(json.at("low")),
                        .high = to_number(json.at("high")),
                        .method = json.at("method").get<std::string>()};
  return measure;
}

}  // namespace

// get() would cast a fraction, a truth value or a larger number.
std::int64_t integer_of(const Json& json) {
  const bool fits = json.is_number_unsigned()
                        ? json.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}
                        : json.is_number_integer();
  if (!fits) refuse(json, "a whole number of 64 bits");
  return json.get<std::int64_t>();
}

Json to_json(const SplitRecord& row) {
  return {{"sample", text(row.sample)}, {"label", row.label}, {"group", text(row.group)}, {"part", text(row.part)}};
}

std::string to_line(const Json& json) { return json.dump() + "\n"; }

Json to_json(const RunRecord& run) {
  return {{"event", "begin"},
          {"version", kRecordVersion},
          {"name", text(run.name)},
          {"experiment", text(run.experiment)},
          {"file", text(run.file)},
          {"identity", text(run.identity)},
          {"configuration", text(run.configuration)},
          {"checkpoint_key", text(run.checkpoint_key)},
          {"seed", run.seed},
          {"resolved", text(run.resolved)},
          {"params", to_json(run.params)},
          {"command", text(run.command)},
          {"generated_data", run.generated_data},
          {"content_hash", text(run.content_hash)},
          {"split_hash", text(run.split_hash)},
          {"classes", to_json(run.classes)},
          {"skipped_images", run.skipped_images},
          {"parameters", run.parameters},
          {"multiply_adds", run.multiply_adds},
          {"environment", to_json(run.environment)},
          {"started", run.started}};
}

RunRecord run_of(const Json& json) {
  if (const std::int64_t version = integer_of(json.at("version")); version != kRecordVersion)
    throw Error(Failure::usage,
                fmt::format("it has version {} of the format; this rxrun reads version {}", version, kRecordVersion));
  return {.name = to_text(json.at("name")),
          .experiment = to_text(json.at("experiment")),
          .file = to_text(json.at("file")),
          .identity = to_text(json.at("identity")),
          .seed = to_seed(json.at("seed")),
          .resolved = to_text(json.at("resolved")),
          .configuration = to_text(json.at("configuration")),
          .params = to_pairs(json.at("params")),
          .command = to_text(json.at("command")),
          .generated_data = json.at("generated_data").get<bool>(),
          .content_hash = to_text(json.at("content_hash")),
          .split_hash = to_text(json.at("split_hash")),
          .classes = to_texts(json.at("classes")),
          .skipped_images = integer_of(json.at("skipped_images")),
          .parameters = integer_of(json.at("parameters")),
          .multiply_adds = integer_of(json.at("multiply_adds")),
          .environment = to_pairs(json.at("environment")),
          .folder = {},
          .checkpoint_key = to_text(json.at("checkpoint_key")),
          .started = json.at("started").get<std::string>()};
}

Json to_json(const EpochRecord& epoch) {
  Json metrics = Json::array();
  for (const auto& [name, value] : epoch.metrics) metrics.push_back({text(name), number(value)});
  return {{"event", "epoch"},
          {"epoch", epoch.epoch},
          {"learning_rate", number(epoch.learning_rate)},
          {"seconds", number(epoch.seconds)},
          {"images_per_second", number(epoch.images_per_second)},
          {"best", epoch.best},
          {"metrics", std::move(metrics)},
          {"written", epoch.written}};
}

EpochRecord epoch_of(const Json& json) {
  EpochRecord epoch{.epoch = integer_of(json.at("epoch")),
                    .learning_rate = to_number(json.at("learning_rate")),
                    .seconds = to_number(json.at("seconds")),
                    .images_per_second = to_number(json.at("images_per_second")),
                    .best = json.at("best").get<bool>(),
                    .metrics = {},
                    .written = json.at("written").get<std::string>()};
  for (const Json& metric : json.at("metrics")) epoch.metrics[to_text(metric.at(0))] = to_number(metric.at(1));
  return epoch;
}

Json to_json(const EvaluationRecord& evaluation, std::int64_t number_in_run, const std::string& outputs) {
  Json measures = Json::array();
  for (const MeasureRecord& measure : evaluation.measures) {
    Json& row = measures.emplace_back(
        Json{{"name", text(measure.name)}, {"value", number(measure.value)}, {"unit", measure.unit}});
    if (measure.interval)
      row.update({{"low", number(measure.interval->low)},
                  {"high", number(measure.interval->high)},
                  {"method", measure.interval->method}});
  }
  return {{"event", "evaluation"},
          {"number", number_in_run},
          {"part", text(evaluation.part)},
          {"own", evaluation.own},
          {"at_end", evaluation.at_end},
          {"data", text(evaluation.data)},
          {"content", text(evaluation.content)},
          {"weights", text(evaluation.weights)},
          {"preprocessing", text(evaluation.preprocessing)},
          {"test_time_augmentation", text(evaluation.test_time_augmentation)},
          {"images", evaluation.images},
          {"measures", std::move(measures)},
          {"outputs", outputs},
          {"made", evaluation.made}};
}

EvaluationRecord evaluation_of(const Json& json) {
  EvaluationRecord evaluation{.part = to_text(json.at("part")),
                              .own = json.at("own").get<bool>(),
                              .at_end = json.at("at_end").get<bool>(),
                              .data = to_text(json.at("data")),
                              .content = to_text(json.at("content")),
                              .weights = to_text(json.at("weights")),
                              .preprocessing = to_text(json.at("preprocessing")),
                              .test_time_augmentation = to_text(json.at("test_time_augmentation")),
                              .images = integer_of(json.at("images")),
                              .measures = {},
                              .outputs = {},
                              .made = json.at("made").get<std::string>()};
  for (const Json& measure : json.at("measures")) evaluation.measures.push_back(measure_of(measure));
  return evaluation;
}

Json to_json(const RunEnd& end) {
  return {{"event", "end"},
          {"status", to_string(end.status)},
          {"best_epoch", end.best_epoch},
          {"seconds", number(end.seconds)},
          {"artifacts", to_json(end.artifacts)},
          {"reason", text(end.reason)},
          {"at", end.at}};
}

RunEnd end_of(const Json& json) {
  const RunStatus status = status_of(json.at("status").get<std::string>());
  if (status == RunStatus::running) refuse(json.at("status"), "how a run ends");
  return {.status = status,
          .best_epoch = integer_of(json.at("best_epoch")),
          .seconds = to_number(json.at("seconds")),
          .evaluations = {},
          .artifacts = to_pairs(json.at("artifacts")),
          .reason = to_text(json.at("reason")),
          .at = json.at("at").get<std::string>()};
}

Json to_json(const RunWords& words) {
  return {{"event", "words"},
          {"name", text(words.name)},
          {"tags", to_json(words.tags)},
          {"note", text(words.note)},
          {"removed", words.removed}};
}

RunWords words_of(const Json& json) {
  return {.name = to_text(json.at("name")),
          .tags = to_texts(json.at("tags")),
          .note = to_text(json.at("note")),
          .removed = json.at("removed").get<std::string>()};
}

SplitRecord split_of(const Json& json) {
  return {.sample = to_text(json.at("sample")),
          .label = integer_of(json.at("label")),
          .group = to_text(json.at("group")),
          .part = to_text(json.at("part"))};
}

std::string to_line(const OutputRecord& row) {
  Json json = {{"position", row.position},
               {"label", row.label},
               {"predicted", row.predicted},
               {"probability", number(row.probability)}};
  if (!row.sample.empty()) json["sample"] = text(row.sample);
  std::string line = json.dump();
  if (!row.probabilities.empty()) {
    line.back() = ',';
    line += "\"probabilities\":[";
    for (const float value : row.probabilities) {
      if (line.back() != '[') line += ',';
      line += std::isfinite(value) ? fmt::format("{:.9g}", value) : number(value).dump();
    }
    line += "]}";
  }
  return line + "\n";
}

OutputRecord output_of(const Json& json) {
  OutputRecord row{.position = integer_of(json.at("position")),
                   .sample = json.contains("sample") ? to_text(json.at("sample")) : "",
                   .label = integer_of(json.at("label")),
                   .predicted = integer_of(json.at("predicted")),
                   .probability = to_number(json.at("probability")),
                   .probabilities = {}};
  if (const auto found = json.find("probabilities"); found != json.end())
    for (const Json& value : *found) row.probabilities.push_back(static_cast<float>(to_number(value)));
  return row;
}

}  // namespace rxrun
