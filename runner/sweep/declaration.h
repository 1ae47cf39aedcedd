// What a sweep varies: the words of the command line → dimensions.
//
//   WORD      = FILE | key=VALUES | zip(key=VALUES; key=VALUES; ...)
//   VALUES    = ITEM,ITEM,...  | log(low,high) | uniform(low,high[,step]) | iso(parameters)
//   ITEM      = range(first,last[,step]) | first..last | a value as an override has it: 8, 1e-4, [0.9, 0.99], "a,b"
//
// Commas within brackets or quotes belong to the value.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "experiment/document.h"

namespace rxrun {

struct Dimension {
  enum class Kind {
    grid,         // each row of `values`
    uniform,      // a number drawn from [low, high], in steps of `step` from `low` if that is not 0
    logarithmic,  // a number whose logarithm is drawn
    iso,          // worked out for each point, so that `quantity` is that of the experiment as the file has it
  };
  Kind kind = Kind::grid;
  std::vector<std::string> keys;                 // one; of zip several
  std::vector<std::vector<std::string>> values;  // grid: a row holds a value for each key
  double low = 0.0, high = 0.0, step = 0.0;
  std::string quantity;  // iso: "parameters"
  SourceLocation where;  // of the values
};

struct Declaration {
  std::vector<std::filesystem::path> files;  // as typed; may be empty
  std::vector<Override> fixed;               // one value only: the same for every point
  std::vector<Dimension> dimensions;         // in the order typed
};

// Why it is larger than can be worked with; empty: it is not.
std::string fault_of_size(const Declaration& declaration);

// Throws Error with every fault found, each pointing at its character in the word, or with fault_of_size().
Declaration parse_declaration(const std::vector<std::string>& words);

}  // namespace rxrun
