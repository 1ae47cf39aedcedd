#include "cli/results_options.h"

#include "cli/commands.h"
#include "cli/declare.h"

namespace rxrun {
namespace {

constexpr const char* one_run = "number, name or the beginning of a name";
constexpr const char* where_help =
    "only runs for which KEY=VALUE holds (or != < <= > >=); KEY is a column of v_runs, a metric, a parameter or `tag`. "
    "For example: --where cardinality=8 'validation_accuracy>0.9' tag=paper";

// Whether there is anything that --quiet could leave out: `show`, `compare` and `sql` print what was asked for alone.
bool has_more_to_say(const std::string& command) {
  return command != "show" && command != "compare" && command != "sql";
}

}  // namespace

void add_common(CLI::App& command, CommonOptions& common, const Heeds& heeds) {
  if (heeds.results)
    command.add_option("--results", common.results, "folder of results.db and checkpoints/")
        ->envname("RXRUN_RESULTS")
        ->capture_default_str();
  if (heeds.json)
    command.add_flag_callback(
        "--json", [&common] { common.format = TableFormat::json; }, "print JSON");
  if (heeds.tables) {
    command.add_flag_callback(
        "--csv", [&common] { common.format = TableFormat::csv; }, "print CSV");
    command.add_flag_callback(
        "--markdown", [&common] { common.format = TableFormat::markdown; }, "print a Markdown table");
  }
  if (heeds.quiet) command.add_flag("-q,--quiet", common.quiet, "print errors and the result only");
  command.add_option("--color", common.color, "colours: auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
}

void declare_results_commands(CLI::App& app, Declared& declared) {
  const auto command = [&]<typename Options>(const char* name, const char* help,
                                             int (*run)(const Options&), auto&& options) {
    const bool quiet = has_more_to_say(name);
    declare<Options>(app, name, help, declared, {.results = true, .json = true, .tables = true, .quiet = quiet}, run,
                     options);
  };
  command("ls", "list the runs, with the parameters in which they differ", run_ls, [](CLI::App& c, LsOptions& o) {
    c.add_option("--where", o.where, where_help)->type_name("CONDITION");
    c.add_option("--sort", o.sort, "by a column, a metric or a parameter instead of the newest first");
    c.add_flag("--descending", o.descending, "the largest first");
    c.add_option("--limit", o.limit, "how many runs; 0 is all, as for --json and --csv")->check(CLI::NonNegativeNumber);
    c.add_flag("--removed", o.removed, "list the removed runs instead");
  });
  command("show", "show one run: facts, parameters, epochs", run_show,
          [](CLI::App& c, ShowOptions& o) { c.add_option("RUN", o.run, one_run)->required(); });
  command("best", "name the best run, or the best of groups over their seeds", run_best,
          [](CLI::App& c, BestOptions& o) {
            c.add_option("--metric", o.metric, "by which metric")->capture_default_str();
            c.add_option("--limit", o.limit, "how many runs, 1 by default; or groups, all by default")
                ->check(CLI::Range(1, 1'000'000));
            c.add_option("--by", o.by,
                         "KEY[,KEY]: mean over the seeds of each value, and whether one is really better");
            c.add_flag("--paired", o.paired, "with --by: every two groups compared over equal seeds, as a table");
            c.add_option("--where", o.where, where_help)->type_name("CONDITION");
          });
  command("compare", "show runs side by side, and where equal seeds part", run_compare,
          [](CLI::App& c, CompareOptions& o) {
            c.add_option("RUN", o.runs, "two runs or more")->required();
            c.add_flag("--all", o.all, "also what is equal");
          });
  command("sql", "ask results.db with SQL, read-only", run_sql, [](CLI::App& c, SqlOptions& o) {
    c.add_option("STATEMENT", o.statement, "one SELECT; schemas/README.md lists the views")->required();
  });
  command("tag", "give a run tags, or take some away: rxrun tag RUN +paper -draft", run_tag,
          [](CLI::App& c, TagOptions& o) {
            c.add_option("RUN", o.run, one_run)->required();
            c.add_option("TAGS", o.tags, "+TAG or TAG gives, -TAG takes away");
          });
  command("note", "keep a note with a run; an empty one removes it", run_note, [](CLI::App& c, NoteOptions& o) {
    c.add_option("RUN", o.run, one_run)->required();
    c.add_option("TEXT", o.text, "what there is to remember")->required();
  });
  command("rename", "give a run another name", run_rename, [](CLI::App& c, RenameOptions& o) {
    c.add_option("RUN", o.run, one_run)->required();
    c.add_option("NAME", o.name, "a word that no run has as its name")->required();
  });
  command("rm", "remove runs; nothing is deleted before `gc`", run_rm, [](CLI::App& c, RmOptions& o) {
    c.add_option("RUN", o.runs, one_run)->required();
    c.add_flag("--force", o.force, "also one that says it is running where it cannot be looked at");
  });
  command("restore", "bring back removed runs", run_restore,
          [](CLI::App& c, RestoreOptions& o) { c.add_option("RUN", o.runs, one_run)->required(); });
  command("gc", "say what could be deleted: removed runs, half-written files; delete it with --yes", run_gc,
          [](CLI::App& c, GcOptions& o) { c.add_flag("--yes", o.yes, "delete it for good"); });
  command("export", "copy runs, with their checkpoints, into another folder of results", run_export,
          [](CLI::App& c, ExportOptions& o) {
            c.add_option("RUN", o.runs, one_run)->required();
            c.add_option("--to", o.to, "the folder, or the .db file in it; made if it is not there")->required();
          });
  command("import", "take over the runs of another folder of results; once more changes nothing", run_import,
          [](CLI::App& c, ImportOptions& o) {
            c.add_option("FROM", o.from, "the folder, or the .db file in it")->required();
          });
}

}  // namespace rxrun
