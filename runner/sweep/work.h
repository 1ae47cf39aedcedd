// Works through a sweep: claims its points one by one, runs each as a process, and says what became of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "recording/sweep_rows.h"
#include "sweep/pruning.h"
#include "sweep/workers.h"

namespace rxrun {

struct WorkOptions {
  int jobs = 1;                    // processes at a time
  std::int64_t retries = 0;        // of a failed point
  bool fail_fast = false;          // stop at the first point that has failed for good
  std::vector<std::int64_t> only;  // points to work on; empty: all
  PruneRule prune;
  std::function<bool()> more;    // of a search: adds a point, or waits for one that another adds; false: there is none
  std::filesystem::path folder;  // of logs and frozen experiments
  const std::atomic<int>* stop = nullptr;                         // a signal's number asks for a stop
  std::chrono::milliseconds patience = std::chrono::minutes(10);  // with a results.db that cannot be written
};

class WorkObserver {
 public:
  virtual ~WorkObserver() = default;
  virtual void on_start(const Claim&) {}
  virtual void on_end(const Claim&, PointStatus, const std::string& /*reason*/) {}
  virtual void on_wait(std::size_t /*points that other processes work on*/) {}
  virtual void on_hindrance(const std::string& /*in words: that results.db cannot be written for now, or can again*/) {}
  virtual void on_tick(const std::vector<Claim>& /*running*/) {
  }  // about once a second, and soon after a point starts or ends
};

enum class WorkEnd { done, stopped, failed_fast };

// While results.db is locked or its disk is full, the points that run go on, and what becomes of them is written later.
// Ends when no point is left that is waiting or running anywhere. `command` tells what runs a point whose frozen
// experiment is in the file given.
WorkEnd work_through(SweepRows& rows, std::int64_t sweep, const WorkOptions& options,
                     const std::function<WorkerCommand(const Claim&, const std::filesystem::path& experiment,
                                                       const std::filesystem::path& log)>& command,
                     WorkObserver& observer);

}  // namespace rxrun
