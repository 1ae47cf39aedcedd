// Measurements as JSON, there and back.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/files.h"
#include "timing/measurement.h"

namespace rxrun {
namespace {

using Json = nlohmann::ordered_json;

constexpr int format = 1;
constexpr std::uint64_t most_bytes = 4u << 20;

Json json_of(const Timing& timing) { return {{"seconds", timing.seconds}, {"error", timing.error}}; }

Timing timing_in(const Json& json) {
  const Timing timing{json.at("seconds"), json.at("error")};
  if (!(timing.seconds >= 0.0) || !(timing.error >= 0.0)) throw std::out_of_range("a time below 0");
  return timing;
}

Json json_of(const PartTime& part) {
  return {{"name", part.name},
          {"path", part.path},
          {"depth", part.depth},
          {"alone", part.alone},
          {"forward", json_of(part.forward)},
          {"backward", json_of(part.backward)},
          {"forward_flop", part.forward_flop},
          {"backward_flop", part.backward_flop}};
}

PartTime part_in(const Json& json) {
  return {.name = json.at("name"),
          .path = json.at("path"),
          .depth = json.at("depth"),
          .alone = json.at("alone"),
          .forward = timing_in(json.at("forward")),
          .backward = timing_in(json.at("backward")),
          .forward_flop = json.at("forward_flop"),
          .backward_flop = json.at("backward_flop")};
}

Json json_of(const LoaderRate& loader) {
  return {{"images_per_second", loader.images_per_second},
          {"threads", loader.threads},
          {"images", loader.images},
          {"generated", loader.generated}};
}

LoaderRate loader_in(const Json& json) {
  const LoaderRate loader{.images_per_second = json.at("images_per_second"),
                          .threads = json.at("threads"),
                          .images = json.at("images"),
                          .generated = json.at("generated")};
  if (!(loader.images_per_second > 0.0)) throw std::out_of_range("a rate that is not above 0");
  return loader;
}

Measurement measurement_in(const Json& json) {
  if (json.at("format") != format) throw std::out_of_range("another format");
  Measurement m{.experiment = json.at("experiment"),
                .input = json.at("input"),
                .batch = json.at("batch"),
                .steps = json.at("steps"),
                .device = json.at("device"),
                .precision = json.at("precision"),
                .cpu = json.at("cpu"),
                .instruction_set = json.at("instruction_set"),
                .libtorch = json.at("libtorch"),
                .threads = json.at("threads"),
                .peak_flops = json.at("peak_flops"),
                .step = timing_in(json.at("step")),
                .parts = {},
                .loader = std::nullopt};
  // What is told divides by them.
  if (!(m.step.seconds >= 1e-9) || m.batch < 1) throw std::out_of_range("a step of less than a nanosecond or an image");
  if (!(m.peak_flops >= 1.0)) throw std::out_of_range("a machine of less than one operation a second");
  for (const Json& part : json.at("parts")) m.parts.push_back(part_in(part));
  if (!json.at("loader").is_null()) m.loader = loader_in(json.at("loader"));
  return m;
}

}  // namespace

std::string to_json(const Measurement& m) {
  Json parts = Json::array();
  for (const PartTime& part : m.parts) parts.push_back(json_of(part));
  const Json json = {{"format", format},
                     {"experiment", m.experiment},
                     {"input", m.input},
                     {"batch", m.batch},
                     {"steps", m.steps},
                     {"device", m.device},
                     {"precision", m.precision},
                     {"cpu", m.cpu},
                     {"instruction_set", m.instruction_set},
                     {"libtorch", m.libtorch},
                     {"threads", m.threads},
                     {"peak_flops", m.peak_flops},
                     {"step", json_of(m.step)},
                     {"images_per_second", m.images_per_second()},
                     {"loader", m.loader ? json_of(*m.loader) : Json()},
                     {"parts", parts}};
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

Measurement read_measurement(const std::filesystem::path& file) {
  const std::string text = read_file(file, most_bytes);
  std::string why;
  try {
    return measurement_in(Json::parse(text));
  } catch (const Json::parse_error&) {
    why = "it is not JSON";
  } catch (const Json::exception&) {
    why = "a value is missing or of another type";
  } catch (const std::out_of_range& error) {
    why = error.what();
  }
  throw Error(Failure::usage,
              fmt::format("{} is not a measurement of `rxrun time`: {}", printable(file.string()), printable(why)),
              "create one with: rxrun time FILE --json > baseline.json");
}

}  // namespace rxrun
