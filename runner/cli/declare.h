// How a command is declared to the parser. Within options*.cpp only.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/common_options.h"
#include "cli/results_options.h"

namespace rxrun {

// What parsing leaves behind: the command that was named, ready to be called.
struct Declared {
  std::vector<std::string> arguments;  // as typed
  const CommonOptions* chosen = nullptr;
  std::function<int()> action;
};

// Which of the common options a command heeds; no other is declared for it. --color every command has, for its errors.
struct Heeds {
  bool results = false;  // --results
  bool json = false;     // --json
  bool tables = false;   // --csv, --markdown
  bool quiet = false;    // --quiet
};

void add_common(CLI::App& command, CommonOptions& common, const Heeds& heeds);

// Declares one command: its options live as long as the parser, and its callback leaves the action in `declared`.
template <typename Options, typename Declare>
CLI::App* declare(CLI::App& parent, const char* name, const char* help, Declared& declared, const Heeds& heeds,
                  int (*run)(const Options&), Declare&& declare_options) {
  CLI::App* command = parent.add_subcommand(name, help);
  auto options = std::make_shared<Options>();
  options->common.arguments = declared.arguments;
  add_common(*command, options->common, heeds);
  declare_options(*command, *options);
  command->callback([options, run, command, &declared] {
    if (!command->get_subcommands().empty()) return;
    declared.chosen = &options->common;
    declared.action = [options, run] { return run(*options); };
  });
  return command;
}

void declare_results_commands(CLI::App& app, Declared& declared);

}  // namespace rxrun
