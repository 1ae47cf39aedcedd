#include "cli/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <new>

#include "cli/commands.h"
#include "cli/declare.h"
#include "cli/standard_output.h"
#include "diagnostics/render.h"
#include "version.h"

namespace rxrun {
namespace {

constexpr const char* overview = R"(Declarative experiment runner for image networks.

  rxrun FILE.yaml                      run an experiment (the same as: rxrun run FILE.yaml)
  rxrun run FILE.yaml lr=3e-4 batch=32 run it with overrides
  rxrun sweep cardinality=8,16,32      every point of a sweep, in parallel; the same again continues
  rxrun best                           the best run so far
  rxrun best --by cardinality          means over seeds, and whether one is really better

Exit codes: 0 done, 1 the run failed, 2 usage, configuration, data or plugin error, 75 try again later, 128+n signal n.)";

constexpr const char* overrides_help =
    "KEY=VALUE: a value instead of the file's. KEY is a full path (training.epochs) or any unambiguous tail (epochs)";

constexpr const char* stored_overrides_help =
    "KEY=VALUE: where the run's images lie now (data.path, data.memory) and how the machine is used (machine.device, threads, "
    "loader_threads), for this command only. The rest of a run's experiment is fixed";

constexpr const char* sweep_footer = R"(WORDS are experiment files (none: experiments/default.yaml) and what to vary:
  cardinality=8,16,32                                    these values
  epochs=range(4,32,4)   seed=1..5                       first to last, the last one included, in steps
  zip(cardinality=1,2,4,8,32; base_width=64,40,24,14,4)  in pairs
  lr=log(1e-5,1e-2) --trials 20                          drawn, even in the logarithm
  lr=log(1e-5,1e-2) batch=16,32,64 --search tpe --trials 40
                                                         40 of all of these, each chosen by what came of the others
  dropout=uniform(0,0.5)   planes=uniform(16,64,8)       drawn; in steps of 8
  base_width=iso(parameters)                             the width that keeps the number of parameters
  betas=[0.9,0.99],[0.8,0.9]   name='"a,b"'              brackets and quotes keep a comma in a value
Several of these give every combination; one value only is the same for every point. Keys as in `run`.
In a shell, words with parentheses or semicolons need quotes.

  rxrun sweep cardinality=8,16,32 --plan
  rxrun sweep a.yaml b.yaml 'lr=log(1e-4,1e-2)' --trials 10 --repeat 3

The same command again continues: finished points are not computed twice, whichever sweep or run computed them.)";

void add_experiment(CLI::App& command, ExperimentArguments& experiment) {
  command.add_option("FILE", experiment.file, "experiment file")->required();
  command.add_option("OVERRIDES", experiment.overrides, overrides_help);
}

void add_run(CLI::App& command, std::string& run) {
  command.add_option("RUN", run, "number, name or the beginning of a name")->required();
}

// A run with what may be said anew of its experiment.
void add_run(CLI::App& command, std::string& run, std::vector<std::string>& overrides) {
  add_run(command, run);
  command.add_option("OVERRIDES", overrides, stored_overrides_help);
}

void add_network(CLI::App& command, int& depth, std::vector<std::int64_t>& input, std::int64_t& classes) {
  command.add_option("--depth", depth, "how deep to look into blocks; 0 is all the way")->check(CLI::Range(0, 64))->capture_default_str();
  command.add_option("--input", input, "shape of one image, CxHxW, instead of the data's")->delimiter('x')->expected(1, 3)->check(CLI::Range(1, 65536));
  command.add_option("--classes", classes, "number of classes, instead of the data's")->check(CLI::Range(1, 10'000'000));
}

void add_sweep(CLI::App& c, SweepOptions& o) {
  c.add_option("WORDS", o.words, "experiment files and key=values; see below");
  c.add_flag("--plan", o.plan, "show every point and what is known of it, and run nothing");
  c.add_option("-j,--jobs", o.jobs, "points at a time, as far as memory holds them; by default as many as give this machine the most images a second, measured once")
      ->envname("RXRUN_JOBS")
      ->check(CLI::Range(1, 4096));
  c.add_option("--trials", o.trials, "how many draws of log() and uniform(), or points of a search")->check(CLI::Range(1, 1'000'000));
  c.add_option("--search", o.search, "tpe: choose each point by what the earlier ones were worth on the test part; the first ten are drawn")
      ->check(CLI::IsMember({"tpe"}));
  c.add_option("--draw-seed", o.draw_seed, "other draws")->capture_default_str();
  c.add_option("--repeat", o.repeat, "the same as seed=1..N")->check(CLI::Range(1, 1'000'000));
  c.add_option("--retry", o.retry, "how often to try a failed point again")->check(CLI::Range(0, 1000))->capture_default_str();
  c.add_option("--only", o.only, "failed: only points that have failed, once more")->check(CLI::IsMember({"failed"}));
  c.add_option("--prune", o.prune, "stop points that fall behind: asha (the better half goes on, three times) or median")
      ->check(CLI::IsMember({"asha", "median"}));
  c.add_flag("--fail-fast", o.fail_fast, "stop at the first point that fails");
  c.add_flag("--again", o.again, "compute finished points anew");
  c.add_flag("--force", o.force, "also more than 10,000 points, and more at a time than memory holds");
  c.footer(sweep_footer);
}

