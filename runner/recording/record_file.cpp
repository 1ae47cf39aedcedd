#include "recording/record_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/descriptor.h"
#include "files/files.h"
#include "files/folder.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::uint64_t kLargestRecord = std::uint64_t{1} << 32;
constexpr const char* kSplitFile = "split.jsonl";

std::string outputs_file(std::int64_t number) { return fmt::format("outputs-{}.jsonl", number); }

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double to_number(const Json& json) {
  if (!json.is_string()) return json.get<double>();
  const auto& text = json.get_ref<const std::string&>();
  if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  throw Error(Failure::usage, fmt::format("`{}` is not a number", printable(text)));
}

Json to_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json json = Json::object();
  for (const auto& [name, value] : pairs) json[name] = value;
  return json;
}

std::vector<std::pair<std::string, std::string>> to_pairs(const Json& json) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : json.items()) pairs.emplace_back(name, value.get<std::string>());
  return pairs;
}

Json to_json(const RunRecord& run) {
  return {{"event", "begin"},
          {"version", kRecordVersion},
          {"name", run.name},
          {"experiment", run.experiment},
          {"file", run.file},
          {"identity", run.identity},
          {"configuration", run.configuration},
          {"checkpoint_key", run.checkpoint_key},
          {"seed", run.seed},
          {"resolved", run.resolved},
          {"params", to_json(run.params)},
          {"command", run.command},
          {"generated_data", run.generated_data},
          {"content_hash", run.content_hash},
          {"split_hash", run.split_hash},
          {"classes", run.classes},
          {"skipped_images", run.skipped_images},
          {"parameters", run.parameters},
          {"multiply_adds", run.multiply_adds},
          {"environment", to_json(run.environment)},
          {"started", run.started}};
}

RunRecord run_of(const Json& json) {
  if (const int version = json.at("version").get<int>(); version != kRecordVersion)
    throw Error(Failure::usage,
                fmt::format("it has version {} of the format; this rxrun reads version {}", version, kRecordVersion));
  return {.name = json.at("name").get<std::string>(),
          .experiment = json.at("experiment").get<std::string>(),
          .file = json.at("file").get<std::string>(),
          .identity = json.at("identity").get<std::string>(),
          .seed = json.at("seed").get<std::uint64_t>(),
          .resolved = json.at("resolved").get<std::string>(),
          .configuration = json.at("configuration").get<std::string>(),
          .params = to_pairs(json.at("params")),
          .command = json.at("command").get<std::string>(),
          .generated_data = json.at("generated_data").get<bool>(),
          .content_hash = json.at("content_hash").get<std::string>(),
          .split_hash = json.at("split_hash").get<std::string>(),
          .classes = json.at("classes").get<std::vector<std::string>>(),
          .skipped_images = json.at("skipped_images").get<std::int64_t>(),
          .parameters = json.at("parameters").get<std::int64_t>(),
          .multiply_adds = json.at("multiply_adds").get<std::int64_t>(),
          .environment = to_pairs(json.at("environment")),
          .folder = {},
          .checkpoint_key = json.at("checkpoint_key").get<std::string>(),
          .started = json.at("started").get<std::string>()};
}

Json to_json(const EpochRecord& epoch) {
  Json metrics = Json::object();
  for (const auto& [name, value] : epoch.metrics) metrics[name] = number(value);
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
  EpochRecord epoch{.epoch = json.at("epoch").get<std::int64_t>(),
                    .learning_rate = to_number(json.at("learning_rate")),
                    .seconds = to_number(json.at("seconds")),
                    .images_per_second = to_number(json.at("images_per_second")),
                    .best = json.at("best").get<bool>(),
                    .metrics = {},
                    .written = json.at("written").get<std::string>()};
  for (const auto& [name, value] : json.at("metrics").items()) epoch.metrics[name] = to_number(value);
  return epoch;
}

Json to_json(const EvaluationRecord& evaluation, std::int64_t number_in_run) {
  Json measures = Json::array();
  for (const MeasureRecord& measure : evaluation.measures) {
    Json& row =
        measures.emplace_back(Json{{"name", measure.name}, {"value", number(measure.value)}, {"unit", measure.unit}});
    if (measure.interval)
      row.update({{"low", number(measure.interval->low)},
                  {"high", number(measure.interval->high)},
                  {"method", measure.interval->method}});
  }
  return {{"event", "evaluation"},
          {"number", number_in_run},
          {"part", evaluation.part},
          {"own", evaluation.own},
          {"at_end", evaluation.at_end},
          {"data", evaluation.data},
          {"content", evaluation.content},
          {"weights", evaluation.weights},
          {"preprocessing", evaluation.preprocessing},
          {"test_time_augmentation", evaluation.test_time_augmentation},
          {"images", evaluation.images},
          {"measures", std::move(measures)},
          {"outputs", evaluation.outputs.empty() ? "" : outputs_file(number_in_run)},
          {"made", evaluation.made}};
}

