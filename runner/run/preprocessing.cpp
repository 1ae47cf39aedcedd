#include "run/preprocessing.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "files/files.h"

namespace rxrun {
namespace {

constexpr std::uint64_t max_bytes = 16u << 20;

std::filesystem::path file_in(const std::filesystem::path& folder) { return folder / "preprocessing.json"; }

}  // namespace

Preprocessing preprocessing_of(const Dataset& dataset) {
  return {
      .classes = dataset.classes, .channels = dataset.channels, .mean = dataset.mean, .deviation = dataset.deviation};
}

std::string preprocessing_json(const Preprocessing& preprocessing) {
  const nlohmann::json json = {{"classes", preprocessing.classes},
                               {"channels", preprocessing.channels},
                               {"mean", preprocessing.mean},
                               {"deviation", preprocessing.deviation}};
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void write_preprocessing(const std::filesystem::path& folder, const Preprocessing& preprocessing) {
  write_file_atomically(file_in(folder), preprocessing_json(preprocessing));
}

Preprocessing read_preprocessing(const std::filesystem::path& folder) {
  const std::filesystem::path file = file_in(folder);
  const std::string text = read_file(file, max_bytes);
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    Preprocessing read{.classes = json.at("classes"),
                       .channels = json.at("channels"),
                       .mean = json.at("mean"),
                       .deviation = json.at("deviation")};
    const auto channels = static_cast<std::size_t>(read.channels);
    if (read.channels >= 1 && read.mean.size() == channels && read.deviation.size() == channels) return read;
  } catch (const nlohmann::json::exception&) {
    // told below, as for a file that is JSON but not this
  }
  throw Error(Failure::usage, fmt::format("{} does not say how images were preprocessed", file.string()),
              "it is damaged; run the experiment again");
}

}  // namespace rxrun
