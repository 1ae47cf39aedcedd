// Looking into a tree by path, and what of it an override may name.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiment/document.h"
#include "experiment/node.h"

namespace rxrun {

// The value at `path` ("training.optimizer.adam.lr", "network.stages.0.depth"), or null.
const Node* find_value(const Node& tree, const std::string& path);

// Where the value at `path` was written, or else the nearest map above it that was.
SourceLocation place_of(const Node& tree, const std::string& path);

// The places of all values at and below the map at `path` that are written somewhere, by their path from there
// ("split.validation"); a map is where its key is.
std::map<std::string, SourceLocation> written_below(const Node& tree, const std::string& path);

// Of such places that of `key`, or else that of the nearest map around it; none: an empty one.
SourceLocation nearest_place(const std::map<std::string, SourceLocation>& written, const std::string& key);

// The keys that an override may name though the file does not write them, sections and those of every kind of a choice;
// maps whose keys are open end in ".*".
const std::vector<std::string>& override_paths();

// The whole path of the key that each override of the file sets; empty for one that reading it with them refuses.
std::vector<std::string> override_targets(const std::filesystem::path& file, const std::vector<Override>& overrides);

// The file and those that it extends, nearest first. Ends where one cannot be read.
std::vector<std::string> extended_files(const std::filesystem::path& file);

}  // namespace rxrun