MeasureRecord measure_of(const Json& json) {
  MeasureRecord measure{.name = json.at("name").get<std::string>(),
                        .value = to_number(json.at("value")),
                        .interval = {},
                        .unit = json.at("unit").get<std::string>()};
  if (json.contains("method"))
    measure.interval = {.low = to_number(json.at("low")),
                        .high = to_number(json.at("high")),
                        .method = json.at("method").get<std::string>()};
  return measure;
}

EvaluationRecord evaluation_of(const Json& json) {
  EvaluationRecord evaluation{.part = json.at("part").get<std::string>(),
                              .own = json.at("own").get<bool>(),
                              .at_end = json.at("at_end").get<bool>(),
                              .data = json.at("data").get<std::string>(),
                              .content = json.at("content").get<std::string>(),
                              .weights = json.at("weights").get<std::string>(),
                              .preprocessing = json.at("preprocessing").get<std::string>(),
                              .test_time_augmentation = json.at("test_time_augmentation").get<std::string>(),
                              .images = json.at("images").get<std::int64_t>(),
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
          {"reason", end.reason},
          {"at", end.at}};
}

RunEnd end_of(const Json& json) {
  return {.status = status_of(json.at("status").get<std::string>()),
          .best_epoch = json.at("best_epoch").get<std::int64_t>(),
          .seconds = to_number(json.at("seconds")),
          .evaluations = {},
          .artifacts = to_pairs(json.at("artifacts")),
          .reason = json.at("reason").get<std::string>(),
          .at = json.at("at").get<std::string>()};
}

Json to_json(const RunWords& words) {
  return {
      {"event", "words"}, {"name", words.name}, {"tags", words.tags}, {"note", words.note}, {"removed", words.removed}};
}

RunWords words_of(const Json& json) {
  return {.name = json.at("name").get<std::string>(),
          .tags = json.at("tags").get<std::vector<std::string>>(),
          .note = json.at("note").get<std::string>(),
          .removed = json.at("removed").get<std::string>()};
}

std::string line_of(const SplitRecord& row) {
  return text_of({{"sample", row.sample}, {"label", row.label}, {"group", row.group}, {"part", row.part}}) + "\n";
}

SplitRecord split_of(const Json& json) {
  return {.sample = json.at("sample").get<std::string>(),
          .label = json.at("label").get<std::int64_t>(),
          .group = json.at("group").get<std::string>(),
          .part = json.at("part").get<std::string>()};
}

// Probabilities in the fewest digits that read back to the same float.
std::string line_of(const OutputRecord& row) {
  Json json = {{"position", row.position},
               {"label", row.label},
               {"predicted", row.predicted},
               {"probability", number(row.probability)}};
  if (!row.sample.empty()) json["sample"] = row.sample;
  std::string text = text_of(json);
  if (!row.probabilities.empty()) {
    text.back() = ',';
    text += "\"probabilities\":[";
    for (const float value : row.probabilities) {
      if (text.back() != '[') text += ',';
      text += std::isfinite(value) ? fmt::format("{}", value) : text_of(number(value));
    }
    text += "]}";
  }
  return text + "\n";
}

OutputRecord output_of(const Json& json) {
  OutputRecord row{.position = json.at("position").get<std::int64_t>(),
                   .sample = json.value("sample", std::string()),
                   .label = json.at("label").get<std::int64_t>(),
                   .predicted = json.at("predicted").get<std::int64_t>(),
                   .probability = to_number(json.at("probability")),
                   .probabilities = {}};
  if (const auto found = json.find("probabilities"); found != json.end())
    for (const Json& value : *found) row.probabilities.push_back(static_cast<float>(to_number(value)));
  return row;
}

template <typename Row>
void write_rows(const fs::path& file, const std::vector<Row>& rows) {
  write_file_atomically(file, [&rows](const Sink& sink) {
    for (const Row& row : rows) {
      const std::string line = line_of(row);
      sink(line.data(), line.size());
    }
  });
}

[[noreturn]] void fail(const fs::path& file, int cause) {
  throw Error(Failure::run, fmt::format("cannot write {}: {}", printable(file.string()), std::strerror(cause)),
              "everything recorded so far is intact; run the same command again to continue");
}

// Where the last whole line ends: what follows was cut off, by a power cut at worst.
off_t end_of_whole_lines(int file, off_t size) {
  char byte = '\n';
  while (size > 0 && ::pread(file, &byte, 1, size - 1) == 1 && byte != '\n') --size;
  return size;
}

void append(const fs::path& folder, const Json& event) {
  const fs::path path = folder / kRecordFile;
  const Descriptor file(::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0) fail(path, errno);
  const off_t there = ::lseek(file.get(), 0, SEEK_END);
  if (there < 0) fail(path, errno);
  const off_t size = end_of_whole_lines(file.get(), there);
  if (size != there && ::ftruncate(file.get(), size) != 0) fail(path, errno);
  const std::string line = text_of(event) + "\n";
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t written = ::write(file.get(), line.data() + done, line.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int cause = written < 0 ? errno : ENOSPC;
      if (::ftruncate(file.get(), size) != 0) fail(path, errno);
      fail(path, cause);
    }
    done += static_cast<std::size_t>(written);
  }
  if (::fsync(file.get()) != 0) fail(path, errno);
}

