#include "cli/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <new>

#include "cli/commands.h"
#include "cli/declare.h"
#include "cli/standard_output.h"
#include "diagnostics/render.h"
#include "version.h"

namespace rxrun {
namespace {

// "--depth N (default: 0)" for the parser's own "--depth INT:INT in [0 - 64]=0": a value outside of its range is told
// with the range.
class ReadableHelp final : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0) return {};
    std::string type = option->get_type_name();
    const std::string checks = type.substr(std::min(type.find(':'), type.size()));
    type.resize(type.size() - checks.size());
    if (const std::size_t names = checks.find('{'); names != std::string::npos) {
      type = checks.substr(names + 1, checks.find('}') - names - 1);
      std::replace(type.begin(), type.end(), ',', '|');
    } else if (type == "INT" || type == "UINT") {
      type = "N";
    } else if (type == "FLOAT") {
      type = "NUMBER";
    }
    const bool positional = option->get_positional();
    std::string text = positional && type == "TEXT" ? "" : " " + type;
    if (option->get_expected_max() == CLI::detail::expected_max_vector_size) text += " ...";
    std::vector<std::string> more;
    if (!option->get_default_str().empty()) more.push_back("default: " + option->get_default_str());
    if (!option->get_envname().empty()) more.push_back("or " + option->get_envname());
    return more.empty() ? text : fmt::format("{} ({})", text, fmt::join(more, "; "));
  }
};

constexpr const char* overview = R"(Declarative experiment runner for image networks.

  rxrun init FOLDER                    write an experiment for the images of a folder
  rxrun FILE.yaml                      run an experiment (the same as: rxrun run FILE.yaml)
  rxrun run FILE.yaml lr=3e-4 batch=32 run it with overrides
  rxrun sweep cardinality=8,16,32      run every point of a sweep, in parallel; the same command again continues it
  rxrun best                           the best run so far
  rxrun best --by cardinality          means over seeds, and whether the differences are significant

Exit codes: 0 done, 1 the run failed, 2 usage, configuration, data or plugin error, 75 try again later, 128+n signal n.)";

constexpr const char* overrides_help =
    "KEY=VALUE: override a value of the file. KEY is a full path (training.epochs) or any unambiguous tail of it "
    "(epochs)";

constexpr const char* stored_overrides_help =
    "KEY=VALUE, for this command only: where the run's images are now (data.path, data.memory), plugin libraries of "
    "its "
    "(network.plugins), and how the machine is used (machine.device, threads, loader_threads). The rest of a run's "
    "experiment is fixed";

constexpr const char* sweep_footer = R"(WORDS are experiment files (default: experiments/default.yaml, or the installed one) and what to vary:
  cardinality=8,16,32                                    these values
  epochs=range(4,32,4)   seed=1..5                       from first to last, inclusive, in steps
  zip(cardinality=1,2,4,8,32; base_width=64,40,24,14,4)  values in pairs
  lr=log(1e-5,1e-2) --trials 20                          random draws, uniform in the logarithm
  lr=log(1e-5,1e-2) batch=16,32,64 --search tpe --trials 40
                                                         40 points, each chosen by the results of earlier ones
  label_smoothing=uniform(0,0.2)                         uniform random draws
  batch=uniform(16,64,8)                                 the same, in steps of 8
  base_width=iso(parameters) width_rule=paper            the width that keeps the number of parameters equal
  betas=[0.9,0.99],[0.8,0.9]   description='"a,b"'       brackets and quotes keep a comma in a value
Several of these give every combination; a single value is the same for every point. Keys are named as in `run`.
In a shell, quote words with parentheses or semicolons.

  rxrun sweep cardinality=8,16,32 --plan
  rxrun sweep a.yaml b.yaml 'lr=log(1e-4,1e-2)' --trials 10 --repeat 3

The same command again continues the sweep: a point that any sweep or run has finished is not computed twice.)";

constexpr const char* upgrade_footer =
    R"(Until 0.1, `test` was the part that is scored every epoch and chooses the weights, and `validation` the one that is
scored once, at the end. Now it is the other way round, as in most papers. The names are exchanged as keys of data.split,
in metrics that choose, in references such as ${data.split.test}, and in the section `sweep`. All else stays as it is:
comments too, and what the source itself calls its parts. A file that `extends` another is changed without that one.)";

void add_experiment(CLI::App& command, ExperimentArguments& experiment) {
  command.add_option("FILE", experiment.file, "experiment file")->required();
  command.add_option("OVERRIDES", experiment.overrides, overrides_help);
}

