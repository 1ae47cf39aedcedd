#include "sweep/declaration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "diagnostics/render.h"
#include "sweep/value_text.h"

namespace rxrun {
namespace {

constexpr std::size_t most_values = 100'000;                        // of one key; few sweeps have more points
constexpr std::size_t most_settings = 1'000'000, most_keys = 1000;  // of all keys together

struct Call {
  std::string_view name;
  Piece inside;  // between the parentheses
};

const std::vector<std::string>& call_names() {
  static const std::vector<std::string> names = {"range", "log", "uniform", "iso", "zip"};
  return names;
}

// Reads one word; faults are thrown as Error and collected by the caller.
class WordReader {
 public:
  WordReader(const std::string& word, Declaration& declaration) : word_(word), declaration_(declaration) {}

  void read() {
    const Piece whole{word_, 0};
    if (const auto call = call_in(whole); call && call->name == "zip") return read_zip(*call);
    const std::size_t equals = word_.find('=');
    if (word_.find('(') < equals && word_.substr(0, word_.find('(')) == "zip")
      cut(word_, whole, ';');  // tells what is not closed
    if (equals == std::string::npos) return read_file();
    Dimension dimension = read_setting(whole);
    if (dimension.kind == Dimension::Kind::grid && dimension.values.size() == 1)
      declaration_.fixed.push_back({dimension.keys[0], dimension.values[0][0]});
    else
      declaration_.dimensions.push_back(std::move(dimension));
  }

 private:
  [[noreturn]] void fail(Piece piece, std::string message, std::string advice = {}) const {
    throw Error(
        Diagnostic{.where = place_in_word(word_, piece), .message = std::move(message), .advice = std::move(advice)});
  }

  // `name(...)`, with a name of ours or one that is nearly so.
  std::optional<Call> call_in(Piece piece) const {
    const std::size_t open = piece.text.find('(');
    if (open == 0 || open == std::string_view::npos || piece.text.back() != ')') return std::nullopt;
    const std::string_view name = piece.text.substr(0, open);
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    if (!std::all_of(name.begin(), name.end(), is_letter)) return std::nullopt;
    if (std::find(call_names().begin(), call_names().end(), name) == call_names().end()) {
      if (const auto nearest = nearest_name(name, call_names()))
        fail({name, piece.offset}, fmt::format("there is no `{}(...)`", printable(name)),
             fmt::format("did you mean `{}`?", *nearest));
      return std::nullopt;
    }
    return Call{name, {piece.text.substr(open + 1, piece.text.size() - open - 2), piece.offset + open + 1}};
  }

  void read_file() {
    const bool like_file = word_.ends_with(".yaml") || word_.ends_with(".yml") || word_.find('/') != std::string::npos;
    if (!like_file)
      fail({word_, 0}, fmt::format("`{}` is neither an experiment file nor `key=values`", printable(word_)),
           "for example: cardinality=8,16,32");
    declaration_.files.emplace_back(word_);
  }

  Dimension read_setting(Piece setting) const {
    const std::size_t equals = setting.text.find('=');
    const Piece key = trimmed({setting.text.substr(0, std::min(equals, setting.text.size())), setting.offset});
    if (equals == std::string_view::npos)
      fail(key, fmt::format("`{}` has no values", printable(key.text)), "write `key=value,value`");
    if (key.text.empty()) fail({setting.text.substr(0, 1), setting.offset}, "a key is missing before `=`");
    const Piece values = trimmed({setting.text.substr(equals + 1), setting.offset + equals + 1});
    Dimension dimension;
    parse_override(std::string(key.text) + "=");
    dimension.keys = {std::string(key.text)};
    dimension.where = place_in_word(word_, values);
    const auto call = call_in(values);
    if (call && call->name != "range") {
      read_call(*call, values, dimension);
      return dimension;
    }
    const std::vector<Piece> items = cut(word_, values, ',');
    for (const Piece& item : items) add_item(trimmed(item), items.size(), dimension);
    return dimension;
  }

  void read_call(const Call& call, Piece whole, Dimension& dimension) const {
    if (call.name == "zip") fail(whole, "zip(...) must be an argument of its own", "write zip(a=1,2; b=3,4)");
    if (call.name == "iso") {
      const Piece quantity = trimmed(call.inside);
      if (quantity.text != "parameters")
        fail(quantity.text.empty() ? whole : quantity, "iso(...) can only keep the number of parameters",
             "write iso(parameters)");
      dimension.kind = Dimension::Kind::iso;
      dimension.quantity = "parameters";
      return;
    }
    const bool logarithmic = call.name == "log";
    const std::vector<double> numbers = numbers_in(call, whole, 2, logarithmic ? 2 : 3);
    dimension.kind = logarithmic ? Dimension::Kind::logarithmic : Dimension::Kind::uniform;
    dimension.low = numbers[0];
    dimension.high = numbers[1];
    dimension.step = numbers.size() > 2 ? numbers[2] : 0.0;
    if (!(dimension.low < dimension.high)) fail(call.inside, "the first bound must be below the second");
    if (logarithmic && dimension.low <= 0.0) fail(call.inside, "both bounds of log(low,high) must be above 0");
    if (!std::isfinite(dimension.high - dimension.low)) fail(call.inside, "the bounds are too far apart");
    if (numbers.size() < 3) return;
    if (dimension.step <= 0.0) fail(call.inside, "the step must be above 0");
    check_step(call.inside, dimension.low, dimension.high, dimension.step);
  }

