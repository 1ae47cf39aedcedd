// Trees compared by what they say, wherever it was written.
#pragma once

#include "experiment/node.h"

namespace rxrun {

inline bool same_tree(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.items.size() != b.items.size() || a.entries.size() != b.entries.size()) return false;
  if (a.kind == Node::Kind::string && a.text != b.text) return false;
  if (a.kind == Node::Kind::boolean && a.boolean != b.boolean) return false;
  if (a.kind == Node::Kind::integer && a.integer != b.integer) return false;
  if (a.kind == Node::Kind::real && a.real != b.real) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!same_tree(a.items[i], b.items[i])) return false;
  for (std::size_t i = 0; i < a.entries.size(); ++i)
    if (a.entries[i].key != b.entries[i].key || !same_tree(a.entries[i].value, b.entries[i].value)) return false;
  return true;
}

}  // namespace rxrun
