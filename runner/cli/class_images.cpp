#include "cli/class_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/dataset.h"
#include "diagnostics/render.h"

namespace rxrun {

ClassImages class_images(const std::vector<std::string>& classes, const std::vector<Sample>& samples,
                         const std::array<std::vector<std::int64_t>, 3>& parts) {
  ClassImages images;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    images[part].resize(classes.size());
    for (const std::int64_t i : parts[part])
      ++images[part][static_cast<std::size_t>(samples[static_cast<std::size_t>(i)].label)];
  }
  return images;
}

std::string in_words(const ClassImages& images, const std::vector<std::string>& classes) {
  constexpr std::size_t shown = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown, classes.size()); ++i)
    text += fmt::format("{}`{}` {}/{}/{}", i == 0 ? "" : ", ", printable(classes[i]), images[0][i], images[1][i],
                        images[2][i]);
  if (classes.size() > shown) text += fmt::format(", ... and {} more", classes.size() - shown);
  return text + " (train/validation/test)";
}

nlohmann::json to_json(const ClassImages& images) {
  nlohmann::json json;
  for (const Part part : all_parts) json[to_string(part)] = images[static_cast<std::size_t>(part)];
  return json;
}

}  // namespace rxrun