void add_run(CLI::App& command, std::string& run) {
  command.add_option("RUN", run, "number, name or unambiguous beginning of the name")->required();
}

// A run, and the keys of its experiment that may be set anew.
void add_run(CLI::App& command, std::string& run, std::vector<std::string>& overrides) {
  add_run(command, run);
  command.add_option("OVERRIDES", overrides, stored_overrides_help);
}

void add_no_test(CLI::App& command, bool& no_test) {
  command.add_flag("--no-test", no_test, "leave the test part alone; `rxrun evaluate` scores it later");
}

void add_network(CLI::App& command, int& depth, std::vector<std::int64_t>& input, std::int64_t& classes) {
  command.add_option("--depth", depth, "show the inside of blocks down to this depth; 0: all of it")
      ->check(CLI::Range(0, 64))
      ->capture_default_str();
  command.add_option("--input", input, "shape of one image: channels, height, width; default: that of the data")
      ->delimiter('x')
      ->expected(1, 3)
      ->check(CLI::Range(1, 65536))
      ->type_name("CxHxW");
  command.add_option("--classes", classes, "number of classes; default: that of the data")
      ->check(CLI::Range(1, 10'000'000));
}

void add_time(CLI::App& c, TimeOptions& o) {
  add_experiment(c, o.experiment);
  add_network(c, o.depth, o.input, o.classes);
  c.add_option("--steps", o.steps, "number of steps to take the median of")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  c.add_flag("--no-data", o.no_data, "do not measure the loader");
  c.add_option("--worker-of", o.worker_of, "one of a sweep's processes, which this one started")
      ->group("");  // for sweeps that measure the machine
  c.add_option("--compare", o.compare,
               "report what is slower than in this measurement (made with --json); exit code 1 if anything is")
      ->type_name("FILE");
  c.add_option("--threshold", o.threshold, "report what is slower by more than this many percent, beyond the noise")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
}

void add_sweep(CLI::App& c, SweepOptions& o) {
  c.add_option("WORDS", o.words, "experiment files and KEY=VALUES; see below");
  c.add_flag("--plan", o.plan, "show every point and what is known about it; run nothing");
  c.add_option("-j,--jobs", o.jobs,
               "points to run at a time, limited by memory; default: the number that gives the most images per second, "
               "measured once on each machine (or RXRUN_JOBS)")
      ->check(CLI::Range(1, 4096));
  c.add_option("--trials", o.trials, "number of random draws of log() and uniform(), or of points of a search")
      ->check(CLI::Range(1, 1'000'000));
  c.add_option("--search", o.search,
               "tpe: choose each point by the earlier ones' results on the validation part; the first ten are random")
      ->check(CLI::IsMember({"tpe"}));
  c.add_option("--draw-seed", o.draw_seed, "seed of the random draws (--trials, --search)")->capture_default_str();
  c.add_option("--repeat", o.repeat, "same as seed=1..N")->check(CLI::Range(1, 1'000'000));
  c.add_option("--retry", o.retry, "how often to retry a failed point")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  c.add_option("--only", o.only, "failed: retry only the points that failed")->check(CLI::IsMember({"failed"}));
  c.add_option("--prune", o.prune,
               "stop points that fall behind: asha (three times, only the better half continues) or median")
      ->check(CLI::IsMember({"asha", "median"}));
  c.add_flag("--fail-fast", o.fail_fast, "stop at the first point that fails");
  c.add_flag("--again", o.again, "compute finished points again");
  c.add_flag("--test", o.test, "score the test part of the points too, which is left alone otherwise");
  c.add_flag("--force", o.force, "allow more than 10,000 points, and more at once than fits in memory");
  c.footer(sweep_footer);
}

void print_error(const std::vector<Diagnostic>& diagnostics, const CommonOptions& common) {
  if (common.format == TableFormat::json) {
    std::cout << R"({"event":"error","diagnostics":)" << render_json(diagnostics) << "}" << std::endl;
    return;
  }
  std::cerr << render(diagnostics, {.color = use_color(common, STDERR_FILENO)}) << std::flush;
}

// Whatever its ending is: `idc.yamll` is a slip, and no command has a dot.
bool looks_like_experiment(const std::string& word) { return word.find_first_of("./") != std::string::npos; }

// `rxrun tag RUN +a -b`: -b is a tag to take away, not an option. The parser gets it as "+-b", which no tag can be.
void mark_tags(std::vector<std::string>& words) {
  for (std::string& word : words)
    if (word.size() > 1 && word[0] == '-' && word[1] != '-' && word != "-q" && word != "-h") word.insert(0, 1, '+');
}

