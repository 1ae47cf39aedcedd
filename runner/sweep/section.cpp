#include "sweep/section.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "diagnostics/render.h"
#include "experiment/node_values.h"
#include "experiment/node_yaml.h"

namespace rxrun {
namespace {

// As a word of the command line would have it: what was quoted there keeps its quotes.
std::string word_of(const Node& value) {
  if (value.kind != Node::Kind::string) return yaml_text(value);
  Diagnostics faults;
  const bool special = value.text.find_first_of(",;()[]{}\"'#") != std::string::npos;
  const std::optional<Node> plain = special ? std::nullopt : parse_document(value.text, {}, faults);
  const bool is_itself = plain && plain->kind == Node::Kind::string && plain->text == value.text;
  return is_itself ? value.text : yaml_text(value.text);
}

class SectionReader {
 public:
  explicit SectionReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  SweepSection read(const Node& section) {
    if (section.kind != Node::Kind::map) {
      diagnostics_.error(section.where,
                         fmt::format("`sweep` must be a map of keys to their values, found {}", found(section)));
      return {};
    }
    for (const Node::Entry& entry : section.entries) {
      if (entry.key == "trials" || entry.key == "repeat")
        read_count(entry);
      else if (entry.key == "search")
        read_search(entry);
      else if (entry.key == "zip")
        read_zip(entry);
      else
        add(entry, setting(entry), entry.value.kind == Node::Kind::string);
      if (const std::string fault = fault_of_size(section_.declaration); !fault.empty()) {
        diagnostics_.error(entry.value.where, fault);
        break;
      }
    }
    return std::move(section_);
  }

 private:
  void read_count(const Node::Entry& entry) {
    if (entry.value.kind != Node::Kind::integer || entry.value.integer < 1)
      diagnostics_.error(entry.value.where,
                         fmt::format("`{}` must be an integer of at least 1, found {}", entry.key, found(entry.value)));
    else
      (entry.key == "trials" ? section_.trials : section_.repeat) = entry.value.integer;
  }

  void read_search(const Node::Entry& entry) {
    if (entry.value.kind != Node::Kind::string || entry.value.text != "tpe")
      diagnostics_.error(entry.value.where, fmt::format("`search` must be `tpe`, found {}", found(entry.value)));
    else
      section_.search = entry.value.text;
  }

  // "cardinality=8,16,32"; a text as it is, so that it may be range(...) or a draw.
  static std::string setting(const Node::Entry& entry) {
    std::string word = entry.key + "=";
    if (entry.value.kind == Node::Kind::string) return word + entry.value.text;
    if (entry.value.kind != Node::Kind::list) return word + word_of(entry.value);
    for (const Node& item : entry.value.items) {
      if (&item != &entry.value.items.front()) word += ',';
      word += word_of(item);
    }
    return word;
  }

  void read_zip(const Node::Entry& entry) {
    if (entry.value.kind != Node::Kind::map) {
      diagnostics_.error(
          entry.value.where,
          fmt::format("`zip` must be a map of keys to their lists of values, found {}", found(entry.value)));
      return;
    }
    std::string word;
    for (const Node::Entry& one : entry.value.entries) word += (word.empty() ? "zip(" : "; ") + setting(one);
    add(entry, word.empty() ? "zip()" : word + ")", false);
  }

  // A fault in a text is shown at its character, others at the value.
  void add(const Node::Entry& entry, const std::string& word, bool text) {
    try {
      Declaration one = parse_declaration({word});
      auto& whole = section_.declaration;
      std::move(one.fixed.begin(), one.fixed.end(), std::back_inserter(whole.fixed));
      for (Dimension& dimension : one.dimensions) {
        dimension.where = entry.value.where;
        whole.dimensions.push_back(std::move(dimension));
      }
    } catch (const Error& error) {
      for (Diagnostic diagnostic : error.diagnostics()) {
        SourceLocation where = entry.value.where;
        const int into = diagnostic.where.column - 1 - static_cast<int>(entry.key.size()) - 1;
        if (text && into >= 0 && where.column > 0) {
          const auto at = static_cast<std::size_t>(where.column - 1);
          const bool quoted = at < where.text.size() && (where.text[at] == '"' || where.text[at] == '\'');
          where.column += into + (quoted ? 1 : 0);
          where.length = diagnostic.where.length;
        }
        diagnostics_.error(where, diagnostic.message, diagnostic.advice);
      }
    }
  }

  Diagnostics& diagnostics_;
  SweepSection section_;
};

}  // namespace

SweepSection read_section(const Node& section, Diagnostics& diagnostics) {
  return SectionReader(diagnostics).read(section);
}

Declaration merged(Declaration section, const Declaration& words) {
  const auto is_theirs = [&](const std::string& key) {
    return std::any_of(words.fixed.begin(), words.fixed.end(),
                       [&](const Override& change) { return change.path == key; }) ||
           std::any_of(words.dimensions.begin(), words.dimensions.end(), [&](const Dimension& dimension) {
             return std::find(dimension.keys.begin(), dimension.keys.end(), key) != dimension.keys.end();
           });
  };
  std::erase_if(section.fixed, [&](const Override& change) { return is_theirs(change.path); });
  std::erase_if(section.dimensions, [&](const Dimension& dimension) {
    return std::any_of(dimension.keys.begin(), dimension.keys.end(), is_theirs);
  });
  section.files = words.files;
  section.fixed.insert(section.fixed.end(), words.fixed.begin(), words.fixed.end());
  section.dimensions.insert(section.dimensions.end(), words.dimensions.begin(), words.dimensions.end());
  return section;
}

}  // namespace rxrun
