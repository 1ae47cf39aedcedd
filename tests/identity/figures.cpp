#include "figures.h"

#include <fmt/format.h>

#include <cmath>
#include <sstream>
#include <stdexcept>

#include "random/random.h"

namespace rxrun::test {
namespace {

std::string raise(const std::string& section) {
  if (section == "engine") return "raise kEngineRevision in runner/identity/revisions.h";
  return fmt::format("raise the revision of {}, .revision(N), where its plugin declares it", section);
}

std::string joined(const std::vector<double>& numbers) {
  std::string text;
  for (const double number : numbers) text += fmt::format(" {:.6g}", number);
  return text;
}

// Lines that are in one but not in the other, or different in both.
template <typename Value, typename Same>
void compare_lines(const std::string& section, const std::map<std::string, Value>& recorded,
                   const std::map<std::string, Value>& now, const Same& same, Comparison& result) {
  for (const auto& [label, value] : recorded) {
    const auto found = now.find(label);
    if (found == now.end())
      result.to_record.push_back(fmt::format("{}: `{}` is gone", section, label));
    else if (const std::string fault = same(value, found->second); !fault.empty())
      result.unexplained.push_back(fmt::format("{}: `{}` {}: {}", section, label, fault, raise(section)));
  }
  for (const auto& [label, value] : now)
    if (!recorded.contains(label)) result.to_record.push_back(fmt::format("{}: `{}` is new", section, label));
}

}  // namespace

bool agree(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(a[i] - b[i]) <= 1e-4 * std::abs(a[i]) + 2e-5)) return false;
  return true;
}

Comparison compare(const AllFigures& recorded, const AllFigures& now) {
  Comparison result;
  for (const auto& [section, before] : recorded) {
    const auto found = now.find(section);
    if (found == now.end()) {
      result.to_record.push_back(section + " is gone");
      continue;
    }
    const Figures& after = found->second;
    if (before.revision != after.revision) {
      result.to_record.push_back(fmt::format("{} has revision {}, not {}", section, after.revision, before.revision));
      continue;
    }
    compare_lines(
        section, before.defaults, after.defaults,
        [](const auto& then, const auto& today) {
          return then == today ? "" : fmt::format("was {} by default and is {}", then, today);
        },
        result);
    compare_lines(
        section, before.outputs, after.outputs,
        [](const auto& then, const auto& today) {
          return agree(then, today) ? "" : fmt::format("gave{} and gives{}", joined(then), joined(today));
        },
        result);
  }
  for (const auto& [section, after] : now)
    if (!recorded.contains(section)) result.to_record.push_back(section + " is new");
  return result;
}

AllFigures updated(const AllFigures& recorded, const AllFigures& now) {
  AllFigures result = now;
  for (auto& [section, figures] : result) {
    const auto before = recorded.find(section);
    if (before == recorded.end()) continue;
    for (auto& [label, numbers] : figures.outputs)
      if (const auto then = before->second.outputs.find(label);
          then != before->second.outputs.end() && agree(then->second, numbers))
        numbers = then->second;
  }
  return result;
}

std::string write_figures(const AllFigures& figures) {
  std::string text =
      "# What the engine and the shipped layers give, beside their revisions. Written by\n"
      "#   RXRUN_RECORD=1 build/tests/revisions_test\n"
      "# which refuses while something is different whose revision was not raised.\n";
  for (const auto& [section, one] : figures) {
    text += fmt::format("\n{} revision {}\n", section, one.revision);
    for (const auto& [label, value] : one.defaults) text += fmt::format("  default {} = {}\n", label, value);
    for (const auto& [label, numbers] : one.outputs) text += fmt::format("  output {} ={}\n", label, joined(numbers));
  }
  return text;
}

AllFigures read_figures(const std::string& text) {
  AllFigures figures;
  Figures* section = nullptr;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] != ' ') {
      const std::size_t mark = line.find(" revision ");
      section = &figures[line.substr(0, mark)];
      section->revision = std::stoll(line.substr(mark + 10));
      continue;
    }
    const std::size_t equals = line.find(" =");  // a label has no blank before an equals sign
    if (!section || equals == std::string::npos) throw std::runtime_error("malformed line: " + line);
    const std::string value = line.substr(std::min(line.size(), equals + 3));
    if (line.starts_with("  default ")) {
      section->defaults[line.substr(10, equals - 10)] = value;
    } else {
      std::vector<double>& numbers = section->outputs[line.substr(9, equals - 9)];
      std::istringstream words(value);
      for (double number = 0.0; words >> number;) numbers.push_back(number);
    }
  }
  return figures;
}

std::vector<float> fixed_values(std::size_t count, std::uint64_t key) {
  RandomStream random(20261130, Purpose::sample, key, count);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

void summarize_into(const float* values, std::size_t count, std::vector<double>& numbers) {
  const std::vector<float> weights = fixed_values(count, 99);
  double squares = 0.0, product = 0.0, weight_squares = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = values[i], weight = weights[i];
    squares += value * value;
    product += value * weight;
    weight_squares += weight * weight;
  }
  const double size = std::sqrt(squares);
  numbers.push_back(size);
  numbers.push_back(size > 0.0 ? product / (size * std::sqrt(weight_squares)) : 0.0);
}

}  // namespace rxrun::test