int run_guarded(const std::function<int()>& action, const CommonOptions& common) {
  try {
    return action();
  } catch (const Error& error) {
    print_error(error.diagnostics(), common);
    return static_cast<int>(error.failure());
  } catch (const std::bad_alloc&) {
    print_error({{.where = {}, .message = "out of memory", .advice = "reduce data.batch or data.image_size"}}, common);
    return static_cast<int>(Failure::run);
  } catch (const std::exception& error) {
    print_error({{.where = {},
                  .message = fmt::format("internal error: {}", error.what()),
                  .advice = "please report this, with the command and the experiment file"}},
                common);
    return static_cast<int>(Failure::run);
  }
}

// Known before the words are parsed, for the errors of parsing.
CommonOptions common_in(const std::vector<std::string>& words) {
  CommonOptions common;
  if (std::find(words.begin(), words.end(), "--json") != words.end()) common.format = TableFormat::json;
  return common;
}

constexpr Heeds events{.results = true, .json = true, .quiet = true};
constexpr Heeds table{.json = true, .tables = true};
constexpr Heeds results_table{.results = true, .json = true, .tables = true, .quiet = true};

void declare_running_commands(CLI::App& app, Declared& declared, const EngineCommands& engine) {
  declare<RunOptions>(
      app, "run", "run an experiment; continue it if interrupted, report it if finished", declared, events, engine.run,
      [](CLI::App& c, RunOptions& o) {
        add_experiment(c, o.experiment);
        c.add_flag("--again", o.again, "run it again even if the same experiment has finished");
        add_no_test(c, o.no_test);
        // For sweeps, not for users:
        c.add_option("--identity", o.identity, "refuse if another identity results")->group("");
        c.add_option("--worker-of", o.worker_of, "one of a sweep's processes, which this one started")->group("");
      });
  declare<SweepOptions>(app, "sweep", "run every point of a sweep, in parallel; the same command again continues it",
                        declared, results_table, engine.sweep, add_sweep);
  declare<ResumeOptions>(app, "resume",
                         "continue an interrupted run; the result is the same as without the interruption", declared,
                         events, engine.resume, [](CLI::App& c, ResumeOptions& o) {
                           add_run(c, o.run, o.overrides);
                           add_no_test(c, o.no_test);
                         });
  declare<RerunOptions>(app, "rerun", "run a run's experiment again, and report what has changed since", declared,
                        events, engine.rerun, [](CLI::App& c, RerunOptions& o) {
                          add_run(c, o.run, o.overrides);
                          c.add_flag("--exact", o.exact, "refuse if data, plugins, engine or machine have changed");
                          add_no_test(c, o.no_test);
                        });
}

