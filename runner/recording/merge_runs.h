// Runs from one folder of results into another: rows and files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "recording/hidden_names.h"
#include "recording/query.h"

namespace rxrun {

// Copies the runs of `source` (a results.db with checkpoints/ beside it) into the one of `target`, which is made if it
// is not there. `runs` names them as find_run() does; without any, all that are there are meant. Nothing is written on
// the side of `source`, and it is never locked for longer than reading a run's rows takes.
//
// A run is there already when one of its identity has its name, or began at the same moment; so merging twice changes
// nothing. One that has finished in `source` only replaces what is there of it. Tags are united. A name that another
// run has gets a number: "a-1-2"; one that cannot be a name (recording/tend_runs.h) is replaced.
//
// Returns a row a run: run (its number there), name, outcome (copied, completed, there already, removed there,
// running), remark (files that were missing or do not have their checksum). Sweeps are not copied. No symbolic link is
// followed on either side. Throws Error for one in the place of a folder, and when the source is damaged.
//
// With `names` that hides them, nothing that names an image or a group comes along: of the files only weights and what
// is written anew do, and the remark says what stays behind. Throws Error where a run is there already by other names.
Table merge_runs(const std::filesystem::path& source, const std::filesystem::path& target,
                 const std::vector<std::string>& runs, const HiddenNames& names = {});

// Copies what is meant by `named` into the results of `target`: a folder of results or its results.db; or folders of
// runs that have their record (record_file.h), which need no database: that of one run, or one that holds several.
// Those that lie in the folder of `target` already stay where they are, so that a lost database is made again from
// them. Throws Error when it is none of these, with what was expected and, where one is near, the folder that was
// probably meant.
Table import_runs(const std::filesystem::path& named, const std::filesystem::path& target);

}  // namespace rxrun
