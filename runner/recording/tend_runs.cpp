#include "recording/tend_runs.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "recording/find_run.h"
#include "recording/ownership.h"
#include "recording/reading.h"
#include "recording/record_file.h"
#include "recording/run_folder.h"
#include "recording/run_rows.h"
#include "recording/schema.h"
#include "recording/writing.h"

namespace rxrun {
namespace {

constexpr std::size_t kLongestTag = 100;
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestNote = 10'000;

// There has to be a database: none is made here.
std::unique_ptr<Connection> open_existing(const std::filesystem::path& database) {
  check_file(database);
  return open_for_writing(database);
}

Table as_they_are(Connection& connection, const std::vector<std::int64_t>& runs) {
  Table table;
  for (std::int64_t run : runs) {
    Table one =
        fetch(connection,
              "SELECT id AS run, name,"
              " (SELECT group_concat(tag, ' ') FROM (SELECT tag FROM tags WHERE run = r.id ORDER BY tag)) AS tags,"
              " note FROM runs r WHERE id = ?",
              {run});
    table.columns = one.columns;
    table.rows.push_back(std::move(one.rows.at(0)));
  }
  return table;
}

[[noreturn]] void refuse(const std::string& what, const std::string& text, const std::string& why,
                         const std::string& advice = {}) {
  throw Error(Failure::usage, fmt::format("`{}` cannot be a {}: {}", printable(text), what, why), advice);
}

std::string fault_of_word(const std::string& word, std::size_t longest) {
  if (word.empty()) return "it is empty";
  if (word.size() > longest) return fmt::format("it is longer than {} bytes", longest);
  if (printable(word) != word || word.find(' ') != std::string::npos)
    return "it contains a blank or an unprintable character";
  if (word[0] == '-' || word[0] == '+') return "it begins with + or -";
  return {};
}

void check_word(const std::string& what, const std::string& word, const std::string& fault,
                const std::string& advice = {}) {
  if (word.empty()) throw Error(Failure::usage, fmt::format("a {} is missing", what));
  if (!fault.empty()) refuse(what, word.size() > kLongestName ? word.substr(0, 40) + "..." : word, fault, advice);
}

std::vector<std::int64_t> find_all(Connection& connection, const std::vector<std::string>& runs, Removed removed) {
  std::vector<std::int64_t> ids;
  for (const std::string& run : runs) {
    const std::int64_t id = find_run(connection, run, removed);
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return ids;
}

void check_not_running(Connection& connection, std::int64_t run, bool force) {
  Statement select(connection, fmt::format("SELECT name, status, {}, heartbeat FROM runs WHERE id = ?", kOwnerColumns));
  select.bind(run).step();
  const ProcessIdentity owner = owner_at(select, 2);
  if (status_now(status_of(select.text(1)), owner, select.text(7)) != RunStatus::running) return;
  if (can_be_seen(owner))
    throw Error(Failure::try_later,
                fmt::format("run {} ({}) is running, as process {}", run, printable(select.text(0)), owner.pid),
                "stop it first, or wait for it to end");
  if (!force)
    throw Error(Failure::try_later,
                fmt::format("run {} ({}) is marked as running on {}, which cannot be checked from here", run,
                            printable(select.text(0)), printable(owner.host)),
                "add --force if you know that it is not");
}

}  // namespace

std::string fault_of_run_name(const std::string& name) {
  if (std::string fault = fault_of_word(name, kLongestName); !fault.empty()) return fault;
  if (name.find('/') != std::string::npos) return "it contains a /";
  if (name.find_first_not_of("0123456789") == std::string::npos) return "it looks like the number of a run";
  return {};
}

Table tag_run(const std::filesystem::path& database, const std::string& run, const std::vector<std::string>& add,
              const std::vector<std::string>& take_away) {
  for (const std::string& tag : add) check_word("tag", tag, fault_of_word(tag, kLongestTag));
  const auto connection = open_existing(database);
  Transaction transaction(*connection);
  const std::int64_t id = find_run(*connection, run);
  Statement insert(*connection, "INSERT INTO tags (run, tag) VALUES (?, ?) ON CONFLICT DO NOTHING");
  for (const std::string& tag : add) insert.bind(id, tag).run();
  Statement erase(*connection, "DELETE FROM tags WHERE run = ? AND tag = ?");
  for (const std::string& tag : take_away) erase.bind(id, tag).run();
  record_words(*connection, {id});
  transaction.commit();
  return as_they_are(*connection, {id});
}

Table note_run(const std::filesystem::path& database, const std::string& run, const std::string& note) {
  if (note.size() > kLongestNote)
    throw Error(Failure::usage,
                fmt::format("the note has {} bytes; at most {} are allowed", note.size(), kLongestNote));
  const auto connection = open_existing(database);
  Transaction transaction(*connection);
  const std::int64_t id = find_run(*connection, run);
  Statement(*connection, "UPDATE runs SET note = nullif(?, '') WHERE id = ?").bind(note, id).run();
  record_words(*connection, {id});
  transaction.commit();
  return as_they_are(*connection, {id});
}

Table rename_run(const std::filesystem::path& database, const std::string& run, const std::string& name) {
  check_word("name", name, fault_of_run_name(name), "letters, digits, `.`, `_` and `-` are always allowed");
  const auto connection = open_existing(database);
  Transaction transaction(*connection);
  const std::int64_t id = find_run(*connection, run);
  const Table taken =
      fetch(*connection, "SELECT id, removed IS NOT NULL FROM runs WHERE name = ? AND id <> ?", {name, id});
  if (!taken.rows.empty())
    refuse("name", name,
           fmt::format("run {}{} already has it", integer_in(taken.rows[0][0]),
                       integer_in(taken.rows[0][1]) != 0 ? ", which was removed," : ""));
  Statement(*connection, "UPDATE runs SET name = ? WHERE id = ?").bind(name, id).run();
  record_words(*connection, {id});
  transaction.commit();
  return as_they_are(*connection, {id});
}

Table remove_runs(const std::filesystem::path& database, const std::vector<std::string>& runs, bool force) {
  const auto connection = open_existing(database);
  Transaction transaction(*connection);
  const std::vector<std::int64_t> ids = find_all(*connection, runs, Removed::no);
  for (std::int64_t id : ids) check_not_running(*connection, id, force);
  Statement mark(*connection, "UPDATE runs SET removed = ? WHERE id = ?");
  // A sweep's point that it answered is open again.
  Statement reopen(*connection,
                   "UPDATE points SET run = NULL, status = 'waiting' WHERE run = ? AND status <> 'running'");
  for (std::int64_t id : ids) {
    mark.bind(now(*connection), id).run();
    reopen.bind(id).run();
  }
  record_words(*connection, ids);
  transaction.commit();
  return as_they_are(*connection, ids);
}

Table restore_runs(const std::filesystem::path& database, const std::vector<std::string>& runs) {
  const auto connection = open_existing(database);
  Transaction transaction(*connection);
  const std::vector<std::int64_t> ids = find_all(*connection, runs, Removed::yes);
  for (std::int64_t id : ids) {
    const std::string folder = text_in(fetch(*connection, "SELECT folder FROM runs WHERE id = ?", {id}).rows.at(0)[0]);
    if (is_a_runs_folder(folder) && link_in(database.parent_path(), folder).empty())
      unbury(database.parent_path() / folder, id);
    Statement(*connection, "UPDATE runs SET removed = NULL WHERE id = ?").bind(id).run();
  }
  record_words(*connection, ids);
  transaction.commit();
  return as_they_are(*connection, ids);
}

}  // namespace rxrun
