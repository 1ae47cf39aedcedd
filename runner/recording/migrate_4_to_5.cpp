#include "recording/migrate_4_to_5.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "diagnostics/diagnostic.h"
#include "experiment/upgrade.h"
#include "files/files.h"
#include "identity/stored_identity.h"
#include "plugin/catalog.h"
#include "recording/reading.h"
#include "recording/record_file.h"
#include "recording/run_folder.h"
#include "recording/run_rows.h"
#include "recording/sweep_rows.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLargestPreprocessing = 16 << 20;

// As it is where it cannot be read: nothing is lost for a text that was damaged before.
template <typename Upgrade>
std::string upgraded(const std::string& text, Upgrade upgrade) {
  try {
    return upgrade(text);
  } catch (const Error&) {
    return text;
  }
}

std::string upgraded_text(const std::string& resolved) {
  return upgraded(resolved, [](const std::string& text) { return upgraded_experiment(text, "results.db"); });
}

// As data/dataset.cpp makes it, of the rows that are here under their new names.
std::string hash_of_split(Connection& connection, std::int64_t holder) {
  Sha256 hash;
  Statement select(connection, "SELECT sample, part FROM splits WHERE run = ? ORDER BY position");
  select.bind(holder);
  while (select.step()) {
    const std::string sample = select.text(0);
    hash.update(fmt::format("{}:{}{}\n", sample.size(), sample, select.text(1)));
  }
  return hash.hex();
}

void rehash_splits(Connection& connection) {
  for (const auto& row : fetch(connection, "SELECT DISTINCT split_run FROM runs WHERE split_run IS NOT NULL").rows) {
    const std::int64_t holder = integer_in(row[0]);
    if (fetch(connection, "SELECT 1 FROM splits WHERE run = ? LIMIT 1", {holder}).rows.empty()) continue;
    Statement(connection, "UPDATE runs SET split_hash = ? WHERE split_run = ?")
        .bind(hash_of_split(connection, holder), holder)
        .run();
  }
}

StoredExperiment stored(Connection& connection, std::int64_t run, const std::string& resolved) {
  const Table row = fetch(connection, "SELECT content_hash, split_hash, generated_data FROM runs WHERE id = ?", {run});
  StoredExperiment experiment{.resolved = resolved,
                              .inputs = {.content_hash = text_in(row.rows.at(0)[0]),
                                         .split_hash = text_in(row.rows[0][1]),
                                         .generated_data = integer_in(row.rows[0][2]) != 0,
                                         .precision = {},
                                         .initial_weights = {}}};
  constexpr std::string_view kPlugin = "environment.plugin.";
  for (const auto& fact : fetch(connection, "SELECT name, value FROM properties WHERE run = ?", {run}).rows) {
    const std::string& name = text_in(fact[0]);
    const auto* value = std::get_if<std::string>(&fact[1]);
    if (value == nullptr) continue;
    if (name == "environment.precision") experiment.inputs.precision = *value;
    if (name == "environment.initial_weights") experiment.inputs.initial_weights = *value;
    if (name.starts_with(kPlugin)) experiment.builds[name.substr(kPlugin.size())] = *value;
  }
  return experiment;
}

// Old identity → new one, of the runs.
using Identities = std::map<std::string, std::string>;

Identities identify_runs(Connection& connection) {
  const std::vector<PluginInfo> installed = installed_plugins();
  Identities identities;
  Statement update(connection,
                   "UPDATE runs SET resolved = ?2, command = ?3, identity = ?4, configuration = ?5 WHERE id = ?1");
  for (const auto& row :
       fetch(connection, "SELECT id, resolved, command, identity, configuration FROM runs ORDER BY id").rows) {
    const std::int64_t run = integer_in(row[0]);
    const std::string resolved = upgraded_text(text_in(row[1]));
    const StoredIdentity now = identity_of_stored(stored(connection, run, resolved), installed);
    const std::string identity = now.identity ? now.identity->run : text_in(row[3]);
    identities[text_in(row[3])] = identity;
    update
        .bind(run, resolved, upgraded(text_in(row[2]), upgraded_command), identity,
              now.identity ? now.identity->configuration : text_in(row[4]))
        .run();
  }
  return identities;
}

void identify_points(Connection& connection, const Identities& identities) {
  Statement update(connection, "UPDATE points SET resolved = ?2, identity = ?3 WHERE id = ?1");
  Statement taken(connection, "SELECT 1 FROM points WHERE identity = ? AND id <> ?");
  for (const auto& row : fetch(connection, "SELECT id, resolved, identity FROM points ORDER BY id").rows) {
    const std::int64_t point = integer_in(row[0]);
    const auto known = identities.find(text_in(row[2]));
    std::string identity = known == identities.end() ? kFormerIdentity + text_in(row[2]) : known->second;
    if (taken.bind(identity, point).step()) identity = kFormerIdentity + text_in(row[2]);
    update.bind(point, upgraded_text(text_in(row[1])), identity).run();
  }
  Statement overrides(connection, "UPDATE sweep_points SET overrides = ?3 WHERE sweep = ?1 AND position = ?2");
  for (const auto& row : fetch(connection, "SELECT sweep, position, overrides FROM sweep_points").rows)
    overrides
        .bind(integer_in(row[0]), integer_in(row[1]),
              upgraded(text_in(row[2]), [](const std::string& json) { return upgraded_settings(json, "results.db"); }))
        .run();
}

