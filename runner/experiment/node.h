// The tree that a YAML file becomes: plain values that know where they were written.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "diagnostics/diagnostic.h"

namespace rxrun {

struct Node {
  enum class Kind { null, boolean, integer, real, string, list, map };
  enum class Origin { file, command_line, default_value };
  struct Entry;

  Kind kind = Kind::null;
  Origin origin = Origin::file;
  SourceLocation where;  // of the value
  std::string text;      // scalars: as written, after ${...}
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0.0;           // also set for integers
  std::vector<Node> items;     // list
  std::vector<Entry> entries;  // map, in the order of the file; keys are unique

  const Node* find(const std::string& key) const;  // map entry's value, or null
  Node* find(const std::string& key);
  bool is_number() const { return kind == Kind::integer || kind == Kind::real; }
  bool is_scalar() const { return kind != Kind::list && kind != Kind::map; }
};

struct Node::Entry {
  std::string key;
  SourceLocation key_where;
  Node value;
};

std::int64_t count_nodes(const Node& node);  // itself and all that is below

const char* to_string(Node::Kind kind);  // "a map", "an integer", ...

// A scalar's kind and value by the YAML 1.2 core schema: `1e-4` is real, `0o17` and `0x1f` are integers, `no` and
// `010`'s friends are not booleans or octals. `quoted` text is always a string. An integer that does not fit 64 bits is
// an error for the caller to tell: kind real with `integer` unset.
Node scalar(std::string text, bool quoted, SourceLocation where);

}  // namespace rxrun
