// The rows of one run, table by table. Each function runs within the caller's transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "recording/connection.h"
#include "recording/process.h"
#include "recording/run_record.h"

namespace rxrun {

// The first of "x", "x-2", "x-3", ... that `is_free`.
std::string first_free(const std::string& wanted, const std::function<bool(const std::string&)>& is_free);

// Of the experiment of that name, which becomes a row if it is none yet.
std::int64_t experiment_id(Connection& connection, const std::string& name);
// The rows beside that in `runs` that are known when it begins: parameters, properties, classes.
void insert_declared(Connection& connection, std::int64_t run, const RunRecord& record,
                     const std::vector<SplitRecord>& split);
// Choices among the parameters (experiment/read.h), which records of before did not have; those that are there stay.
void insert_choices(Connection& connection, std::int64_t run, const std::string& resolved);
// With its split, as `running` and written by `process`. Runs of the same split share one copy of its rows.
std::int64_t insert_run(Connection& connection, const RunRecord& run, const std::vector<SplitRecord>& split,
                        const ProcessIdentity& process);
// Replaces that epoch and whatever came after it.
void insert_epoch(Connection& connection, std::int64_t run, const EpochRecord& record);
// And what the run itself scored at its end.
void remove_epochs_from(Connection& connection, std::int64_t run, std::int64_t epoch);
// Brings what follows from the epochs up to date: in `runs` and `results`.
void update_progress(Connection& connection, std::int64_t run);
// Its number within the run, from 1. Brings `results` up to date.
std::int64_t insert_evaluation(Connection& connection, std::int64_t run, const EvaluationRecord& evaluation);
// Status, reason, artifacts and the epoch that is kept; not its evaluations.
void end_run(Connection& connection, std::int64_t run, const RunEnd& end);

// All of it as a value. Throws Error when the run, or what its row names, is not there.
RunHistory history_of(Connection& connection, std::int64_t run);
RunWords words_of(Connection& connection, std::int64_t run);
// What the user says of runs stands in their own records too, where they have one: a removed run's may be deleted.
void record_words(Connection& connection, const std::vector<std::int64_t>& runs);
// The rows of `history`, as those of a run that nobody writes; in the place of the run `replaced`, which keeps its
// number, its name, its folder and what the user said of it, unless that is 0. Returns the number.
std::int64_t insert_history(Connection& connection, const RunHistory& history, std::int64_t replaced = 0);

}  // namespace rxrun
