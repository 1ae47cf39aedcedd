#include "experiment/sections.h"

#include <algorithm>
#include <vector>

#include "experiment/key.h"

namespace rxrun {
namespace {

constexpr std::size_t most_sections = 4;  // that an answer lists

// The sections and kinds that have the key; "" is the top level.
void add_sections_with(const std::string& name, const std::vector<Key>& keys, const std::string& section,
                       std::vector<std::string>& sections) {
  const std::string prefix = section.empty() ? "" : section + ".";
  if (std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return key.name == name; }))
    sections.push_back(section);
  for (const Key& key : keys) {
    if (key.consumed || key.layers || key.stages) continue;
    add_sections_with(name, key.keys, prefix + key.name, sections);
    for (const Kind& kind : key.kinds)
      add_sections_with(name, kind.keys, prefix + key.name + "." + kind.name, sections);
  }
}

}  // namespace

std::string where_it_belongs(const std::string& key) {
  std::vector<std::string> sections;
  add_sections_with(key, experiment_keys(), "", sections);
  if (sections.empty() || sections.size() > most_sections) return {};
  if (sections.front().empty()) return "`" + key + "` belongs at the top level of the file";
  std::string text = "`" + key + "` belongs in ";
  for (std::size_t i = 0; i < sections.size(); ++i)
    text += (i == 0 ? "`" : i + 1 == sections.size() ? " or `" : ", `") + sections[i] + "`";
  return text;
}

std::string what_it_is_called(const std::string& section, const std::string& key) {
  if (section == "split" && (key == "val" || key == "valid" || key == "dev"))
    return "the part that is scored after every epoch is `validation`";
  if (section == "split" && key == "holdout") return "the part that is scored once, at the end, is `test`";
  return {};
}

}  // namespace rxrun
