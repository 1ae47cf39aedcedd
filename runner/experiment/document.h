// YAML text → Node, within bounds, and Node → resolved Node (extends, overrides, ${...}).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "experiment/node.h"

namespace rxrun {

// What one file may cost. A file beyond them is an error that names the bound.
struct DocumentLimits {
  std::uint64_t bytes = 1u << 20;
  int depth = 64;
  std::int64_t nodes = 50'000;  // after aliases are expanded
};

// Reads one document. All that yaml-cpp lets through is an error here, with its place: duplicate keys, cyclic or
// exploding aliases, a second document, invalid UTF-8, NUL and bidirectional controls, tabs, merge keys, tags other
// than the core schema's. Errors go to `diagnostics`; nullopt only when there is nothing to go on with (a syntax
// error).
std::optional<Node> parse_document(const std::string& text, const std::string& file, Diagnostics& diagnostics,
                                   const DocumentLimits& limits = {});

// An override of the command line: `optimizer.adam.lr=1e-4`. The place of an error in it is file "command line".
struct Override {
  std::string path;
  std::string value;
};
// Throws Error for a word without `=` or with an empty path.
Override parse_override(const std::string& word);

// The file with its `extends` chain merged (maps key by key, lists replaced; cycles and depth bounded), the overrides
// applied (a full path, or any unambiguous tail; an ambiguous or unknown one is an error that lists the candidates) and
// ${env:NAME}, ${env:NAME:default}, ${path.to.key} filled in. `known_paths`: keys that may be overridden though the
// file does not write them ("training.epochs"); maps whose keys are open end in ".*" ("network.*").
std::optional<Node> resolve_document(const std::filesystem::path& file, const std::vector<Override>& overrides,
                                     const std::vector<std::string>& known_paths, Diagnostics& diagnostics,
                                     const DocumentLimits& limits = {});

// The section `sweep` of the file with what it extends, as written; it is no part of an experiment, and
// resolve_document leaves it out. Absent: nullopt, as for a file with errors, which reading it as an experiment tells.
std::optional<Node> sweep_section(const std::filesystem::path& file);

}  // namespace rxrun
