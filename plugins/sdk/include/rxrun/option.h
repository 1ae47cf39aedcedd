// A layer's options as data: the one table from which parsing, ranges, `rxrun plugins show` and the schema come.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace rxrun {

// Height and width; written in YAML as one number for both or as [height, width].
struct Extent {
  std::int64_t height = 1;
  std::int64_t width = 1;
  bool operator==(const Extent&) const = default;
};

enum class OptionType { boolean, integer, real, string, extent };

inline const char* to_string(OptionType type) {
  switch (type) {
    case OptionType::boolean:
      return "boolean";
    case OptionType::integer:
      return "integer";
    case OptionType::real:
      return "real";
    case OptionType::string:
      return "string";
    case OptionType::extent:
      return "extent";
  }
  return "unknown";
}

// monostate: not given, and the layer works it out (or takes the number of classes).
using OptionValue = std::variant<std::monostate, bool, std::int64_t, double, std::string, Extent>;

struct OptionInfo {
  std::string name;
  OptionType type = OptionType::real;
  OptionValue default_value;       // monostate: required, unless `optional`
  bool optional = false;           // may be absent: the layer works it out
  bool number_of_classes = false;  // absent: the number of classes of the data
  std::optional<double> minimum;   // numbers, and both sides of an extent
  std::optional<double> maximum;
  bool exclusive_minimum = false;
  bool exclusive_maximum = false;
  std::vector<std::string> choices;  // strings only; empty: any
  std::string doc;

  bool required() const {
    return !optional && !number_of_classes && std::holds_alternative<std::monostate>(default_value);
  }
  bool operator==(const OptionInfo&) const = default;
};

struct LayerInfo {
  std::string name;       // as written in YAML: "conv"
  std::string type_name;  // in the summary's table: "Conv2d"
  std::string
      weight_prefix;  // stem of the names of its parameters: "conv" gives conv1.weight; the layer's name when empty
  std::string doc;
  bool block = false;         // meant for `stages`; repeated `depth` times, `stride` for the first only
  bool view = false;          // computes nothing (flatten): has no row in the table
  std::int64_t revision = 1;  // of a shipped plugin's layer: see LayerBuilder::revision
  std::vector<OptionInfo> options;

  bool operator==(const LayerInfo&) const = default;
};

// Option values of one layer, complete: every option of its table once, in the table's order.
using OptionValues = std::vector<std::pair<std::string, OptionValue>>;

}  // namespace rxrun
