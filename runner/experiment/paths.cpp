#include "experiment/paths.h"

#include <algorithm>
#include <charconv>

#include "experiment/key.h"

namespace rxrun {
namespace {

void visit_below(const Node& node, std::vector<std::string>& path,
                 const std::function<void(const std::vector<std::string>&, const Node&)>& visit) {
  const auto descend = [&](std::string part, const Node& value) {
    path.push_back(std::move(part));
    visit(path, value);
    visit_below(value, path, visit);
    path.pop_back();
  };
  for (const Node::Entry& entry : node.entries) descend(entry.key, entry.value);
  for (std::size_t i = 0; i < node.items.size(); ++i) descend(std::to_string(i), node.items[i]);
}

}  // namespace

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    parts.emplace_back(path.substr(0, dot));
    if (dot == path.size()) return parts;
    path.remove_prefix(dot + 1);
  }
}

std::string join_path(const std::vector<std::string>& parts) {
  std::string path;
  for (const std::string& part : parts) path += (path.empty() ? "" : ".") + part;
  return path;
}

Node* child(Node& node, const std::string& part) {
  if (node.kind == Node::Kind::map) return node.find(part);
  if (node.kind != Node::Kind::list || part.empty()) return nullptr;
  std::size_t index = 0;
  const auto result = std::from_chars(part.data(), part.data() + part.size(), index);
  const bool whole = result.ec == std::errc() && result.ptr == part.data() + part.size();
  return whole && index < node.items.size() ? &node.items[index] : nullptr;
}

void for_each_path(const Node& root, const std::function<void(const std::vector<std::string>&, const Node&)>& visit) {
  std::vector<std::string> path;
  visit_below(root, path, visit);
}

bool selects_kind(std::string_view path) {
  const Key* key = find_key(std::string(path));
  // Of a kind's own path (`training.optimizer.adam`) find_key() gives the key that has the kind.
  return key && !key->kinds.empty() && split_path(path).back() == key->name;
}

std::optional<std::size_t> place_of_kind(const std::vector<std::string>& path) {
  for (std::size_t place = 1; place < path.size(); ++place)
    if (selects_kind(join_path({path.begin(), path.begin() + static_cast<std::ptrdiff_t>(place)}))) return place;
  return std::nullopt;
}

bool is_kind(const Node::Entry& entry) {
  return entry.value.kind == Node::Kind::map || entry.value.kind == Node::Kind::null;
}

}  // namespace rxrun