  // Values are written with twelve digits; smaller steps would give the same value again and again.
  void check_step(Piece piece, double first, double last, double step) const {
    const double largest = std::max(std::abs(first), std::abs(last));
    if (largest > 0.0 && std::abs(step) < std::pow(10.0, std::floor(std::log10(largest)) - 11))
      fail(piece, fmt::format("a step of {} is too small: it does not show in twelve digits of {}", rounded_text(step),
                              rounded_text(largest)));
  }

  std::vector<double> numbers_in(const Call& call, Piece whole, std::size_t least, std::size_t most) const {
    std::vector<double> numbers;
    for (Piece piece : cut(word_, call.inside, ',')) {
      piece = trimmed(piece);
      double number = 0.0;
      const auto [end, code] = std::from_chars(piece.text.data(), piece.text.data() + piece.text.size(), number);
      if (code != std::errc() || end != piece.text.data() + piece.text.size() || !std::isfinite(number))
        fail(piece.text.empty() ? whole : piece, fmt::format("`{}` is not a number", printable(piece.text)));
      numbers.push_back(number);
    }
    if (numbers.size() < least || numbers.size() > most)
      fail(whole, fmt::format("{}(...) takes {} numbers, found {}", call.name,
                              least == most ? fmt::format("{}", least) : fmt::format("{} or {}", least, most),
                              numbers.size()));
    return numbers;
  }

  void add_item(Piece item, std::size_t items, Dimension& dimension) const {
    if (item.text.empty() && items > 1)
      fail({std::string_view(word_).substr(std::min(item.offset, word_.size() - 1), 1),
            std::min(item.offset, word_.size() - 1)},
           "a value is missing between the commas");
    if (const auto call = call_in(item)) {
      if (call->name != "range") fail(item, fmt::format("{}(...) cannot be part of a list of values", call->name));
      if (const auto bounds = whole_numbers_in(*call))
        return add_whole_range(item, (*bounds)[0], (*bounds)[1], bounds->size() > 2 ? (*bounds)[2] : 1, dimension);
      const std::vector<double> numbers = numbers_in(*call, item, 2, 3);
      add_range(item, numbers[0], numbers[1], numbers.size() > 2 ? numbers[2] : 1.0, dimension);
    } else if (const auto bounds = dots_in(item.text)) {
      add_whole_range(item, bounds->first, bounds->second, bounds->first <= bounds->second ? 1 : -1, dimension);
    } else {
      check_length(item, 1, dimension);
      dimension.values.push_back({std::string(item.text)});
    }
  }

  // Before so many more values are made.
  void check_length(Piece item, double more, const Dimension& dimension) const {
    const double values = static_cast<double>(dimension.values.size()) + more;
    if (values > static_cast<double>(most_values))
      fail(item, fmt::format("{} values are too many: a key can have {}", rounded_text(values), most_values));
  }

  static std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
  }

  // `1..5`, whole numbers only: a path may have dots.
  static std::optional<std::pair<std::int64_t, std::int64_t>> dots_in(std::string_view text) {
    const std::size_t dots = text.find("..");
    if (dots == std::string_view::npos) return std::nullopt;
    const auto first = whole_number(text.substr(0, dots)), last = whole_number(text.substr(dots + 2));
    if (!first || !last) return std::nullopt;
    return std::pair(*first, *last);
  }

  // The two or three of range(...), when all of them are whole.
  std::optional<std::vector<std::int64_t>> whole_numbers_in(const Call& call) const {
    std::vector<std::int64_t> numbers;
    for (const Piece& piece : cut(word_, call.inside, ',')) {
      const auto number = whole_number(trimmed(piece).text);
      if (!number) return std::nullopt;
      numbers.push_back(*number);
    }
    if (numbers.size() != 2 && numbers.size() != 3) return std::nullopt;
    return numbers;
  }

