// Between nodes and plain values: numbers in their shortest form, nodes for defaults, and what an error says was found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "experiment/node.h"

namespace rxrun {

// The shortest text that reads back to the same number: "0.0001", "1e-10", "64"; -0 is "0".
std::string number_text(double value);

// A scalar or a list of scalars as one line: 32, relu, [0.5, 0.5].
std::string value_text(const Node& node);

// What was found, as an error tells it: "the string `ten`", "the integer 3", "nothing", "a map".
std::string found(const Node& node);

// Nodes of Origin::default_value.
Node to_node(bool value);
Node to_node(std::int64_t value);
Node to_node(std::uint64_t value);
Node to_node(double value);
Node to_node(const std::string& value);
Node to_node(const char* value);
Node to_node(const std::filesystem::path& value);
Node to_node(const std::optional<std::uint64_t>& value);
Node to_node(const std::vector<double>& value);
Node to_node(const std::vector<std::int64_t>& value);
Node to_node(const std::variant<double, std::string>& value);
Node null_node();

// The reverse, from a node that was checked.
void store(const Node& node, bool& value);
void store(const Node& node, std::int64_t& value);
void store(const Node& node, std::uint64_t& value);
void store(const Node& node, double& value);
void store(const Node& node, std::string& value);
void store(const Node& node, std::filesystem::path& value);
void store(const Node& node, std::optional<std::uint64_t>& value);
void store(const Node& node, std::vector<double>& value);
void store(const Node& node, std::vector<std::int64_t>& value);
void store(const Node& node, std::variant<double, std::string>& value);

// "4 GiB" to bytes; nullopt when it is not a size or does not fit 63 bits.
std::optional<std::int64_t> bytes_of(const std::string& size);
// Bytes to the largest binary unit that divides them: "4 GiB".
std::string bytes_text(std::uint64_t bytes);

}  // namespace rxrun