void print_error(const std::vector<Diagnostic>& diagnostics, const CommonOptions& common) {
  if (common.format == TableFormat::json) {
    std::cout << R"({"event":"error","diagnostics":)" << render_json(diagnostics) << "}" << std::endl;
    return;
  }
  std::cerr << render(diagnostics, {.color = use_color(common, STDERR_FILENO)}) << std::flush;
}

bool looks_like_experiment(const std::string& word) {
  return word.ends_with(".yaml") || word.ends_with(".yml") || word.find('/') != std::string::npos;
}

// `rxrun tag RUN +a -b`: -b is a tag to take away, not an option. The parser gets it as "+-b", which no tag can be.
void mark_tags(std::vector<std::string>& words) {
  for (std::string& word : words)
    if (word.size() > 1 && word[0] == '-' && word[1] != '-' && word != "-q" && word != "-h") word = "+" + word;
}

int run_guarded(const std::function<int()>& action, const CommonOptions& common) {
  try {
    return action();
  } catch (const Error& error) {
    print_error(error.diagnostics(), common);
    return static_cast<int>(error.failure());
  } catch (const std::bad_alloc&) {
    print_error({{.where = {}, .message = "out of memory", .advice = "a smaller data.batch or data.image_size needs less"}}, common);
    return static_cast<int>(Failure::run);
  } catch (const std::exception& error) {
    print_error({{.where = {}, .message = fmt::format("internal error: {}", error.what()), .advice = "please report this, with the command and the file"}}, common);
    return static_cast<int>(Failure::run);
  }
}

// What the environment says, when a fault of --jobs is its and not that of the words.
const char* jobs_of_environment(const std::string& fault, const std::vector<std::string>& words) {
  const auto is_jobs = [](const std::string& word) { return word.starts_with("-j") || word.starts_with("--jobs"); };
  if (!fault.starts_with("--jobs:") || std::any_of(words.begin(), words.end(), is_jobs)) return nullptr;
  return std::getenv("RXRUN_JOBS");
}

// Known before the words are parsed, for the errors of parsing.
CommonOptions common_in(const std::vector<std::string>& words) {
  CommonOptions common;
  if (std::find(words.begin(), words.end(), "--json") != words.end()) common.format = TableFormat::json;
  return common;
}

