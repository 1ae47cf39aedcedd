#include "rxrun/plugin.h"

#include <algorithm>
#include <cctype>

namespace rxrun {
namespace {

bool is_name(const std::string& name) {
  if (name.empty() || name.size() > 100 || !std::islower(static_cast<unsigned char>(name[0]))) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_'; });
}

}  // namespace

std::shared_ptr<LayerDefinition> Plugin::add(const std::string& name, const std::string& doc) {
  if (!is_name(name)) {
    throw LayerError("layer name `" + name +
                     "` must consist of lower-case letters, digits and underscores, and begin with a letter");
  }
  if (std::any_of(layers_.begin(), layers_.end(), [&](const auto& layer) { return layer->info.name == name; })) {
    throw LayerError("layer `" + name + "` is declared twice");
  }
  auto definition = std::make_shared<LayerDefinition>();
  definition->info.name = name;
  definition->info.doc = doc;
  definition->info.type_name = name;
  layers_.push_back(definition);
  return definition;
}

}  // namespace rxrun
