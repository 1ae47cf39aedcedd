// Options of the commands that ask or tend results.db. None of them needs LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/common_options.h"

namespace rxrun {

struct LsOptions {
  CommonOptions common;
  std::vector<std::string> where;
  std::string sort;
  bool descending = false;
  std::optional<std::int64_t> limit;  // absent: a page in a table for reading, all otherwise
  bool removed = false;
};
struct ShowOptions {
  CommonOptions common;
  std::string run;
};
struct BestOptions {
  CommonOptions common;
  std::string metric = "validation_accuracy";
  std::optional<std::int64_t> limit;  // absent: the best run, or all groups
  std::optional<std::string> by;      // "cardinality,base_width": grouped over the seeds
  bool paired = false;                // the comparisons of the groups as a table
  std::vector<std::string> where;
};
struct CompareOptions {
  CommonOptions common;
  std::vector<std::string> runs;
  bool all = false;
};
struct SqlOptions {
  CommonOptions common;
  std::string statement;
};

struct TagOptions {
  CommonOptions common;
  std::string run;
  std::vector<std::string> tags;
};
struct NoteOptions {
  CommonOptions common;
  std::string run, text;
};
struct RenameOptions {
  CommonOptions common;
  std::string run, name;
};
struct RmOptions {
  CommonOptions common;
  std::vector<std::string> runs;
  bool force = false;
};
struct RestoreOptions {
  CommonOptions common;
  std::vector<std::string> runs;
};
struct GcOptions {
  CommonOptions common;
  bool yes = false;
};

struct ExportOptions {
  CommonOptions common;
  std::vector<std::string> runs;
  std::filesystem::path to;
  bool pseudonyms = false;    // for the names of images and groups
  bool no_names = false;      // without them
  std::filesystem::path key;  // of the pseudonyms; empty: pseudonyms.key in the results
};
struct ImportOptions {
  CommonOptions common;
  std::filesystem::path from;
};

}  // namespace rxrun