int run_command(int argc, char** argv, const EngineCommands& engine) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const std::vector<std::string> arguments = words;

  CLI::App app(overview, "rxrun");
  app.set_version_flag("--version", std::string(version), "print the version");
  app.require_subcommand(1);
  Declared declared{.arguments = arguments};
  const auto command = [&]<typename Options>(CLI::App& parent, const char* name, const char* help, const Heeds& heeds,
                                             int (*run)(const Options&), auto&& options) {
    return declare<Options>(parent, name, help, declared, heeds, run, options);
  };
  constexpr Heeds events{.results = true, .json = true, .quiet = true};
  constexpr Heeds table{.json = true, .tables = true};

  command(app, "run", "run an experiment, or continue or show what is already there of it", events, engine.run, [](CLI::App& c, RunOptions& o) {
    add_experiment(c, o.experiment);
    c.add_flag("--again", o.again, "run it anew though the same experiment has finished");
    c.add_option("--identity", o.identity, "refuse if another one comes out")->group("");
    c.add_option("--worker-of", o.worker_of, "end with this process")->group("");  // for sweeps, not for users
  });
  command(app, "sweep", "run every point of a sweep, in parallel; the same command again continues", {.results = true, .json = true, .tables = true, .quiet = true}, engine.sweep, add_sweep);
  command(app, "resume", "continue an interrupted run to the same result", events, engine.resume,
          [](CLI::App& c, ResumeOptions& o) { add_run(c, o.run, o.overrides); });
  command(app, "rerun", "run a run's experiment once more, and say what has changed since", events, engine.rerun, [](CLI::App& c, RerunOptions& o) {
    add_run(c, o.run, o.overrides);
    c.add_flag("--exact", o.exact, "refuse when data, plugins, engine or machine have changed");
  });
  command(app, "check", "tell every error of an experiment file, before any data is read", {.json = true, .quiet = true}, engine.check,
          [](CLI::App& c, CheckOptions& o) { add_experiment(c, o.experiment); });
  command(app, "summary", "print the layer table, parameters, multiply-adds and memory", {.json = true}, engine.summary, [](CLI::App& c, SummaryOptions& o) {
    add_experiment(c, o.experiment);
    add_network(c, o.depth, o.input, o.classes);
  });
  command(app, "time", "time each layer of a training step, and the loader, against what the machine can do", {.results = true, .json = true, .tables = true, .quiet = true}, engine.time, [](CLI::App& c, TimeOptions& o) {
    add_experiment(c, o.experiment);
    add_network(c, o.depth, o.input, o.classes);
    c.add_option("--steps", o.steps, "steps to take the median of")->check(CLI::Range(1, 100'000))->capture_default_str();
    c.add_flag("--no-data", o.no_data, "do not measure the loader");
    c.add_option("--worker-of", o.worker_of, "end with this process")->group("");  // for sweeps that measure the machine
    c.add_option("--compare", o.compare, "tell what is slower than in this measurement (made with --json); exit code 1 if anything is");
    c.add_option("--threshold", o.threshold, "by how many percent slower, beyond the noise")->check(CLI::Range(0.0, 1000.0))->capture_default_str();
  });
  command(app, "explain", "say where a value of an experiment comes from", {.json = true}, run_explain, [](CLI::App& c, ExplainOptions& o) {
    c.add_option("FILE", o.experiment.file, "experiment file")->required();
    c.add_option("KEY", o.key, "full path, or an unambiguous tail")->required();
    c.add_option("OVERRIDES", o.experiment.overrides, overrides_help);
  });
  command(app, "schema", "print the JSON Schema of experiment files, with the layers of all plugins", {}, run_schema, [](CLI::App&, SchemaOptions&) {});

  CLI::App* plugins = command(app, "plugins", "list the plugins", table, run_plugins, [](CLI::App&, PluginsOptions&) {});
  plugins->require_subcommand(0, 1);
  command(*plugins, "show", "show a plugin's layers with all their options", table, run_plugins_show,
          [](CLI::App& c, PluginsShowOptions& o) { c.add_option("NAME", o.name, "plugin, library or layer")->required(); });
  command(*plugins, "new", "write a new plugin that builds and passes its test", {}, run_plugins_new, [](CLI::App& c, PluginsNewOptions& o) {
    c.add_option("NAME", o.name, "name of the plugin")->required();
    c.add_option("--folder", o.folder, "where to write it; a new folder of its name by default");
  });
  command(*plugins, "test", "check a plugin: shapes, gradients, save and load, determinism", {.json = true, .tables = true, .quiet = true}, engine.plugins_test,
          [](CLI::App& c, PluginsTestOptions& o) { c.add_option("FILE", o.library, "library, or the name of a plugin")->required(); });

  declare_results_commands(app, declared);
  command(app, "evaluate", "score a run's best weights on a part of its data", {.results = true, .json = true, .tables = true, .quiet = true}, engine.evaluate, [](CLI::App& c, EvaluateOptions& o) {
    add_run(c, o.run, o.overrides);
    c.add_option("--part", o.part, "train, test or validation")->check(CLI::IsMember({"train", "test", "validation"}))->capture_default_str();
    c.add_flag("--other-data", o.other_data, "also when the data are not those that the run was made with");
  });
  command(app, "predict", "classify images with a run's best weights", {.results = true, .json = true, .tables = true, .quiet = true}, engine.predict, [](CLI::App& c, PredictOptions& o) {
    add_run(c, o.run);
    c.add_option("IMAGES", o.words, "image files; among them, KEY=VALUE says how the machine is used: machine.device=cpu, threads=2. An existing file is an image, whatever its name")->required();
  });

  if (!words.empty() && !words[0].starts_with('-')) {
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
    if (std::find(names.begin(), names.end(), words[0]) == names.end()) {
      if (!looks_like_experiment(words[0])) {
        const auto nearest = nearest_name(words[0], names);
        print_error({{.where = {}, .message = fmt::format("`{}` is neither a command nor an experiment file", words[0]),
                      .advice = nearest ? fmt::format("did you mean `{}`?", *nearest) : "`rxrun --help` lists the commands"}}, common_in(arguments));
        return static_cast<int>(Failure::usage);
      }
      words.insert(words.begin(), "run");
    }
  }
  if (words.empty()) words = {"--help"};
  if (words[0] == "tag") mark_tags(words);

  try {
    std::reverse(words.begin(), words.end());  // CLI11 takes the words last first
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    const CommonOptions common = common_in(arguments);
    if (const char* jobs = jobs_of_environment(error.what(), arguments)) {
      print_error({{.where = {}, .message = fmt::format("RXRUN_JOBS={} is no number of points at a time", printable(jobs)),
                    .advice = "from 1 to 4096 are; without RXRUN_JOBS it is measured"}}, common);
      return static_cast<int>(Failure::usage);
    }
    if (error.get_exit_code() != 0 && common.format == TableFormat::json) {
      print_error({{.where = {}, .message = error.what(), .advice = "`rxrun COMMAND --help` lists what it takes"}}, common);
      return static_cast<int>(Failure::usage);
    }
    return app.exit(error) == 0 ? 0 : static_cast<int>(Failure::usage);
  }
  return run_guarded(declared.action, *declared.chosen);
}

}  // namespace

bool use_color(const CommonOptions& common, int descriptor) {
  if (common.color != "auto") return common.color == "always";
  return isatty(descriptor) != 0 && std::getenv("NO_COLOR") == nullptr;
}

int parse_and_run(int argc, char** argv, const EngineCommands& engine) {
  return with_output_checked(run_command(argc, argv, engine));
}

}  // namespace rxrun