  // Whole numbers stay whole: a double holds those up to 2^53 only.
  void add_whole_range(Piece item, std::int64_t first, std::int64_t last, std::int64_t step,
                       Dimension& dimension) const {
    if (step == 0 || (first < last && step < 0) || (first > last && step > 0))
      fail(item, fmt::format("a range from {} to {} cannot have a step of {}", first, last, step));
    // Unsigned: the way may be longer than an int64_t holds.
    const std::uint64_t way = step > 0 ? static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first)
                                       : static_cast<std::uint64_t>(first) - static_cast<std::uint64_t>(last);
    const std::uint64_t pace = step > 0 ? static_cast<std::uint64_t>(step) : 0 - static_cast<std::uint64_t>(step);
    const std::uint64_t steps = way / pace;
    check_length(item, static_cast<double>(steps) + 1, dimension);
    for (std::uint64_t i = 0; i <= steps; ++i)
      dimension.values.push_back({std::to_string(
          static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + i * static_cast<std::uint64_t>(step)))});
  }

  void add_range(Piece item, double first, double last, double step, Dimension& dimension) const {
    if (step == 0.0 || (last - first) * step < 0.0)
      fail(item, fmt::format("a range from {} to {} cannot have a step of {}", rounded_text(first), rounded_text(last),
                             rounded_text(step)));
    check_step(item, first, last, step);
    const double count = std::floor((last - first) / step + 1e-9) + 1;
    check_length(item, count, dimension);
    for (double i = 0; i < count; ++i) dimension.values.push_back({rounded_text(first + i * step)});
  }

  void read_zip(const Call& call) {
    Dimension zip;
    zip.where = place_in_word(word_, {word_, 0});
    for (const Piece& piece : cut(word_, call.inside, ';')) {
      const Piece setting = trimmed(piece);
      if (setting.text.empty())
        fail({word_, 0}, "zip(...) has nothing between two semicolons", "write zip(a=1,2; b=3,4)");
      const Dimension one = read_setting(setting);
      if (zip.keys.size() * one.values.size() > most_settings)
        fail(setting, fmt::format("more than {} values in one zip(...)", most_settings));
      if (one.kind != Dimension::Kind::grid) fail(setting, "zip(...) takes only lists of values");
      if (!zip.keys.empty() && one.values.size() != zip.values.size())
        fail(setting, fmt::format("`{}` has {}, but `{}` has {}", printable(one.keys[0]),
                                  counted(one.values.size(), "value"), printable(zip.keys[0]), zip.values.size()));
      zip.values.resize(one.values.size());
      for (std::size_t i = 0; i < one.values.size(); ++i) zip.values[i].push_back(one.values[i][0]);
      zip.keys.push_back(one.keys[0]);
    }
    if (zip.keys.size() < 2) fail({word_, 0}, "zip(...) pairs at least two keys", "write zip(a=1,2; b=3,4)");
    declaration_.dimensions.push_back(std::move(zip));
  }

  const std::string& word_;
  Declaration& declaration_;
};

void check_keys(const Declaration& declaration, const std::vector<std::string>& words, Diagnostics& diagnostics) {
  std::vector<std::string> keys;
  for (const Override& fixed : declaration.fixed) keys.push_back(fixed.path);
  for (const Dimension& dimension : declaration.dimensions)
    keys.insert(keys.end(), dimension.keys.begin(), dimension.keys.end());
  std::sort(keys.begin(), keys.end());
  for (auto twice = std::adjacent_find(keys.begin(), keys.end()); twice != keys.end();
       twice = std::adjacent_find(twice + 2, keys.end())) {
    const auto word = std::find_if(words.rbegin(), words.rend(),
                                   [&](const std::string& w) { return w.find(*twice + "=") != std::string::npos; });
    const std::string& text = word == words.rend() ? *twice : *word;
    const std::size_t offset = std::min(text.find(*twice), text.size());
    diagnostics.error(place_in_word(text, {std::string_view(text).substr(offset, twice->size()), offset}),
                      fmt::format("`{}` is set twice", printable(*twice)), "put all its values into one list");
  }
  const auto iso = [](const Dimension& d) { return d.kind == Dimension::Kind::iso; };
  if (std::count_if(declaration.dimensions.begin(), declaration.dimensions.end(), iso) > 1)
    diagnostics.error(std::find_if(declaration.dimensions.rbegin(), declaration.dimensions.rend(), iso)->where,
                      "only one iso(...) is allowed: one number of parameters does not determine two widths");
}

}  // namespace

std::string fault_of_size(const Declaration& declaration) {
  std::size_t keys = declaration.fixed.size(), values = declaration.fixed.size();
  for (const Dimension& dimension : declaration.dimensions) {
    keys += dimension.keys.size();
    values += dimension.keys.size() * std::max<std::size_t>(1, dimension.values.size());
  }
  if (keys > most_keys) return fmt::format("a sweep that sets more than {} keys is too large", most_keys);
  if (values > most_settings)
    return fmt::format("a sweep whose keys have more than {} values in all is too large", most_settings);
  return {};
}

Declaration parse_declaration(const std::vector<std::string>& words) {
  Declaration declaration;
  Diagnostics diagnostics;
  for (const std::string& word : words) {
    try {
      WordReader(word, declaration).read();
    } catch (const Error& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) diagnostics.add(diagnostic);
    }
    if (const std::string fault = fault_of_size(declaration); !fault.empty()) throw Error(Failure::usage, fault);
  }
  check_keys(declaration, words, diagnostics);
  diagnostics.throw_errors();
  return declaration;
}

}  // namespace rxrun
