#include "plugin/layer_cases.h"

#include <algorithm>
#include <optional>

#include "plugin/layer_table.h"

namespace rxrun {
namespace {

constexpr std::size_t kMostInputs = 3;
constexpr std::int64_t kClasses = 5;
const std::vector<Shape> kInputs = {{3, 16, 16}, {8, 16, 16}, {16, 8, 8},  {64, 8, 8}, {64},
                                    {10},        {1, 32, 32}, {256, 4, 4}, {3, 64, 64}};
const std::vector<std::int64_t> kIntegers = {8, 64, 16, 4, 2, 1, 32, 3, 128};

bool fits(const OptionInfo& option, const OptionValue& value) { return range_fault(option, value).empty(); }

std::optional<OptionValue> first_fitting(const OptionInfo& option, const std::vector<OptionValue>& values) {
  const auto found =
      std::find_if(values.begin(), values.end(), [&](const OptionValue& value) { return fits(option, value); });
  return found == values.end() ? std::nullopt : std::optional<OptionValue>(*found);
}

// A value for an option without default; `attempt` picks among several.
OptionValue value_for(const OptionInfo& option, std::size_t attempt) {
  const double low = option.minimum.value_or(0.0);
  switch (option.type) {
    case OptionType::boolean:
      return false;
    case OptionType::string:
      return option.choices.empty() ? std::string("a") : option.choices[attempt % option.choices.size()];
    case OptionType::extent: {
      const std::int64_t side = attempt % 2 == 0 ? 3 : 1;
      return first_fitting(option, {Extent{side, side}, Extent{1, 1}, Extent{2, 2}}).value_or(Extent{1, 1});
    }
    case OptionType::real: {
      const double high = option.maximum.value_or(low + 1.0);
      return first_fitting(option, {0.5 * (low + high), low, high}).value_or(low);
    }
    case OptionType::integer: {
      const std::int64_t wanted = kIntegers[attempt % kIntegers.size()];
      return fits(option, wanted) ? wanted : static_cast<std::int64_t>(option.exclusive_minimum ? low + 1.0 : low);
    }
  }
  return std::monostate{};
}

// Other values of an option that are worth a try: what is off goes on, every choice, another step.
std::vector<OptionValue> alternatives(const OptionInfo& option, const OptionValue& now) {
  std::vector<OptionValue> values;
  if (const auto* flag = std::get_if<bool>(&now)) values.push_back(!*flag);
  for (const std::string& choice : option.choices) values.push_back(choice);
  if (option.type == OptionType::extent) values.push_back(Extent{2, 2});
  if (option.type == OptionType::integer && !option.number_of_classes) values.push_back(std::int64_t{2});
  if (option.type == OptionType::real) values.push_back(0.25);
  std::erase_if(values, [&](const OptionValue& value) { return value == now || !fits(option, value); });
  return values;
}

OptionValues base_options(const LayerInfo& info, std::size_t attempt) {
  OptionValues values;
  for (const OptionInfo& option : info.options) {
    OptionValue value = option.default_value;
    if (option.number_of_classes && std::holds_alternative<std::monostate>(value)) value = kClasses;
    if (option.required()) value = value_for(option, attempt);
    values.emplace_back(option.name, value);
  }
  return values;
}

std::string changes(const LayerInfo& info, const OptionValues& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].second == info.options[i].default_value) continue;
    text += (text.empty() ? "" : ", ") + values[i].first + ": " + to_text(values[i].second);
  }
  return text;
}

struct Search {
  const LayerFactories& factories;
  const LayerInfo& info;
  LayerCases found;
  std::string refusal;

  bool accepts(const OptionValues& options, const Shape& input) {
    try {
      return factories.make(info.name, options, input) != nullptr;
    } catch (const ForeignException& error) {
      found.fault = std::string(error.what()) + " for an input of " + to_string(input);
    } catch (const LayerError& error) {
      refusal = std::string(error.what()) + " (input " + to_string(input) + ")";
    }
    return false;
  }

  void add(const OptionValues& options, const Shape& input) {
    found.cases.push_back({info, options, changes(info, options), input});
  }

  bool try_base(std::size_t attempt) {
    const OptionValues options = base_options(info, attempt);
    for (const Shape& input : kInputs) {
      if (found.cases.size() < kMostInputs && accepts(options, input)) add(options, input);
    }
    return !found.cases.empty();
  }

  void try_alternatives() {
    const LayerCase base = found.cases.front();
    for (std::size_t i = 0; i < base.options.size(); ++i) {
      for (const OptionValue& value : alternatives(info.options[i], base.options[i].second)) {
        OptionValues options = base.options;
        options[i].second = value;
        const auto input =
            std::find_if(kInputs.begin(), kInputs.end(), [&](const Shape& shape) { return accepts(options, shape); });
        if (input != kInputs.end()) add(options, *input);
      }
    }
  }
};

}  // namespace

LayerCases find_cases(const LayerFactories& factories, const LayerInfo& info) {
  Search search{factories, info, {}, {}};
  for (std::size_t attempt = 0; attempt < kIntegers.size() && search.found.fault.empty(); ++attempt) {
    if (search.try_base(attempt)) break;
  }
  if (search.found.fault.empty() && search.found.cases.empty()) {
    search.found.fault = "none of the inputs and options tried is accepted; the last refusal: " + search.refusal;
  }
  if (search.found.fault.empty()) search.try_alternatives();
  return search.found;
}

}  // namespace rxrun
