// Paths of keys (`network.stages.0.depth`), and the maps of one key that select a kind.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/node.h"

namespace rxrun {

std::vector<std::string> split_path(std::string_view path);  // at the dots; "" gives one empty part
std::string join_path(const std::vector<std::string>& parts);

// The child of a map by key, of a list by index; null if there is none.
Node* child(Node& node, const std::string& part);

// Every value below `root` with its path, before its own children.
void for_each_path(const Node& root,
                   const std::function<void(const std::vector<std::string>& path, const Node& node)>& visit);

// Whether the keys of the map at `path` name kinds of which one is chosen: `optimizer: {adam: {...}}`.
bool selects_kind(std::string_view path);

// Which part of the path names a kind: 2 of `training.optimizer.adam.lr`. None where no key around it has kinds.
std::optional<std::size_t> place_of_kind(const std::vector<std::string>& path);

// Whether this entry of such a map is a kind. Another entry stays as it is, for the reader of the keys to refuse.
bool is_kind(const Node::Entry& entry);

}  // namespace rxrun
