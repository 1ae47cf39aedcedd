#include "run/stored_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>

#include "diagnostics/render.h"
#include "diagnostics/shell_word.h"
#include "diagnostics/utf8.h"
#include "experiment/keys.h"
#include "experiment/places.h"
#include "files/files.h"
#include "recording/query.h"
#include "recording/run_folder.h"
#include "run/environment.h"
#include "run/prepare.h"

namespace rxrun {
namespace {

std::vector<std::string> overridable_keys(Overridable overridable) {
  std::vector<std::string> keys;
  if (overridable != Overridable::machine) keys = {"data.path", "data.memory"};
  if (overridable == Overridable::scored_data)
    keys.insert(keys.end(), {"data.on_bad_image", "data.layout", "data.include", "data.exclude"});
  for (const Key& key : machine_keys()) keys.push_back("machine." + key.name);
  keys.emplace_back("network.plugins");
  return keys;
}

void refuse(const Override& change, const std::string& key, const StoredRun& run, const std::filesystem::path& file,
            const std::vector<std::string>& allowed, Diagnostics& diagnostics) {
  const std::string word = change.path + "=" + change.value;
  const int length = static_cast<int>(std::max<std::size_t>(1, count_code_points(change.path)));
  const bool other_run = can_alter_numbers(key);
  std::string advice = fmt::format("what can be set here: {}", fmt::join(allowed, ", "));
  if (other_run) advice += fmt::format("; to make that run: rxrun {}", printable(shell_command({file.string(), word})));
  diagnostics.error({"command line", 1, 1, length, word},
                    other_run ? fmt::format("run {} would be a different run with another `{}`", run.id, key)
                              : fmt::format("`{}` has no effect here", key),
                    advice);
}

// Those that may be given; the others are errors. A key that does not exist is left for reading the experiment to tell.
std::vector<std::string> permitted(const StoredRun& run, const std::filesystem::path& file,
                                   const std::vector<std::string>& words, Overridable overridable,
                                   Diagnostics& diagnostics) {
  if (words.empty()) return {};
  std::vector<Override> overrides;
  for (const std::string& word : words) overrides.push_back(parse_override(word));
  const std::vector<std::string> keys = override_targets(file, overrides);
  const std::vector<std::string> allowed = overridable_keys(overridable);
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool may =
        keys[i].empty() || keys[i] == "machine" || std::find(allowed.begin(), allowed.end(), keys[i]) != allowed.end();
    if (may)
      rest.push_back(words[i]);
    else
      refuse(overrides[i], keys[i], run, file, allowed, diagnostics);
  }
  return rest;
}

// The stored file is not one that the user wrote: what is wrong with the data is told without a line of it.
void forget_places_in(const std::filesystem::path& file, DataSpec& data) {
  if (data.path_where.file == file.string()) data.path_where = {};
  for (auto& [key, where] : data.written)
    if (where.file == file.string()) where = {};
}

void require_images(const StoredRun& run, const DataSpec& data) {
  std::error_code unreadable;  // opening them tells
  if (run.generated_data || data.source == SourceKind::histology || std::filesystem::exists(data.path, unreadable) ||
      unreadable)
    return;
  throw Error(Diagnostic{
      Severity::error, data.path_where,
      fmt::format("the images of run {} are missing: {} does not exist", run.id, printable(data.path.string())),
      "say where they are now: data.path=PATH"});
}

// Facts of a run then and now: by name, the value of each side or an empty one.
using Facts = std::map<std::string, std::pair<std::string, std::string>>;

// Earlier versions recorded the builds of shipped plugins as those of the others.
void forget_shipped(Facts& facts) {
  std::erase_if(facts, [&](const auto& fact) {
    return fact.first.starts_with("plugin.") && fact.second.second.empty() &&
           facts.contains("shipped." + fact.first.substr(fact.first.find('.') + 1));
  });
}

bool holds(const std::filesystem::path& file, const std::string& text) {
  std::error_code missing;
  return std::filesystem::file_size(file, missing) == text.size() && !missing && read_file(file, text.size()) == text;
}

}  // namespace

StoredRun find_stored_run(const std::filesystem::path& results, const std::string& run) {
  const RunReference found = find_run(results / "results.db", run);
  const Table row = query(results / "results.db", "SELECT resolved, generated_data FROM runs WHERE id = ?", {found.id});
  const auto* resolved = std::get_if<std::string>(&row.rows.at(0)[0]);
  return {.id = found.id,
          .name = found.name,
          .identity = found.identity,
          .folder = own_folder(results, found.id, found.folder),
          .resolved = resolved ? *resolved : std::string(),
          .generated_data = row.rows[0][1] == Value(std::int64_t{1})};
}

