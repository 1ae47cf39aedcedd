#include "drawn_experiment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace rxrun {
namespace {

using Json = nlohmann::ordered_json;

const std::vector<std::string> hard_texts = {
    // what YAML takes for something else
    "1", "-1", "+1", "007", "1.0", ".5", "1.", "1e5", "-1E-5", "0x1f", "0o17", "9223372036854775808", ".inf", "-.inf",
    ".NaN", "true", "True", "FALSE", "null", "NULL", "~", "yes", "no", "on", "off", "y", "2026-11-30", "1:30", "<<",
    // marks of YAML
    "-", "- a", "--- a", "---", "...", "? a", "?", ": a", ":", "a: b", "a:b", "a:", "#", "# a", "a # b", "a#b", "&a",
    "*a", "!a", "!!int 1", "|", ">", "|-", "%a", "@a", "`a`", "[", "]", "{", "}", "[1, 2]", "{a: 1}", ",", "a, b", "'",
    "''", "\"", "\"a\"", "'a'", "it's", "\\", "\\n", "\\u0041", "a\\",
    // of this reader and of the command line
    "${", "}", "${seed}", "$${seed}", "$$${seed}", "${env:HOME}", "${no.such}", "$", "$$", "a=1=1", "=", "file=1=1",
    "range(1,3)", "log(1,2)", "1..3", "(", ")", ";", "auto", "none", "measured", "--json", "-q",
    // blanks, lines and other writings
    " ", "  a", "a  ", " a b ", "\t", "a\tb", "\n", "a\nb", "\n\na", "a\n", " \n ", "a\\\nb", "é", "e\u0301", "漢字",
    "🧬", "a\u00a0b", "ÄÖ ß", "\u200b", "“a”",
    // paths
    "/", "//a//b", "/data/a b", "./a/../b", "../a", "a/", "C:\\a", "~/a", "/ü=1 #x: y/${z}", "a.so", "/a/libb=c.so",
    std::string(80, '['), std::string(300, '"'), std::string(150, ' ')};

// Of texts with a pattern: what fits it and is hard.
const std::map<std::string, std::vector<std::string>> fitting_texts = {
    {"name",
     {"a", "1", "1e5", "null", "true", "-", "---", "...", "0x1f", "a.b", "_", "2026-11-30", std::string(100, 'x')}},
    {"data.memory",
     {"0 B", "1 B", "1500B", "1.5 GiB", "3 kB", "0.3 MB", "7 GB", "1 TiB", "0.000001 TB", "1023 KiB",
      "999999999999999 B"}},
    {"data.layout", {"auto", "class", "part/class", "any/group/class", "class/group/part"}},
    {"machine.device", {"auto", "cpu", "cuda", "cuda:0", "cuda:123"}}};

std::vector<std::string> ways_of(const Key& key) {
  std::vector<std::string> ways;
  if (key.nullable) ways.push_back("null");
  if (key.boolean) ways.push_back("boolean");
  if (key.number) ways.push_back("number");
  for (const std::string& word : key.words) ways.push_back("`" + word + "`");
  if (key.text) ways.push_back("text");
  if (key.list) ways.push_back("list");
  if (key.list && key.list->shortest == 0) ways.push_back("empty list");
  if (key.map) ways.push_back("map");
  if (key.layers) ways.push_back("layers");
  if (key.stages) ways.push_back("stages");
  for (const Kind& kind : key.kinds) {
    ways.push_back("kind " + kind.name);
    const auto required = [](const Key& k) { return k.required; };
    if (std::none_of(kind.keys.begin(), kind.keys.end(), required)) ways.push_back("word " + kind.name);
  }
  return ways;
}

std::string below_path(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

void add_ways(const std::vector<Key>& keys, const std::string& path, std::set<std::string>& ways) {
  for (const Key& key : keys) {
    if (key.consumed) continue;
    const std::string own = below_path(path, key.name);
    for (const std::string& way : ways_of(key)) ways.insert(own + " as " + way);
    add_ways(key.keys, own, ways);
    for (const Kind& kind : key.kinds) add_ways(kind.keys, below_path(own, kind.name), ways);
  }
}

// Values are filled in, keys are not.
void escape_expressions(Json& value) {
  if (value.is_structured())
    for (Json& element : value) escape_expressions(element);
  if (!value.is_string()) return;
  std::string text = value;
  for (std::size_t at = text.find("${"); at != std::string::npos; at = text.find("${", at + 3)) text.insert(at, 1, '$');
  value = text;
}

}  // namespace

std::set<std::string> DrawnExperiments::all_ways() {
  std::set<std::string> ways;
  add_ways(experiment_keys(), "", ways);
  return ways;
}

std::string DrawnExperiments::next() {
  Json experiment = map_of(experiment_keys(), "");
  escape_expressions(experiment);
  return experiment.dump();  // JSON is YAML, and not what is tested
}

Json DrawnExperiments::map_of(const std::vector<Key>& keys, const std::string& path) {
  Json map = Json::object();
  for (const Key& key : keys) {
    if (key.consumed || !(key.required || !one_in(3))) continue;
    const auto is_written = [&](const std::string& name) { return map.contains(name); };
    const bool set_by_another = std::any_of(keys.begin(), keys.end(), [&](const Key& other) {
      return is_written(other.name) &&
             std::find(other.spread.begin(), other.spread.end(), key.name) != other.spread.end();
    });
    if (set_by_another || std::any_of(key.spread.begin(), key.spread.end(), is_written)) continue;
    map[key.name] = value_of(key, below_path(path, key.name));
  }
  return map;
}

Json DrawnExperiments::value_of(const Key& key, const std::string& path) {
  const std::vector<std::string> ways = ways_of(key);
  std::vector<std::string> undrawn;
  for (const std::string& way : ways)
    if (!drawn_.contains(path + " as " + way)) undrawn.push_back(way);
  const std::string way = undrawn.empty() || one_in(2) ? any_of(ways) : any_of(undrawn);
  drawn_.insert(path + " as " + way);
  if (way == "null") return nullptr;
  if (way == "boolean") return one_in(2);
  if (way == "number") return number(*key.number);
  if (way == "text") return text(*key.text, path);
  if (way == "list") return list(*key.list, path);
  if (way == "empty list") return Json::array();
  if (way == "map") {
    Json map = map_of(key.keys, path);
    if (key.open) add_open_values(map);
    return map;
  }
  if (way == "layers" || way == "stages") {
    Json items = Json::array();
    for (std::uint64_t n = below(5); n > 0; --n) items.push_back(key.layers ? layer() : stage(key.keys, path));
    return items;
  }
  const std::string name = way.substr(way.find_first_of(" `") + 1);
  if (way.front() == '`') return name.substr(0, name.size() - 1);
  if (way.starts_with("word ")) return name;
  const auto kind = std::find_if(key.kinds.begin(), key.kinds.end(), [&](const Kind& k) { return k.name == name; });
  return {{name, map_of(kind->keys, below_path(path, name))}};
}

Json DrawnExperiments::number(const NumberForm& form) {
  if (!form.only.empty()) return any_of(form.only);
  if (form.integer) {
    constexpr auto least = std::numeric_limits<std::int64_t>::min(), most = std::numeric_limits<std::int64_t>::max();
    const std::int64_t low = form.minimum ? static_cast<std::int64_t>(*form.minimum) : least;
    const std::int64_t high = form.maximum ? static_cast<std::int64_t>(*form.maximum) : most;
    const std::uint64_t width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    const std::uint64_t offset = one_in(8) ? 0 : one_in(8) ? width : one_in(2) ? random_() % 1000 : random_();
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset % (width == ~0ull ? width : width + 1));
  }
  const double low = form.minimum.value_or(-1e308), high = form.maximum.value_or(1e308);
  const double least = form.exclusive_minimum ? std::nextafter(low, high) : low;
  const double most = form.exclusive_maximum ? std::nextafter(high, low) : high;
  if (one_in(8)) return least;
  if (one_in(8)) return most;
  double value = one_in(2) ? low + share() * (high - low) : std::pow(10.0, 20.0 * share() - 12.0);
  if (one_in(3)) value = std::round(value);
  value = std::clamp(value, least, most);
  if (one_in(3) && value == std::floor(value) && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  return value;
}

std::string DrawnExperiments::hard_text(std::size_t shortest, std::size_t longest) {
  for (;;) {
    std::string text;
    for (std::uint64_t parts = one_in(10) ? 0 : 1 + below(2) * below(4); parts > 0; --parts) text += any_of(hard_texts);
    if (text.size() >= shortest && text.size() <= longest) return text;
  }
}

Json DrawnExperiments::text(const TextForm& form, const std::string& path) {
  if (!form.pattern.empty()) return any_of(fitting_texts.at(path));
  return hard_text(form.shortest, form.longest);
}

Json DrawnExperiments::list(const ListForm& form, const std::string& path) {
  Json items = Json::array();
  const std::size_t least = std::max<std::size_t>(form.shortest, 1);
  for (std::size_t n = least + below(std::min<std::size_t>(form.longest - least, 4) + 1); n > 0; --n)
    items.push_back(form.number ? number(*form.number) : text(form.text, path));
  return items;
}

Json DrawnExperiments::open_value() {
  const auto scalar = [&]() -> Json {
    if (one_in(4)) return one_in(2);
    if (one_in(3)) return number({.integer = true});
    if (one_in(2)) return number({});
    return hard_text(0, 4096);
  };
  if (!one_in(3)) return scalar();
  Json items = Json::array();
  for (std::uint64_t n = 1 + below(4); n > 0; --n) items.push_back(scalar());
  return items;
}

void DrawnExperiments::add_open_values(Json& map) {
  for (std::uint64_t n = below(4); n > 0; --n) {
    const std::string name = one_in(2) ? "option" + std::to_string(n) : hard_text(1, 200);
    // A list may not have the name of a section, nor nearly that of a key.
    if (!map.contains(name)) map[name] = name.starts_with("option") ? open_value() : Json(hard_text(0, 4096));
  }
}

Json DrawnExperiments::layer() {
  const std::string name = one_in(2) ? "conv" : hard_text(1, 200);
  if (one_in(3)) return name;
  Json options = Json::object();
  if (!one_in(4)) add_open_values(options);
  return {{name, options.empty() && one_in(2) ? Json(nullptr) : options}};
}

Json DrawnExperiments::stage(const std::vector<Key>& keys, const std::string& path) {
  Json map = map_of(keys, path);
  add_open_values(map);
  return map;
}

}  // namespace rxrun
