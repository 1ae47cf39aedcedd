// Until rxrun 0.1 two parts of the data had each the name that the field has for the other: `test` was scored every
// epoch and chose the weights, `validation` was scored once, at the end. Texts of that time, with the names as they are
// now; every other byte stays. What the source itself calls a part is no name of ours: `validation: test` becomes
// `test: test`.
//
// Each function takes the text to be of that time: done twice, it is undone. Whether an experiment file is,
// part_names() tells, as far as the file does. An Error has a place in the text, which is called `file`.
#pragma once

#include <string>
#include <vector>

#include "experiment/document.h"

namespace rxrun {

struct PartNames {
  enum class Kind {
    none,       // it names neither part, and so reads the same
    undecided,  // it names them, but nothing tells which is which: fractions alone
    reversed,   // as until 0.1
    current,
  };
  Kind kind = Kind::none;
  SourceLocation where;  // what tells; of undecided: the first name
  std::string because;   // reversed, current: "`test_auc` chooses by the part `test`"
};
// Of an experiment file. What tells are the metrics that choose; and, where there are none, a source's own test part
// given as one of the two: nobody should choose by it. Throws Error for a file that cannot be read, or whose metrics
// tell both.
PartNames part_names(const std::string& text, const std::string& file);

// An experiment file, or a stored one, with its section `sweep`. Throws Error when it cannot be read.
std::string upgraded_experiment(const std::string& text, const std::string& file);

// JSON as results.db has it of a point: {"data.split.test": 0.2, "training.keep_best.metric": "test_auc"}; a key may
// also be a tail, as for an override. Throws Error when it is no map.
std::string upgraded_settings(const std::string& json, const std::string& file);

// JSON as results.db has it of a search; the order of its dimensions stays. Throws Error when it is no map.
std::string upgraded_search(const std::string& json, const std::string& file);

// `split.test` = `0.2`. What names no part, and what is no value, stays.
Override upgraded_override(const Override& change);

// A command as it was typed, or the words of a sweep's declaration: every KEY=VALUES in it.
std::string upgraded_command(const std::string& line);

}  // namespace rxrun