CheckedExperiment stored_experiment(const StoredRun& run, const std::vector<std::string>& overrides,
                                    Overridable overridable) {
  const std::filesystem::path file = run.folder / "experiment.yaml";
  make_folder(run.folder);
  if (!holds(file, run.resolved)) write_file_atomically(file, run.resolved);
  Diagnostics diagnostics;
  const std::vector<std::string> words = permitted(run, file, overrides, overridable, diagnostics);
  CheckedExperiment checked = check_experiment({.file = file, .overrides = words}, diagnostics);
  forget_places_in(file, checked.read.experiment.data);
  if (overridable != Overridable::machine) require_images(run, checked.experiment().data);
  return checked;
}

std::vector<std::string> changes_of_data(const std::filesystem::path& results, std::int64_t run,
                                         const std::string& content_hash, const std::string& split_hash) {
  const Table then = query(results / "results.db", "SELECT content_hash, split_hash FROM runs WHERE id = ?", {run});
  std::vector<std::string> changes;
  if (then.rows.at(0)[0] != Value(content_hash)) changes.push_back("the images or their labels are different");
  if (then.rows[0][1] != Value(split_hash)) changes.push_back("different images are in train, validation or test");
  return changes;
}

bool has_images_of(const std::filesystem::path& results, std::int64_t run, const std::string& content_hash) {
  return query(results / "results.db", "SELECT content_hash FROM runs WHERE id = ?", {run}).rows.at(0)[0] ==
         Value(content_hash);
}

std::vector<std::int64_t> trained_class_counts(const std::filesystem::path& results, std::int64_t run,
                                               std::size_t classes, const LossSpec& loss) {
  std::vector<std::int64_t> counts(classes);
  const Table found = query(results / "results.db",
                            "SELECT label, count(*) FROM v_splits WHERE run = ? AND part = 'train' AND label >= 0"
                            " AND label < ? GROUP BY label",
                            {run, static_cast<std::int64_t>(classes)});
  for (const auto& row : found.rows)
    counts[static_cast<std::size_t>(std::get<std::int64_t>(row[0]))] = std::get<std::int64_t>(row[1]);
  if (found.rows.empty() && loss.balanced)
    throw Error(
        Failure::usage,
        fmt::format("{} does not say what run {} was trained on", printable((results / "results.db").string()), run),
        "its split is missing: import the run again from its folder");
  return counts;
}

bool has_scored_test(const std::filesystem::path& results, std::int64_t run) {
  return !query(results / "results.db", "SELECT 1 FROM evaluations WHERE run = ? AND part = 'test' AND own = 1 LIMIT 1",
                {run})
              .rows.empty();
}

int threads_of(const std::filesystem::path& results, std::int64_t run) {
  const Table row =
      query(results / "results.db",
            "SELECT CAST(value AS INTEGER) FROM properties WHERE run = ? AND name = 'environment.threads'", {run});
  const auto* threads = row.rows.empty() ? nullptr : std::get_if<std::int64_t>(&row.rows[0][0]);
  return threads && *threads > 0 && *threads <= std::numeric_limits<int>::max() ? static_cast<int>(*threads) : 0;
}

RunChanges changes_since(const std::filesystem::path& results, std::int64_t run, const RunRecord& now,
                         Compared compared) {
  const std::filesystem::path database = results / "results.db";
  RunChanges changes{.identity = changes_of_data(results, run, now.content_hash, now.split_hash), .rounding = {}};
  Facts facts;
  for (const auto& row :
       query(database, "SELECT substr(name, 13), value FROM properties WHERE run = ? AND name GLOB 'environment.*'",
             {run})
           .rows)
    if (const auto* name = std::get_if<std::string>(&row[0]))
      if (const auto* value = std::get_if<std::string>(&row[1])) facts[*name].first = *value;
  for (const auto& [name, value] : now.environment) facts[name].second = value;
  forget_shipped(facts);
  for (const auto& [name, values] : facts) {
    const auto& [before, after] = values;
    const Decides decides = decided_by(name);
    if (decides == Decides::nothing || same_fact(name, before, after)) continue;
    if (name == "threads" && compared == Compared::continued) continue;
    const auto shown = [](const std::string& text) {
      return text.empty() ? std::string("absent") : printable(text.substr(0, 40));
    };
    (decides == Decides::identity ? changes.identity : changes.rounding)
        .push_back(fmt::format("{} was {}, is {}", printable(name), shown(before), shown(after)));
  }
  // Should the list miss something of what the identity holds.
  const Table identity = query(database, "SELECT identity FROM runs WHERE id = ?", {run});
  if (changes.identity.empty() && identity.rows.at(0)[0] != Value(now.identity))
    changes.identity.push_back("its identity is different");
  return changes;
}

}  // namespace rxrun
