#include "experiment/upgrade.h"

#include <algorithm>

#include <fmt/format.h>

#include "diagnostics/render.h"
#include "experiment/part_words.h"
#include "experiment/split_rules.h"

namespace rxrun {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// A text that was read: its tree, and its places without the byte order mark.
struct Read {
  Read(const std::string& text, const std::string& file)
      : mark(text.starts_with(byte_order_mark) ? byte_order_mark : ""),
        source(std::string_view(text).substr(mark.size()), file) {
    Diagnostics diagnostics;
    std::optional<Node> tree = parse_document(text, file, diagnostics);
    diagnostics.throw_errors();
    root = std::move(*tree);
    if (root.kind != Node::Kind::map)
      throw Error(
          Diagnostic{.where = root.where,
                     .message = fmt::format("expected a map of `key: value`, but this is {}", to_string(root.kind)),
                     .advice = {}});
  }

  std::string_view mark;
  SourceText source;
  Node root;
};

std::string exchanged(std::string_view text, const PartWords& words) {
  std::string changed;
  std::size_t done = 0;
  for (const auto& [offset, word] : words) {
    changed.append(text, done, offset - done).append(word.is_test ? "validation" : "test");
    done = offset + name_of(word).size();
  }
  return changed.append(text, done);
}

std::string exchanged(const Read& read, const PartWords& words) {
  return std::string(read.mark) + exchanged(read.source.text(), words);
}

// What a word says of the names in its file.
struct Sign {
  PartNames::Kind kind = PartNames::Kind::undecided;
  std::size_t bytes = 0;  // of what says it
  std::string because;
};

Sign sign_of(const PartWord& word, std::string_view text, std::size_t offset) {
  using Kind = PartNames::Kind;
  if (word.use == PartWord::Use::metric) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", offset);
    const std::string_view metric = text.substr(offset, std::min(end, text.size()) - offset);
    return {word.is_test ? Kind::reversed : Kind::current, metric.size(), fmt::format("`{}` chooses", metric)};
  }
  const auto official = std::find_if(word.values.begin(), word.values.end(), is_test_part);
  if (official == word.values.end()) return {};
  return {word.is_test ? Kind::current : Kind::reversed, name_of(word).size(),
          fmt::format("`{}` is the source's own `{}`", name_of(word), *official)};
}

[[noreturn]] void fail_contradictory(const SourceText& source, const PartNames& one, const Sign& other,
                                     std::size_t offset) {
  throw Error(Diagnostic{.where = source.place(offset, other.bytes),
                         .message = fmt::format("here {}, but in line {} {}: the one goes by the names until rxrun "
                                                "0.1, the other by those since",
                                                other.because, one.where.line, one.because),
                         .advice = "what is scored every epoch is `validation` now; change the file by hand"});
}

}  // namespace

PartNames part_names(const std::string& text, const std::string& file) {
  const Read read(text, file);
  const SourceText& source = read.source;
  const PartWords words = part_words_of_experiment(source, read.root);
  for (const PartWord::Use use : {PartWord::Use::metric, PartWord::Use::key}) {
    PartNames names;
    for (const auto& [offset, word] : words) {
      if (word.use != use) continue;
      const Sign sign = sign_of(word, source.text(), offset);
      if (sign.kind == PartNames::Kind::undecided) continue;
      if (names.kind == PartNames::Kind::none) {
        names = {sign.kind, source.place(offset, sign.bytes), sign.because};
      } else if (names.kind != sign.kind) {
        fail_contradictory(source, names, sign, offset);
      }
    }
    if (names.kind != PartNames::Kind::none) return names;
  }
  if (words.empty()) return {};
  const auto& [offset, word] = *words.begin();
  return {PartNames::Kind::undecided, source.place(offset, name_of(word).size()), {}};
}

std::string upgraded_experiment(const std::string& text, const std::string& file) {
  const Read read(text, file);
  return exchanged(read, part_words_of_experiment(read.source, read.root));
}

std::string upgraded_settings(const std::string& json, const std::string& file) {
  const Read read(json, file);
  return exchanged(read, part_words_of_settings(read.source, read.root));
}

std::string upgraded_search(const std::string& json, const std::string& file) {
  const Read read(json, file);
  return exchanged(read, part_words_of_search(read.source, read.root));
}

Override upgraded_override(const Override& change) {
  const std::string word = fmt::format("{}={}", change.path, change.value);
  const std::string changed = exchanged(word, part_words_of_setting(SourceText(word, "")));
  const std::size_t equals = changed.find('=');
  return {changed.substr(0, equals), changed.substr(equals + 1)};
}

std::string upgraded_command(const std::string& line) {
  return exchanged(line, part_words_of_command(SourceText(line, "")));
}

}  // namespace rxrun
