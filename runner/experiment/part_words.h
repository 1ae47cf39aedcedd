// Where a text says `test` or `validation` of the parts of the data. The program goes by the names of keys and metrics;
// this knows where a user may have written them, for one who has to change them in place.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/node.h"
#include "experiment/source_text.h"

namespace rxrun {

// The word itself, without the rest of its key, its metric or its path: `test` of `test_auc` and of `split.test`.
struct PartWord {
  enum class Use { key, metric, reference };  // of data.split; that is watched; ${data.split.test}
  Use use = Use::key;
  bool is_test = false;             // else `validation`
  std::vector<std::string> values;  // of a key: what the source calls the part, where it is not a fraction
};

// By their offsets.
using PartWords = std::map<std::size_t, PartWord>;

inline constexpr std::string_view name_of(const PartWord& word) { return word.is_test ? "test" : "validation"; }

// Of an experiment file, its section `sweep` included. Throws Error for a word that is not written out where it counts,
// but by an alias or an escape.
PartWords part_words_of_experiment(const SourceText& source, const Node& root);

// Of a map from paths, or tails of them, to values, as the section `sweep` is one: {"data.split.test": 0.2}.
PartWords part_words_of_settings(const SourceText& source, const Node& root);

// Of what a search chooses among, as results.db keeps it: {"space": [{"keys": [...], "values": [[...], ...]}, ...]}.
PartWords part_words_of_search(const SourceText& source, const Node& root);

// Of one `KEY=VALUE`, to its end.
PartWords part_words_of_setting(const SourceText& word);

// Of every `KEY=VALUE` in a command line, those within zip(...) included.
PartWords part_words_of_command(const SourceText& line);

}  // namespace rxrun