void identify_sweeps(Connection& connection) {
  Statement update(
      connection,
      "UPDATE sweeps SET declaration = ?2, command = ?3, search = nullif(?4, ''), identity = ?5 WHERE id = ?1");
  Statement taken(connection, "SELECT 1 FROM sweeps WHERE identity = ? AND id <> ?");
  for (const auto& row :
       fetch(connection, "SELECT id, declaration, command, coalesce(search, ''), identity FROM sweeps ORDER BY id")
           .rows) {
    const std::int64_t sweep = integer_in(row[0]);
    std::string search = text_in(row[3]);
    if (!search.empty())
      search = upgraded(search, [](const std::string& json) { return upgraded_search(json, "results.db"); });
    std::vector<std::string> points;
    for (const auto& point : fetch(connection,
                                   "SELECT p.identity FROM sweep_points s JOIN points p ON p.id = s.point"
                                   " WHERE s.sweep = ? ORDER BY s.position",
                                   {sweep})
                                 .rows)
      points.push_back(text_in(point[0]));
    std::string identity = points.empty() ? text_in(row[4]) : identity_of_sweep(search, points);
    if (taken.bind(identity, sweep).step()) identity = text_in(row[4]);
    update
        .bind(sweep, upgraded(text_in(row[1]), upgraded_command), upgraded(text_in(row[2]), upgraded_command), search,
              identity)
        .run();
  }
}

// Its text; empty where there is none.
std::string preprocessing_in(const fs::path& folder) {
  std::error_code code;
  const fs::path file = folder / "preprocessing.json";
  return fs::is_regular_file(fs::symlink_status(file, code)) ? read_file(file, kLargestPreprocessing) : std::string();
}

void insert_classes(Connection& connection, std::int64_t run, const std::string& preprocessing) {
  const nlohmann::json json = nlohmann::json::parse(preprocessing, nullptr, false);
  if (!json.is_object() || !json.contains("classes") || !json["classes"].is_array()) return;
  Statement insert(connection, R"(
    INSERT INTO classes (run, part, position, name, images)
    SELECT ?1, ?2, ?3, ?4, (SELECT count(*) FROM splits s JOIN runs r ON r.split_run = s.run
                            WHERE r.id = ?1 AND s.part = ?2 AND s.label = ?3))");
  for (const char* part : {"train", "validation", "test"}) {
    std::int64_t position = 0;
    for (const nlohmann::json& name : json["classes"])
      if (name.is_string()) insert.bind(run, part, position++, name.get<std::string>()).run();
  }
}

// Those of runs that are in such a folder, with its path.
void for_each_folder(Connection& connection,
                     const std::function<void(std::int64_t run, const fs::path& folder)>& take) {
  const fs::path results = connection.path().parent_path();
  for (const auto& row : fetch(connection, "SELECT id, folder FROM runs ORDER BY id").rows) {
    const std::string& folder = text_in(row[1]);
    std::error_code code;
    if (is_a_runs_folder(folder) && link_in(results, folder).empty() && fs::is_directory(results / folder, code))
      take(integer_in(row[0]), results / folder);
  }
}

void take_from_folders(Connection& connection) {
  Statement evaluation(connection, "UPDATE evaluations SET preprocessing = ? WHERE run = ?");
  for_each_folder(connection, [&](std::int64_t run, const fs::path& folder) {
    const std::string preprocessing = preprocessing_in(folder);
    insert_classes(connection, run, preprocessing);
    evaluation.bind(preprocessing, run).run();
  });
}

}  // namespace

void migrate_4_to_5(Connection& connection) {
  rehash_splits(connection);
  const Identities identities = identify_runs(connection);
  identify_points(connection, identities);
  identify_sweeps(connection);
  take_from_folders(connection);
}

void write_run_folders(Connection& connection) {
  Statement resolved(connection, "SELECT resolved FROM runs WHERE id = ?");
  for_each_folder(connection, [&](std::int64_t run, const fs::path& folder) {
    try {
      if (!resolved.bind(run).step()) return;
      write_file_atomically(folder / "experiment.yaml", resolved.text(0), Durability::renamed);
      write_record(folder, history_of(connection, run), Durability::renamed);
    } catch (const Error& error) {
      if (error.failure() != Failure::run) throw;  // another user's folder, a full disk
    }
  });
}

}  // namespace rxrun
