// SweepRows: sweeps and their points in results.db, and which process works on which point.
//
// A point is claimed by one statement, and the claim lapses with its process: of this host when the process is gone, of
// another host or container when it has not been confirmed for two minutes.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "recording/query.h"

namespace rxrun {

struct PointRecord {
  std::string identity;          // of the run that answers it
  std::string resolved;          // the experiment with every default filled in, YAML
  std::string overrides;         // JSON object: what the point sets, by full key
  std::string coordinates = {};  // JSON list: its place in the space of a search; empty: there is none
};

struct SweepRecord {
  std::string name;         // unique: "resnext50_breast-3f9a1c2e"
  std::string declaration;  // as typed
  std::string command;
  std::vector<PointRecord> points;  // of different identities
  std::string search = {};          // JSON: how further points are chosen, and among what; empty: these are all
};

// SHA-256 over the identities of its points, in order; of a search (not empty) over what it starts from.
std::string identity_of_sweep(const std::string& search, const std::vector<std::string>& points);

// The identity of a point from before a migration, of which only a plan can tell what it is now: this, and the identity
// that it had.
inline constexpr const char* kFormerIdentity = "former:";
bool is_former(const std::string& identity);

enum class PointStatus { waiting, running, finished, failed, pruned, interrupted };
const char* to_string(PointStatus status);

struct Claim {
  std::int64_t point = 0;
  std::int64_t position = 0;  // in the sweep, from 1
  std::string identity;
  std::string resolved;
  std::string overrides;
  bool again = false;       // there is a finished run that does not count
  std::int64_t epochs = 0;  // that its run has recorded already
};

struct ClaimOptions {
  std::int64_t retries = 0;         // a point that failed so often at most is tried again
  std::vector<std::int64_t> leave;  // points to leave alone
  bool pruning = false;             // what was pruned in this sweep stays so; and the order is mixed
};

struct PointEnd {
  PointStatus status = PointStatus::failed;  // failed, interrupted, waiting or pruned
  std::string reason;
  std::string log_tail;
};

struct PointState {
  std::int64_t point = 0, position = 0;
  std::string overrides;
  PointStatus status = PointStatus::waiting;  // `running` only while its process may live
  std::int64_t run = 0;                       // 0: there is none yet
  std::int64_t epochs = 0, parameters = 0, multiply_adds = 0;
  double seconds = 0.0;
  std::optional<double> validation_accuracy, validation_auc, validation_loss, test_accuracy;
  std::string reason, log_tail;
};

// An epoch at which points are compared by the best value of a metric that they have had.
struct Rung {
  std::int64_t epoch = 0;
  std::string metric;
  bool maximize = true;
};

struct Judgement {
  bool kept = true;
  double value = 0.0;
  std::size_t others = 0;  // that were compared with
};

// A point of a search, as the choice of the next one needs it.
struct SearchedPoint {
  std::int64_t position = 0;
  std::string identity, coordinates;
  PointStatus status = PointStatus::waiting;
  std::optional<double> value;  // when finished, that of the kept epoch, otherwise the best up to its last rung
  std::int64_t epochs = 0;      // that `value` is over
};

enum class Added {
  added,
  taken,  // the position is another point's by now, or not the next one
  known,  // the sweep has this very computation already
};

using GoesOn = std::function<bool(double own, const std::vector<double>& others)>;

class SweepRows {
 public:
  // As Recorder's.
  explicit SweepRows(const std::filesystem::path& database);
  ~SweepRows();
  SweepRows(const SweepRows&) = delete;
  SweepRows& operator=(const SweepRows&) = delete;

  // How long each of the following waits for another process's lock; 60 s unless it is said here.
  void set_patience(std::chrono::milliseconds patience);

  // The sweep of exactly these points, made if it is new. Points that another sweep has are shared; those that a
  // finished run answers are finished from the start. Returns its id. A search is the same one if `search` and its
  // first point are: it may have more points than these.
  std::int64_t open(const SweepRecord& sweep);
  // The points of a search, in order.
  std::vector<SearchedPoint> searched(std::int64_t sweep, const std::string& metric) const;
  // Gives a point that is_former() the identity that a plan has found; a point that has it already takes its place.
  void identify(std::int64_t sweep, std::int64_t position, const std::string& identity);
  // One more point of a search, if `position` is the next one still: of several processes that choose at the same time,
  // one succeeds, and the others have its point to reckon with.
  Added add(std::int64_t sweep, std::int64_t position, const PointRecord& point);
  // Finished points of the sweep are to be computed again; their runs stay.
  void compute_again(std::int64_t sweep);
  // Failed points wait again, everything else that is open is left for later. Returns those that wait.
  std::vector<std::int64_t> reopen_failed(std::int64_t sweep);

  // The first point that is free, now this process's; nothing when none is. Points that have been answered meanwhile by
  // any run become finished first.
  std::optional<Claim> claim(std::int64_t sweep, const ClaimOptions& options);
  // Ends this process's claim: finished if a finished run answers the point, otherwise as `end` says; a claim that was
  // lost is left alone. Returns what the point is now.
  PointStatus release(std::int64_t point, const PointEnd& end);
  // Confirms this process's claims and returns their points: one that is missing was taken by another process.
  std::vector<std::int64_t> confirm();

  // Compares a point with those that were at the rung before it and writes down what `goes_on` says; a second time that
  // is read, not asked again. Nothing when its run has not come so far.
  std::optional<Judgement> judge(std::int64_t sweep, std::int64_t point, const Rung& rung, const GoesOn& goes_on);

  // Lets the best point that waits at a rung go on from there, and tells whether there was one. Of those that have come
  // to a rung, `places(how many)` go on; lower rungs come first, so that as many as possible are compared at each.
  bool promote(std::int64_t sweep, const std::vector<Rung>& rungs,
               const std::function<std::size_t(std::size_t arrived)>& places);
  // Whether some point of the sweep may come to a further rung or its end without a promotion.
  bool has_open_points(std::int64_t sweep) const;

  std::vector<PointState> states(std::int64_t sweep) const;
  std::string name(std::int64_t sweep) const;

 private:
  struct Database;
  std::unique_ptr<Database> database_;
};

// What is known of a computation before a sweep is made: what its run or its point is, or `waiting`.
struct KnownPoint {
  PointStatus status = PointStatus::waiting;
  std::int64_t run = 0, epochs = 0;
};

// One for each identity, in order; without a database nothing is known.
std::vector<KnownPoint> known_points(const std::filesystem::path& database, const std::vector<std::string>& identities);

// How long earlier runs took: a multiply-add and image of this data set, in seconds of one process; 0: unknown.
double seconds_a_multiply_add(const std::filesystem::path& database, const std::string& content_hash);

}  // namespace rxrun
