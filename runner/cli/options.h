// The command line: every command's options as values, each command run by one function. options.cpp declares those
// here, results_options.cpp those of the commands that ask results.db or keep it in order.
//
// Two programs share these declarations. `rxrun` does what needs no LibTorch and starts at once; it hands everything
// else to `rxrun-engine`, with the same arguments.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/common_options.h"
#include "cli/results_options.h"
#include "plugin/checked_experiment.h"

namespace rxrun {

struct RunOptions {
  CommonOptions common;
  ExperimentArguments experiment;
  bool again = false;
  bool no_test = false;        // the test part is left alone
  std::string identity;        // that has to come out; empty: any
  std::int64_t worker_of = 0;  // the process of the sweep that started it; 0: none
};
struct SweepOptions {
  CommonOptions common;
  std::vector<std::string> words;  // files, key=values, zip(...); see sweep/declaration.h
  bool plan = false;
  bool test = false;  // score the test part of every finished point
  bool again = false;
  bool force = false;  // more than 10,000 points
  bool fail_fast = false;
  std::int64_t jobs = 0;  // 0: what gives this machine the most
  std::int64_t trials = 0;
  std::int64_t draw_seed = 1;
  std::int64_t repeat = 0;  // seeds 1 to so many; 0: as the file has it
  std::int64_t retry = 0;
  std::string prune;   // "median", "asha", or empty
  std::string search;  // "tpe", or empty: as the file has it
  std::string only;    // "failed", or empty
};
struct ResumeOptions {
  CommonOptions common;
  std::string run;
  std::vector<std::string> overrides;
  bool no_test = false;
};
struct RerunOptions {
  CommonOptions common;
  std::string run;
  std::vector<std::string> overrides;
  bool exact = false;
  bool no_test = false;
};
struct CheckOptions {
  CommonOptions common;
  ExperimentArguments experiment;
  std::filesystem::path pictures;  // a contact sheet to draw; empty: none
};
struct SummaryOptions {
  CommonOptions common;
  ExperimentArguments experiment;
  int depth = 0;                    // 0: all rows
  std::vector<std::int64_t> input;  // --input 3x224x224; empty: as the data has it
  std::int64_t classes = 0;         // 0: as the data has them
};
struct TimeOptions {
  CommonOptions common;
  ExperimentArguments experiment;
  int depth = 0;  // 0: all rows
  std::vector<std::int64_t> input;
  std::int64_t classes = 0;
  std::int64_t steps = 10;
  bool no_data = false;           // the loader is not measured
  std::int64_t worker_of = 0;     // the process of the sweep that started it; 0: none
  std::filesystem::path compare;  // a measurement by --json; empty: none
  double threshold = 10.0;        // percent
};
struct ExplainOptions {
  CommonOptions common;
  ExperimentArguments experiment;
  std::string key;
};
struct SchemaOptions {
  CommonOptions common;
};
struct InitOptions {
  CommonOptions common;
  std::filesystem::path data;    // a folder, or a file of a data set
  std::string layout;            // of folders; empty: by their names
  std::vector<std::string> include, exclude;
  std::int64_t channels = 0;  // 0: by the images
  std::filesystem::path output;  // empty: named after the data, in the current folder
  bool force = false;
};
struct UpgradeOptions {
  CommonOptions common;
  std::vector<std::filesystem::path> files;
  bool write = false;
  bool from_old_names = false;  // where the file does not tell
};
struct PluginsOptions {
  CommonOptions common;
};
struct PluginsShowOptions {
  CommonOptions common;
  std::string name;
};
struct PluginsNewOptions {
  CommonOptions common;
  std::string name;
  std::filesystem::path folder;
};
struct PluginsTestOptions {
  CommonOptions common;
  std::string library;
};
struct EvaluateOptions {
  CommonOptions common;
  std::string run;
  std::vector<std::string> overrides;
  std::string part = "test";
  bool other_data = false;
  std::vector<std::string> map_classes;  // "theirs=ours"
};
struct PredictOptions {
  CommonOptions common;
  std::string run;
  std::vector<std::string> words;
};  // images and overrides

// The commands in which the two programs differ: the engine runs them, `rxrun` hands them over. All others are run by
// the functions that commands.h names, in either. Each returns the exit code, or throws Error.
struct EngineCommands {
  int (*run)(const RunOptions&);
  int (*sweep)(const SweepOptions&);
  int (*resume)(const ResumeOptions&);
  int (*rerun)(const RerunOptions&);
  int (*check)(const CheckOptions&);
  int (*summary)(const SummaryOptions&);
  int (*time)(const TimeOptions&);
  int (*plugins_test)(const PluginsTestOptions&);
  int (*evaluate)(const EvaluateOptions&);
  int (*predict)(const PredictOptions&);
};

// Parses and runs; prints errors as the options ask and returns the exit code. Never throws.
int parse_and_run(int argc, char** argv, const EngineCommands& engine);

}  // namespace rxrun