void declare_inspecting_commands(CLI::App& app, Declared& declared, const EngineCommands& engine) {
  declare<InitOptions>(app, "init", "write an experiment for the images of a folder, and say what was assumed",
                       declared, {.json = true, .quiet = true}, run_init, [](CLI::App& c, InitOptions& o) {
                         c.add_option("FOLDER", o.data,
                                      "where the images lie: class folders, IDX files, CIFAR's binary files; or a "
                                      "MedMNIST .npz, or a manifest .csv")
                             ->required();
                         c.add_option("-o,--output", o.output,
                                      "file to write; default: named after FOLDER, in the current folder")
                             ->type_name("FILE");
                         c.add_option("--layout", o.layout,
                                      "what the folders on each level are, such as part/class or group/class, where "
                                      "their names do not tell (data.layout)");
                         c.add_option("--include", o.include, "only images of this pattern (data.include)")
                             ->type_name("PATTERN")
                             ->allow_extra_args(false);
                         c.add_option("--exclude", o.exclude, "no images of this pattern (data.exclude)")
                             ->type_name("PATTERN")
                             ->allow_extra_args(false);
                         c.add_option("--channels", o.channels,
                                      "of the network's input, where it is neither grey nor colour (data.channels)")
                             ->check(CLI::Range(1, 1024));
                         c.add_flag("--force", o.force, "replace a file of that name");
                       });
  declare<CheckOptions>(app, "check",
                        "report every error of an experiment file that can be found without decoding an image",
                        declared, {.json = true, .quiet = true}, engine.check, [](CLI::App& c, CheckOptions& o) {
                          add_experiment(c, o.experiment);
                          c.add_option("--pictures", o.pictures,
                                       "draw images of each part and class as the network sees them: decoded, "
                                       "windowed, resized, augmented")
                              ->type_name("FILE.png");
                        });
  declare<SummaryOptions>(app, "summary", "print the layer table, parameters, multiply-adds and memory", declared,
                          {.json = true}, engine.summary, [](CLI::App& c, SummaryOptions& o) {
                            add_experiment(c, o.experiment);
                            add_network(c, o.depth, o.input, o.classes);
                          });
  declare<TimeOptions>(app, "time",
                       "time each layer of a training step, and the loader, relative to what the machine can do",
                       declared, results_table, engine.time, add_time);
  declare<ExplainOptions>(app, "explain", "show where a value of an experiment comes from", declared, {.json = true},
                          run_explain, [](CLI::App& c, ExplainOptions& o) {
                            c.add_option("FILE", o.experiment.file, "experiment file")->required();
                            c.add_option("KEY", o.key, "full path, or any unambiguous tail of it")->required();
                            c.add_option("OVERRIDES", o.experiment.overrides, overrides_help);
                          });
  declare<SchemaOptions>(app, "schema", "print the JSON Schema of experiment files, with the layers of all plugins",
                         declared, {}, run_schema, [](CLI::App&, SchemaOptions&) {});
  declare<UpgradeOptions>(app, "upgrade",
                          "rewrite experiment files of rxrun 0.1, where `test` was the part that is scored every epoch",
                          declared, {.json = true, .quiet = true}, run_upgrade, [](CLI::App& c, UpgradeOptions& o) {
                            c.add_option("FILE", o.files, "experiment files, each on its own")->required();
                            c.add_flag("--write", o.write, "rewrite the files; without it, only show what changes");
                            c.add_flag("--from-old-names", o.from_old_names,
                                       "take a file of rxrun 0.1 for granted where nothing in it tells; such a file "
                                       "does not tell afterwards either: do this once");
                            c.footer(upgrade_footer);
                          });
}

void declare_plugin_commands(CLI::App& app, Declared& declared, const EngineCommands& engine) {
  CLI::App* plugins = declare<PluginsOptions>(app, "plugins", "list the plugins", declared, table, run_plugins,
                                              [](CLI::App&, PluginsOptions&) {});
  plugins->require_subcommand(0, 1);
  declare<PluginsShowOptions>(
      *plugins, "show", "show a plugin's layers with all their options", declared, table, run_plugins_show,
      [](CLI::App& c, PluginsShowOptions& o) { c.add_option("NAME", o.name, "plugin, library or layer")->required(); });
  declare<PluginsNewOptions>(*plugins, "new", "write a new plugin that builds and passes its test", declared, {},
                             run_plugins_new, [](CLI::App& c, PluginsNewOptions& o) {
                               c.add_option("NAME", o.name, "name of the plugin")->required();
                               c.add_option("--folder", o.folder,
                                            "where to write it; default: a new folder of that name")
                                   ->type_name("FOLDER");
                             });
  declare<PluginsTestOptions>(*plugins, "test", "check a plugin: shapes, gradients, save and load, determinism",
                              declared, {.json = true, .tables = true, .quiet = true}, engine.plugins_test,
                              [](CLI::App& c, PluginsTestOptions& o) {
                                c.add_option("FILE", o.library, "library, or the name of a plugin")->required();
                              });
}

void declare_scoring_commands(CLI::App& app, Declared& declared, const EngineCommands& engine) {
  declare<EvaluateOptions>(app, "evaluate", "score a run's kept weights on a part of its data", declared, results_table,
                           engine.evaluate, [](CLI::App& c, EvaluateOptions& o) {
                             add_run(c, o.run, o.overrides);
                             c.add_option("--part", o.part,
                                          "train, validation or test; all: every image, with --other-data")
                                 ->check(CLI::IsMember({"train", "validation", "test", "all"}))
                                 ->capture_default_str();
                             c.add_flag("--other-data", o.other_data, "allow data other than the run's own");
                             c.add_option("--map-classes", o.map_classes,
                                          "a class of the other data and the run's class that it is; once for each")
                                 ->type_name("THEIRS=OURS")
                                 ->allow_extra_args(false);
                           });
  declare<PredictOptions>(
      app, "predict", "classify images with a run's kept weights", declared, results_table, engine.predict,
      [](CLI::App& c, PredictOptions& o) {
        add_run(c, o.run);
        c.add_option("IMAGES", o.words,
                     "image files, or folders of them, converted to the channels and the size of the network's input; "
                     "KEY=VALUE among them sets how the machine is used (machine.device=cpu, "
                     "threads=2), unless a file of that name exists")
            ->required();
      });
}

