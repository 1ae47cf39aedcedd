#include "cli/results_options.h"

#include "cli/commands.h"
#include "cli/declare.h"

namespace rxrun {
namespace {

constexpr const char* one_run = "number, name or unambiguous beginning of the name";
constexpr const char* where_help =
    "only runs with KEY=VALUE (or != < <= > >=); KEY is a column of v_runs, a metric, a parameter, `tag` or `sweep`. "
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
        ->type_name("FOLDER")
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
  if (heeds.quiet) command.add_flag("-q,--quiet", common.quiet, "print only warnings, errors and the result");
  command.add_option("--color", common.color, "colours: auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
}

void declare_results_commands(CLI::App& app, Declared& declared) {
  const auto command = [&]<typename Options>(const char* name, const char* help, int (*run)(const Options&),
                                             auto&& options) {
    const bool quiet = has_more_to_say(name);
    declare<Options>(app, name, help, declared, {.results = true, .json = true, .tables = true, .quiet = quiet}, run,
                     options);
  };
  command("ls", "list the runs, with the parameters in which they differ", run_ls, [](CLI::App& c, LsOptions& o) {
    c.add_option("--where", o.where, where_help)->type_name("CONDITION");
    c.add_option("--sort", o.sort, "sort by a column, a metric or a parameter; default: the newest first")
        ->type_name("KEY");
    c.add_flag("--descending", o.descending, "the largest first");
    c.add_option("--limit", o.limit, "number of runs to list; 0: all, which is the default with --json and --csv")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000}));
    c.add_flag("--removed", o.removed, "list the removed runs instead");
  });
  command("show", "show one run: its properties, parameters and epochs", run_show,
          [](CLI::App& c, ShowOptions& o) { c.add_option("RUN", o.run, one_run)->required(); });
  command("best", "show the best run, or compare groups of runs over their seeds", run_best,
          [](CLI::App& c, BestOptions& o) {
            c.add_option("--metric", o.metric, "metric to rank by")->type_name("METRIC")->capture_default_str();
            c.add_option("--limit", o.limit, "number of runs to show (default: 1), or of groups (default: all)")
                ->check(CLI::Range(1, 1'000'000));
            c.add_option_function<std::string>(  // which the parser would take for none where it is empty
                 "--by", [&o](const std::string& by) { o.by = by; },
                 "KEY[,KEY]: compare groups of runs by KEY: mean over seeds, and whether the difference is significant")
                ->type_name("KEYS");
            c.add_flag("--paired", o.paired, "with --by: a table that compares every two groups over equal seeds");
            c.add_option("--where", o.where, where_help)->type_name("CONDITION");
          });
  command("compare", "show runs side by side, and the epoch in which equal seeds diverge", run_compare,
          [](CLI::App& c, CompareOptions& o) {
            c.add_option("RUN", o.runs, "two or more runs")->required();
            c.add_flag("--all", o.all, "include values that are equal");
          });
  command("sql", "query results.db with SQL, read-only", run_sql, [](CLI::App& c, SqlOptions& o) {
    c.add_option("STATEMENT", o.statement, "a single SELECT; schemas/README.md describes the views")->required();
  });
  command("tag", "add tags to a run, or remove them: rxrun tag RUN +paper -draft", run_tag,
          [](CLI::App& c, TagOptions& o) {
            c.add_option("RUN", o.run, one_run)->required();
            c.add_option("TAGS", o.tags, "+TAG or TAG adds a tag, -TAG removes it");
          });
  command("note", "attach a note to a run; an empty one removes it", run_note, [](CLI::App& c, NoteOptions& o) {
    c.add_option("RUN", o.run, one_run)->required();
    c.add_option("TEXT", o.text, "the note")->required();
  });
  command("rename", "rename a run", run_rename, [](CLI::App& c, RenameOptions& o) {
    c.add_option("RUN", o.run, one_run)->required();
    c.add_option("NAME", o.name, "the new name, which no other run may have")->required();
  });
  command("rm", "remove runs from all lists; nothing is deleted before `gc`", run_rm, [](CLI::App& c, RmOptions& o) {
    c.add_option("RUN", o.runs, one_run)->required();
    c.add_flag("--force", o.force, "also remove a run on another host that is marked as running");
  });
  command("restore", "bring back removed runs", run_restore,
          [](CLI::App& c, RestoreOptions& o) { c.add_option("RUN", o.runs, one_run)->required(); });
  command("gc", "list what can be deleted: removed runs, unfinished files, decoded images; delete it with --yes",
          run_gc, [](CLI::App& c, GcOptions& o) { c.add_flag("--yes", o.yes, "delete it permanently"); });
  command("export", "copy runs, with their checkpoints, to another folder of results", run_export,
          [](CLI::App& c, ExportOptions& o) {
            c.add_option("RUN", o.runs, one_run)->required();
            c.add_option("--to", o.to, "the folder, or the .db file in it; created if necessary")
                ->type_name("FOLDER")
                ->required();
            c.add_flag(
                "--pseudonyms", o.pseudonyms,
                "replace the names of images, groups and places by pseudonyms, which are the same in every export "
                "with the same key; logs stay behind");
            c.add_option("--key", o.key,
                         "file of the key of the pseudonyms, made if it is not there; default: pseudonyms.key in the "
                         "folder of results. Who has it can tell names by it: it stays with you")
                ->type_name("FILE");
            c.add_flag("--no-names", o.no_names, "leave the names of images, groups and places out; logs stay behind");
          });
  command("import", "copy in the runs of another folder of results; repeating it changes nothing", run_import,
          [](CLI::App& c, ImportOptions& o) {
            c.add_option("FROM", o.from, "the folder, or the .db file in it")->required();
          });
}

}  // namespace rxrun
