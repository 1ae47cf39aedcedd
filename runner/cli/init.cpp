// rxrun init FOLDER: an experiment for the images that lie there.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/class_images.h"
#include "cli/commands.h"
#include "diagnostics/render.h"
#include "diagnostics/shell_word.h"
#include "drafting/draft.h"
#include "drafting/recognise.h"
#include "experiment/folder_layout_text.h"
#include "files/files.h"
#include "files/target.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

void require_new(const fs::path& file, bool force) {
  require_target(file);
  std::error_code unknown;
  if (!force && fs::symlink_status(file, unknown).type() != fs::file_type::not_found)
    throw Error(Failure::usage, fmt::format("`{}` already exists", printable(file.string())),
                "choose another name with -o, or replace it with --force");
}

nlohmann::ordered_json json_of(const Draft& draft, const fs::path& file) {
  const DraftedData& data = draft.data;
  nlohmann::ordered_json json = {{"event", "written"},
                                 {"file", file.string()},
                                 {"name", draft.name},
                                 {"source", to_string(data.spec.source)},
                                 {"path", data.spec.path.string()},
                                 {"layout", data.layout},
                                 {"images", data.images},
                                 {"classes", data.classes},
                                 {"class_images", to_json(data.class_images)},
                                 {"groups", nullptr},
                                 {"image_size", data.spec.image_size},
                                 {"found", data.found},
                                 {"assumed", draft.assumed},
                                 {"look_at", draft.look_at}};
  if (data.groups > 0) json["groups"] = data.groups;
  return json;
}

void print_warnings(const std::vector<Diagnostic>& warnings, const CommonOptions& common) {
  for (const Diagnostic& warning : warnings)
    if (warning.severity != Severity::note || !common.quiet)
      std::cerr << render(warning, {.color = use_color(common, STDERR_FILENO)}) << std::flush;
}

void print(const Draft& draft, const fs::path& file) {
  std::cout << fmt::format("{}: written\n  found    {}\n", printable(file.string()), draft.data.found);
  const auto list = [](const char* heading, const std::vector<std::string>& sentences) {
    for (std::size_t i = 0; i < sentences.size(); ++i)
      std::cout << fmt::format("  {:<8} {}\n", i == 0 ? heading : "", sentences[i]);
  };
  list("assumed", draft.assumed);
  list("look at", draft.look_at);
  const std::string word = shell_word(file.string());
  std::cout << fmt::format("Next: rxrun check {0} --pictures {1}.png, and then: rxrun {0}\n", word, draft.name);
}

// Messages about folders name the keys of a file that is not there yet.
Draft drafted(const InitOptions& options) {
  DataSpec asked;
  asked.path = options.data;
  asked.include = options.include;
  asked.exclude = options.exclude;
  asked.channels = options.channels;
  if (!options.layout.empty()) {
    const auto layout = layout_of(options.layout);
    if (!layout)
      throw Error(Failure::usage, fmt::format("--layout {} is no layout", printable(options.layout)),
                  "write roles from `any`, `part`, `group` and `class` (once), such as part/class or any/group/class");
    asked.layout = *layout;
  }
  try {
    return draft_experiment(asked);
  } catch (const Error& error) {
    std::vector<Diagnostic> all = error.diagnostics();
    const auto names_a_key = [](const Diagnostic& diagnostic) {
      const std::string text = diagnostic.message + diagnostic.advice;
      return text.find("data.layout") != std::string::npos || text.find("data.exclude") != std::string::npos ||
             text.find("data.channels") != std::string::npos;
    };
    if (std::any_of(all.begin(), all.end(), names_a_key))
      all.push_back({.severity = Severity::note,
                     .where = {},
                     .message = "here they are options: --layout part/class, --include PATTERN, --exclude PATTERN, "
                                "--channels N",
                     .advice = {}});
    throw Error(error.failure(), std::move(all));
  }
}

}  // namespace

int run_init(const InitOptions& options) {
  if (!options.output.empty()) require_new(options.output, options.force);  // before the work
  const Draft draft = drafted(options);
  const fs::path file = options.output.empty() ? fs::path(draft.name + ".yaml") : options.output;
  require_new(file, options.force);
  print_warnings(draft.data.warnings, options.common);
  write_file_atomically(file, draft.text);
  if (options.common.format == TableFormat::json)
    std::cout << json_of(draft, file).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  else if (!options.common.quiet)
    print(draft, file);
  return 0;
}

}  // namespace rxrun