// `rxrun --results shared ls`: options before the command.
Diagnostic misplaced_options(const std::vector<std::string>& words, const std::vector<std::string>& commands) {
  const auto command = std::find_if(words.begin(), words.end(), [&](const std::string& word) {
    return std::find(commands.begin(), commands.end(), word) != commands.end() || looks_like_experiment(word);
  });
  std::vector<std::string> moved(command, words.end());
  if (moved.empty()) moved = {"COMMAND"};
  moved.insert(moved.end(), words.begin(), command);
  return {.where = {},
          .message = fmt::format("`{}` stands before the command", printable(words[0])),
          .advice = fmt::format("options follow it: `rxrun {}`", printable(fmt::format("{}", fmt::join(moved, " "))))};
}

// `rxrun FILE.yaml` is `rxrun run FILE.yaml`. Returns false, and prints why, if the first word is neither a command nor
// a file.
bool complete_command(std::vector<std::string>& words, const CLI::App& app) {
  if (words.empty()) words = {"--help"};
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
  if (words[0].starts_with('-')) {
    if (app.get_option_no_throw(words[0]) != nullptr) return true;
    print_error({misplaced_options(words, names)}, common_in(words));
    return false;
  }
  if (std::find(names.begin(), names.end(), words[0]) != names.end()) {
    if (words[0] == "tag") mark_tags(words);
    return true;
  }
  if (looks_like_experiment(words[0])) {
    words.insert(words.begin(), "run");
    return true;
  }
  const auto nearest = nearest_name(words[0], names);
  print_error({{.where = {},
                .message = fmt::format("`{}` is neither a command nor an experiment file", words[0]),
                .advice = nearest ? fmt::format("did you mean `{}`?", *nearest) : "`rxrun --help` lists the commands"}},
              common_in(words));
  return false;
}

// The command that was named, down to `plugins show`.
const CLI::App& named_command(const CLI::App& app) {
  const std::vector<CLI::App*> named = app.get_subcommands();
  return named.empty() ? app : named_command(*named.front());
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

// The parser's own words name no command and list what is left last first.
std::vector<Diagnostic> unexpected_words(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  const std::string name = full_name(command), help = fmt::format("`{} --help` lists its options", name);
  std::vector<Diagnostic> found;
  for (const std::string& word : command.remaining(true)) {
    if (word.starts_with('-')) {
      const auto nearest = nearest_name(word.substr(0, word.find('=')), names);
      found.push_back({.where = {},
                       .message = fmt::format("`{}` has no option `{}`", name, printable(word)),
                       .advice = nearest ? fmt::format("did you mean `{}`?", *nearest) : help});
    } else if (found.empty()) {  // what follows an unknown option may be its value
      found.push_back({.where = {},
                       .message = fmt::format("`{}` takes no further word, found `{}`", name, printable(word)),
                       .advice = help});
    }
  }
  return found;
}

int usage_error(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& words) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
  const CommonOptions common = common_in(words);
  const CLI::App& command = named_command(app);
  std::vector<Diagnostic> found;
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) found = unexpected_words(command);
  if (found.empty()) {
    const std::string name = full_name(command);
    const bool missing = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
    found = {{.where = {},
              .message = missing ? fmt::format("`{}`: {}", name, printable(error.what())) : printable(error.what()),
              .advice = fmt::format("`{} --help` lists its arguments and options", name)}};
  }
  print_error(found, common);
  return static_cast<int>(Failure::usage);
}

int run_command(int argc, char** argv, const EngineCommands& engine) {
  std::vector<std::string> words(argv + 1, argv + argc);
  Declared declared{.arguments = words};

  CLI::App app(overview, "rxrun");
  app.set_version_flag("--version", std::string(version), "print the version");
  app.formatter(std::make_shared<ReadableHelp>());
  app.require_subcommand(1);
  declare_running_commands(app, declared, engine);
  declare_inspecting_commands(app, declared, engine);
  declare_plugin_commands(app, declared, engine);
  declare_results_commands(app, declared);
  declare_scoring_commands(app, declared, engine);

  if (!complete_command(words, app)) return static_cast<int>(Failure::usage);
  try {
    std::reverse(words.begin(), words.end());  // CLI11 takes the words last first
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error, declared.arguments);
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
