#include "experiment/part_words.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "diagnostics/render.h"
#include "experiment/document.h"
#include "experiment/tokens.h"

namespace rxrun {
namespace {

constexpr std::array<std::string_view, 2> parts = {"test", "validation"};
constexpr std::string_view split = "data.split";
constexpr std::array<std::string_view, 3> metrics = {"training.keep_best.metric", "training.early_stopping.metric",
                                                     "training.schedule.reduce_on_plateau.metric"};
constexpr std::string_view of_no_part = "-";  // the path of a value in which only references count

struct Range {
  std::size_t begin = 0, end = 0;  // of a text
};

bool is_metric(std::string_view path) { return std::find(metrics.begin(), metrics.end(), path) != metrics.end(); }

bool is_part(std::string_view name) { return std::find(parts.begin(), parts.end(), name) != parts.end(); }

std::string_view last_of(std::string_view path) { return path.substr(path.rfind('.') + 1); }

bool is_tail(std::string_view tail, std::string_view path) {
  return path.ends_with(tail) && (path.size() == tail.size() || path[path.size() - tail.size() - 1] == '.');
}

// Whether it names a part of data.split, as a whole path or by a tail of it: `split.test`.
bool names_part(std::string_view tail) {
  const std::string_view last = last_of(tail);
  return is_part(last) && is_tail(tail, fmt::format("{}.{}", split, last));
}

// The paths of metrics, and of maps in which there are parts or metrics, that an override's path can mean.
std::vector<std::string> paths_meant(std::string_view tail) {
  std::vector<std::string> found;
  const auto add = [&](std::string_view whole) {
    for (std::size_t end = 0; end != std::string_view::npos;) {
      end = whole.find('.', end + 1);
      const std::string path(whole.substr(0, end));
      if (is_tail(tail, path) && std::find(found.begin(), found.end(), path) == found.end()) found.push_back(path);
    }
  };
  add(split);
  for (std::string_view metric : metrics) add(metric);
  return found;
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Past what a quote or a bracket at `at` encloses; nothing where none starts, or it is not closed.
std::optional<std::size_t> end_of_enclosed(std::string_view text, std::size_t at) {
  if (text[at] == '"' || text[at] == '\'') {
    const bool opens = at == 0 || std::string_view(" ,;[({:=").find(text[at - 1]) != std::string_view::npos;
    return opens ? end_of_quoted(text, at) : std::nullopt;
  }
  if (std::string_view("([{").find(text[at]) == std::string_view::npos) return std::nullopt;
  for (std::size_t inside = at + 1; inside < text.size();) {
    if (std::string_view(")]}").find(text[inside]) != std::string_view::npos) return inside + 1;
    inside = end_of_enclosed(text, inside).value_or(inside + 1);
  }
  return std::nullopt;
}

class Finder {
 public:
  // Offsets are told from `shift` on: the text may be a piece of another.
  Finder(const SourceText& source, std::size_t shift, PartWords& found)
      : source_(source), text_(source.text()), shift_(shift), found_(found) {}

  void walk(const Node& node, std::string_view path) {
    for (const Node::Entry& entry : node.entries) {
      const std::string below = path.empty() ? entry.key : fmt::format("{}.{}", path, entry.key);
      if (below == "sweep") {
        settings(entry.value);
        continue;
      }
      if (path == split && is_part(entry.key)) add_key(entry, entry.key);
      walk(entry.value, below);
    }
    for (const Node& item : node.items) walk(item, path);
    const bool refers = node.text.find("${") != std::string::npos;
    if (node.kind != Node::Kind::string) return;
    const std::pair place(node.where.line, node.where.column);
    if (is_metric(path))
      metrics_.emplace(place, node);
    else
      others_.insert(place);
    if (is_metric(path) || refers) add_words(node, is_metric(path));
  }

  // A text that an alias puts in the place of a metric and in another one would be changed in both.
  void check_aliases() const {
    for (const auto& [place, node] : metrics_)
      if (others_.contains(place) && !words_in(SourceText(node.text, ""), 0, {0, node.text.size()}, true).empty())
        throw Error(Diagnostic{.where = node.where,
                               .message = fmt::format("`{}` is a metric in one place and, by an alias, something else "
                                                      "in another",
                                                      printable(node.text)),
                               .advice = "write the metric out in its own place"});
  }

  void settings(const Node& map) {
    for (const Node::Entry& entry : map.entries) {
      if (entry.key == "zip" && entry.value.kind == Node::Kind::map)
        settings(entry.value);
      else
        setting(entry);
    }
  }

  void search(const Node& declared) {
    const Node* space = declared.find("space");
    if (!space) return;
    for (const Node& dimension : space->items) {
      const Node *keys = dimension.find("keys"), *values = dimension.find("values");
      for (std::size_t column = 0; keys && column < keys->items.size(); ++column) {
        const Node& key = keys->items[column];
        setting({key.text, key.where, {}});
        if (!values) continue;
        for (const Node& row : values->items)
          if (column < row.items.size()) setting({key.text, key.where, row.items[column]});
      }
    }
  }

  // `KEY=VALUE` as text.
  void setting(Range key, Range value) {
    const std::string_view path = text_.substr(key.begin, key.end - key.begin);
    add_references(value);
    if (names_part(path)) add(key.end - last_of(path).size(), {.use = PartWord::Use::key, .values = {}});
    for (const std::string& meant : paths_meant(path)) {
      if (is_metric(meant)) add_metrics(value);
      add_maps(value, meant);
    }
  }

  void command() { command({0, text_.size()}); }

 private:
  void setting(const Node::Entry& entry) {
    if (names_part(entry.key)) add_key(entry, last_of(entry.key));
    const std::vector<std::string> meant = paths_meant(entry.key);
    if (meant.empty()) walk(entry.value, of_no_part);
    for (const std::string& path : meant) {
      walk(entry.value, path);
      if (entry.value.kind == Node::Kind::string && entry.value.text.find('{') != std::string::npos)
        add_maps(whole_range_of(entry.value), path);
    }
  }

  void command(Range line) {
    for (std::size_t at = line.begin; at < line.end;) {
      const bool starts = at == line.begin || is_blank(text_[at - 1]) || text_[at - 1] == '(' || text_[at - 1] == ';';
      const std::optional<std::size_t> closing = starts ? end_of_quoted(text_.substr(0, line.end), at) : std::nullopt;
      const std::size_t equals = end_of_path(at);
      if (closing && text_.substr(end_of_path(at + 1), 1) == "=") {  // a word that a shell takes whole
        setting({at + 1, end_of_path(at + 1)}, {end_of_path(at + 1) + 1, *closing - 1});
        at = *closing;
      } else if (closing) {
        command({at + 1, *closing - 1});
        at = *closing;
      } else if (starts && equals > at && text_.substr(equals, 1) == "=") {
        const std::size_t end = value_end(equals + 1, line.end);
        setting({at, equals}, {equals + 1, end});
        at = end;
      } else {
        at = std::max(equals, at + 1);
      }
    }
  }

  std::size_t end_of_path(std::size_t at) const {
    while (at < text_.size() && is_word_character(text_[at])) ++at;
    return at;
  }

  // Past the value that starts at `at`: to a blank, or to what ends zip(...) or its part.
  std::size_t value_end(std::size_t at, std::size_t end) const {
    while (at < end && !is_blank(text_[at]) && text_[at] != ';' && text_[at] != ')')
      at = std::min(end_of_enclosed(text_, at).value_or(at + 1), end);
    return at;
  }

  void add(std::size_t offset, PartWord word) {
    word.is_test = text_.substr(offset).starts_with(parts[0]);
    found_.emplace(offset + shift_, std::move(word));
  }

  void add_key(const Node::Entry& entry, std::string_view part) {
    std::size_t offset = source_.offset_of(entry.key_where);
    if (text_.substr(offset, 1) == "\"" || text_.substr(offset, 1) == "'") ++offset;
    if (text_.substr(offset, entry.key.size()) != entry.key)
      throw Error(Diagnostic{.where = entry.key_where,
                             .message = fmt::format("the key `{}` is not written out here", printable(entry.key)),
                             .advice = "write it without alias and escape sequences"});
    PartWord word{.use = PartWord::Use::key, .values = {}};
    if (entry.value.kind == Node::Kind::string) word.values.push_back(entry.value.text);
    for (const Node& item : entry.value.items)
      if (item.kind == Node::Kind::string) word.values.push_back(item.text);
    add(offset + entry.key.size() - part.size(), std::move(word));
  }

  // What is written of a string, without its quotes. Its lines are folded, but no character but blanks is left out.
  Range range_of(const Node& node) const {
    std::size_t at = source_.offset_of(node.where);
    if (const auto end = end_of_quoted(text_, at)) return {at + 1, *end - 1};
    if (text_.substr(at, 1) == "|" || text_.substr(at, 1) == ">") at = std::min(text_.find('\n', at), text_.size());
    const std::size_t begin = at;
    for (const char c : node.text) {
      if (is_blank(c)) continue;
      while (at < text_.size() && is_blank(text_[at])) ++at;
      ++at;
    }
    return {begin, std::min(at, text_.size())};
  }

  Range whole_range_of(const Node& node) const {
    const Range range = range_of(node);
    if (text_.substr(range.begin, range.end - range.begin) != node.text)
      throw Error(Diagnostic{.where = node.where,
                             .message = "this map is written as a text of several lines or with escape sequences",
                             .advice = "write it as a map"});
    return range;
  }

  static PartWords words_in(const SourceText& source, std::size_t shift, Range range, bool is_metric) {
    PartWords found;
    Finder finder(source, shift, found);
    finder.add_references(range);
    if (is_metric) finder.add_metrics(range);
    return found;
  }

  // As many as there are in the text that is read; an escape sequence may stand for a letter of one.
  void add_words(const Node& node, bool is_metric) {
    PartWords written = words_in(source_, shift_, range_of(node), is_metric);
    if (written.size() != words_in(SourceText(node.text, ""), 0, {0, node.text.size()}, is_metric).size())
      throw Error(Diagnostic{.where = node.where,
                             .message = fmt::format("`{}` is not written out here", printable(node.text)),
                             .advice = "write it without escape sequences"});
    found_.merge(written);
  }

  void add_references(Range range) {
    for (std::size_t at = range.begin; at < range.end;) {
      if (text_.substr(at, 3) == "$${") {
        at += 3;
        continue;
      }
      if (text_.substr(at, 2) == "${")
        for (std::string_view part : parts)
          if (text_.substr(at + 2).starts_with(fmt::format("{}.{}}}", split, part)))
            add(at + 2 + split.size() + 1, {.use = PartWord::Use::reference, .values = {}});
      ++at;
    }
  }

  void add_metrics(Range range) {
    for (std::size_t at = range.begin; at < range.end; ++at) {
      const std::string_view rest = text_.substr(at, range.end - at), before = text_.substr(0, at);
      const bool starts = at == range.begin ||
                          (!is_word_character(text_[at - 1]) && text_[at - 1] != '\\' && !before.ends_with("${env:"));
      if (starts && (rest.starts_with("test_") || rest.starts_with("validation_")))
        add(at, {.use = PartWord::Use::metric, .values = {}});
    }
  }

  // Every `{...}` in a value's text is a map at this path. What is none stays as it is: reading it tells.
  void add_maps(Range range, std::string_view path) {
    for (std::size_t at = range.begin; at < range.end;) {
      const auto end = end_of_enclosed(text_.substr(0, range.end), at);
      if (text_[at] == '{' && end) {
        const std::string map(text_.substr(at, *end - at));
        Diagnostics faults;
        const std::optional<Node> node = parse_document(map, source_.file(), faults);
        if (node && !faults.has_errors())
          Finder(SourceText(map, source_.file()), shift_ + at, found_).walk(*node, path);
      }
      at = text_[at] == '{' || text_[at] == '"' || text_[at] == '\'' ? end.value_or(at + 1) : at + 1;
    }
  }

  const SourceText& source_;
  std::string_view text_;
  std::size_t shift_;
  PartWords& found_;
  // Texts, by line and column.
  std::map<std::pair<int, int>, Node> metrics_;
  std::set<std::pair<int, int>> others_;
};

}  // namespace

PartWords part_words_of_experiment(const SourceText& source, const Node& root) {
  PartWords found;
  Finder finder(source, 0, found);
  finder.walk(root, "");
  finder.check_aliases();
  return found;
}

PartWords part_words_of_settings(const SourceText& source, const Node& root) {
  PartWords found;
  Finder(source, 0, found).settings(root);
  return found;
}

PartWords part_words_of_search(const SourceText& source, const Node& root) {
  PartWords found;
  Finder(source, 0, found).search(root);
  return found;
}

PartWords part_words_of_setting(const SourceText& word) {
  PartWords found;
  const std::size_t equals = std::min(word.text().find('='), word.text().size());
  Finder(word, 0, found).setting({0, equals}, {std::min(equals + 1, word.text().size()), word.text().size()});
  return found;
}

PartWords part_words_of_command(const SourceText& line) {
  PartWords found;
  Finder(line, 0, found).command();
  return found;
}

}  // namespace rxrun
