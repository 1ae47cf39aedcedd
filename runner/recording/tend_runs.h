// What a user says of runs that are there: tags, notes, names, and which are not wanted any more.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "recording/query.h"

namespace rxrun {

// Each names runs as find_run() does, changes all of them or none, and returns them as they are now: run, name, tags,
// note.

// Tags are words without blanks. Adding what is there and taking away what is not does nothing.
Table tag_run(const std::filesystem::path& database, const std::string& run, const std::vector<std::string>& add,
              const std::vector<std::string>& take_away);
Table note_run(const std::filesystem::path& database, const std::string& run, const std::string& note);  // empty: none
// Why a run cannot bear the name, whoever gives it: "it looks like the number of a run"; empty: it can.
std::string fault_of_run_name(const std::string& name);
// The folder keeps its name. Throws Error for a name that is taken or faulty.
Table rename_run(const std::filesystem::path& database, const std::string& run, const std::string& name);

// Marks them: no view shows them, and no command takes one for an answer. Throws Error for a run that is running
// (try_later); with `force`, one that says so but cannot be looked at from here counts as gone.
Table remove_runs(const std::filesystem::path& database, const std::vector<std::string>& runs, bool force);
Table restore_runs(const std::filesystem::path& database, const std::vector<std::string>& runs);

}  // namespace rxrun
