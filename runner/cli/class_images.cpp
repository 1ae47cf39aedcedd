#include "cli/class_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "diagnostics/render.h"

namespace rxrun {

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
