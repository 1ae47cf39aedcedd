#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>
#include <variant>

#include "diagnostics/utf8.h"
#include "drafting/draft.h"
#include "drafting/recognise.h"
#include "experiment/node_values.h"
#include "experiment/node_yaml.h"

namespace rxrun {
namespace {

constexpr std::size_t width = 110;

// Comment lines at that indentation; a line after the first begins with `hanging`.
std::string comment(const std::string& text, const std::string& indent, const std::string& hanging = "") {
  if (text.empty()) return {};
  std::string out, line;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!line.empty() && count_code_points(line) + count_code_points(word) > width) {
      out += indent + "# " + line + "\n";
      line = hanging;
    }
    line += (line.empty() || line == hanging ? "" : " ") + word;
  }
  return out + indent + "# " + line + "\n";
}

// Text as it is: no `${` of it is an expression.
std::string text_value(const std::string& value) {
  std::string text;
  for (std::size_t at = 0; at < value.size(); ++at)
    text += value.compare(at, 2, "${") == 0 ? "$$" : std::string(1, value[at]);
  return yaml_text(text);
}

std::string part_text(const SplitPart& part) {
  if (const double* fraction = std::get_if<double>(&part)) return number_text(*fraction);
  return text_value(std::get<std::string>(part));
}

std::string network_text(const Recipe& recipe) {
  std::string text = "network:\n" + comment(recipe.network_reason, "  ");
  text += fmt::format("  plugins: [{}]\n  stem:   {}\n  stages:\n", fmt::join(recipe.plugins, ", "), recipe.stem);
  for (const std::string& stage : recipe.stages) text += "    - " + stage + "\n";
  return text + "  head:   " + recipe.head + "\n";
}

std::string data_text(const Draft& draft) {
  const DraftedData& data = draft.data;
  const DataSpec& spec = data.spec;
  std::string text =
      fmt::format("data:\n  source: {}\n  path: {}\n", to_string(spec.source), text_value(spec.path.string()));
  if (!data.layout.empty()) text += fmt::format("  layout: {}\n", data.layout);
  const auto patterns = [&](const char* key, const std::vector<std::string>& list) {
    std::vector<std::string> quoted;
    for (const std::string& pattern : list) quoted.push_back(text_value(pattern));
    if (!list.empty()) text += fmt::format("  {}: [{}]\n", key, fmt::join(quoted, ", "));
  };
  patterns("include", spec.include);
  patterns("exclude", spec.exclude);
  text += comment(data.size_reason, "  ") + fmt::format("  image_size: {}\n", spec.image_size);
  text += fmt::format("  resize: {}\n", spec.resize);
  text += comment(data.channels_reason, "  ");
  if (spec.channels != 0) text += fmt::format("  channels: {}\n", spec.channels);
  if (spec.window)
    text += comment(data.window_reason, "  ") +
            fmt::format("  window: [{}, {}]\n", number_text(spec.window->low), number_text(spec.window->high));
  text += fmt::format("  classes: {}\n", data.classes.size());
  text += comment(data.split_reason, "  ");
  text += fmt::format("  split: {{train: {}, validation: {}, test: {}}}\n", part_text(spec.split.train),
                      part_text(spec.split.validation), part_text(spec.split.test));
  if (!data.group_suggestion.empty())
    text += comment(
        "to keep images together whose names begin alike, add to split: group_by: '" + data.group_suggestion + "'",
        "  ");
  text += comment(data.augment_reason, "  ") + "  augment: " + draft.recipe.augment + "\n";
  return text + fmt::format("  batch: {}\n", draft.recipe.batch);
}

std::string training_text(const Recipe& recipe) {
  std::string text = "training:\n" + comment(recipe.training_reason, "  ");
  text +=
      fmt::format("  epochs: {}\n  optimizer: {}\n  schedule: {}\n", recipe.epochs, recipe.optimizer, recipe.schedule);
  if (!recipe.loss.empty()) text += fmt::format("  loss: {}\n", recipe.loss);
  if (recipe.average_weights) text += "  average_weights: 0.99\n";
  text += fmt::format("  keep_best: {}\n", recipe.keep_best);
  if (recipe.mirrored_scoring) text += "  test_time_augmentation: mirrored\n";
  return text;
}

}  // namespace

std::string experiment_text(const Draft& draft) {
  std::string text = "# Written by `rxrun init`, as a beginning: to be looked at and changed.\n";
  text += comment("Found: " + draft.data.found, "");
  if (!draft.look_at.empty()) text += "# To look at:\n";
  for (const std::string& sentence : draft.look_at) text += comment("- " + sentence, "", "  ");
  text += fmt::format("name: {}\nseed: 1\n", yaml_text(draft.name));
  return text + network_text(draft.recipe) + data_text(draft) + training_text(draft.recipe);
}

}  // namespace rxrun