// Calls `take` with each whole line as JSON.
template <typename Take>
void read_lines(const fs::path& path, Take take) {
  const std::string text = read_file(path, kLargestRecord);
  std::size_t line = 0;
  for (std::size_t from = 0; from < text.size(); ++line) {
    const std::size_t end = text.find('\n', from);
    if (end == std::string::npos) return;
    const Json json = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(from),
                                  text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    from = end + 1;
    try {
      if (json.is_discarded()) throw Error(Failure::usage, "not JSON");
      take(json);
    } catch (const Json::exception& error) {
      throw Error(Failure::usage, fmt::format("{}:{}: not a line of a run's record: {}", printable(path.string()),
                                              line + 1, printable(error.what())));
    } catch (const Error& error) {
      throw Error(Failure::usage,
                  fmt::format("{}:{}: {}", printable(path.string()), line + 1, printable(error.what())));
    }
  }
}

void take_event(const Json& json, const fs::path& folder, RunHistory& history) {
  const auto& event = json.at("event").get_ref<const std::string&>();
  if (event == "begin") {
    history.run = run_of(json);
  } else if (event == "continue") {
    const auto epochs = json.at("epochs").get<std::int64_t>();
    std::erase_if(history.epochs, [epochs](const EpochRecord& record) { return record.epoch > epochs; });
    std::erase_if(history.evaluations, [](const EvaluationRecord& record) { return record.at_end; });
    history.end.reset();
  } else if (event == "epoch") {
    const EpochRecord epoch = epoch_of(json);
    std::erase_if(history.epochs, [&epoch](const EpochRecord& record) { return record.epoch >= epoch.epoch; });
    history.epochs.push_back(epoch);
  } else if (event == "evaluation") {
    EvaluationRecord& evaluation = history.evaluations.emplace_back(evaluation_of(json));
    const auto file = json.at("outputs").get<std::string>();
    if (file.empty()) return;
    if (file != outputs_file(json.at("number").get<std::int64_t>()))
      throw Error(Failure::usage, fmt::format("`{}` is not the name of a file of outputs", printable(file)));
    read_lines(folder / file, [&](const Json& row) { evaluation.outputs.push_back(output_of(row)); });
  } else if (event == "end") {
    history.end = end_of(json);
  } else if (event == "words") {
    history.words = words_of(json);
  } else {
    throw Error(Failure::usage, fmt::format("unknown event `{}`", printable(event)));
  }
}

}  // namespace

void begin_record(const fs::path& folder, const RunRecord& run, const std::vector<SplitRecord>& split) {
  write_rows(folder / kSplitFile, split);
  write_file_atomically(folder / kRecordFile, text_of(to_json(run)) + "\n");
}

void record_continuation(const fs::path& folder, std::int64_t epochs) {
  append(folder, {{"event", "continue"}, {"epochs", epochs}});
}

void record(const fs::path& folder, const EpochRecord& epoch) { append(folder, to_json(epoch)); }

void record(const fs::path& folder, const EvaluationRecord& evaluation, std::int64_t number_in_run) {
  if (!evaluation.outputs.empty()) write_rows(folder / outputs_file(number_in_run), evaluation.outputs);
  append(folder, to_json(evaluation, number_in_run));
}

void record(const fs::path& folder, const RunEnd& end) { append(folder, to_json(end)); }

void record(const fs::path& folder, const RunWords& words) { append(folder, to_json(words)); }

void write_record(const fs::path& folder, const RunHistory& history) {
  std::string lines = text_of(to_json(history.run)) + "\n";
  for (const EpochRecord& epoch : history.epochs) lines += text_of(to_json(epoch)) + "\n";
  std::int64_t number_in_run = 0;
  for (const EvaluationRecord& evaluation : history.evaluations) {
    ++number_in_run;
    if (!evaluation.outputs.empty()) write_rows(folder / outputs_file(number_in_run), evaluation.outputs);
    lines += text_of(to_json(evaluation, number_in_run)) + "\n";
  }
  if (history.end) lines += text_of(to_json(*history.end)) + "\n";
  if (history.words != RunWords{}) lines += text_of(to_json(history.words)) + "\n";
  write_rows(folder / kSplitFile, history.split);
  write_file_atomically(folder / kRecordFile, lines);
}

bool has_record(const fs::path& folder) {
  std::error_code code;
  return fs::is_regular_file(fs::symlink_status(folder / kRecordFile, code));
}

RunHistory read_record(const fs::path& folder) {
  RunHistory history;
  read_lines(folder / kRecordFile, [&](const Json& json) { take_event(json, folder, history); });
  if (history.run.name.empty())
    throw Error(Failure::usage,
                fmt::format("{} does not say which run it is of", printable((folder / kRecordFile).string())));
  read_lines(folder / kSplitFile, [&](const Json& json) { history.split.push_back(split_of(json)); });
  return history;
}

}  // namespace rxrun
