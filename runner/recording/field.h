// What a word of the user's names in results.db: a column of v_runs, a metric, or a parameter of the experiment file.
#pragma once

#include <string>
#include <vector>

#include "recording/connection.h"
#include "recording/query.h"

namespace rxrun {

// A piece of SQL with what its `?` stand for, in order.
struct Clause {
  std::string sql;
  std::vector<Value> parameters;
};

struct Field {
  std::string name;  // in full: "network.cardinality"
  Clause of_run;     // an expression over a row `v` of v_runs
  Clause of_all;     // a SELECT of all pairs (run, value) out of one index; empty for a fact, which stands in the run's
                     // own row
};

// `word`: a column of v_runs, a metric, or a parameter by its full name or any unambiguous tail ("cardinality").
// `status` is what it is now. Throws Error, with the nearest name or with all that it could mean.
Field resolve_field(Connection& connection, const std::string& word);

// "cardinality=8", "validation_accuracy>0.9", "tag=paper", "sweep=1", "note!=": one condition on `v`, with
// = == != <> < <= > >=. A sweep is named by its number or its name, and of a hash, a sweep's name or a run's the
// beginning is enough. Nothing after = or != asks whether there is a value. Throws Error that points at the fault.
Clause resolve_condition(Connection& connection, const std::string& condition);

// Throws Error, with the nearest name, unless `metric` is one that runs can have.
void check_metric(Connection& connection, const std::string& metric);
// A metric by its exact name, at the end of each run.
Field metric_field(const std::string& name);

// Every metric that a run has at its end, and every parameter, each once. They jump from name to name in an index.
std::vector<std::string> metric_names(Connection& connection);
std::vector<std::string> parameter_names(Connection& connection);

// A number where the text is one, as parameters are kept.
Value typed(const std::string& text);

}  // namespace rxrun
