#include "sweep/work.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <map>
#include <optional>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/files.h"
#include "files/patience.h"
#include "table/fixed.h"

namespace rxrun {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr int kTryLater = static_cast<int>(Failure::try_later);
constexpr int kMostKills = 3;         // of a point without an epoch between them
constexpr seconds kConfirmEvery{20};  // a lease is two minutes
constexpr seconds kTryLaterPause{5};
constexpr seconds kWaitForLock{5}, kHindrancePause{5};
constexpr std::chrono::milliseconds kTick{1000}, kPruneEvery{250};
constexpr std::size_t kTailLines = 20;

// SIGCHLD is held back while this lives, so that an ended worker wakes the wait below.
class ChildSignal {
 public:
  ChildSignal() {
    sigemptyset(&child_);
    sigaddset(&child_, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &child_, &before_);
  }
  ~ChildSignal() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  ChildSignal(const ChildSignal&) = delete;
  ChildSignal& operator=(const ChildSignal&) = delete;

  // Until a child ends, a stop signal arrives or the time is over.
  void wait(std::chrono::milliseconds most) const {
    const timespec time{.tv_sec = most.count() / 1000, .tv_nsec = most.count() % 1000 * 1'000'000};
    sigtimedwait(&child_, nullptr, &time);
  }

 private:
  sigset_t child_, before_;
};

bool killed_from_outside(const WorkerEnd& end) {
  const auto one_of = [&](std::initializer_list<int> signals) {
    return std::find(signals.begin(), signals.end(), end.signal) != signals.end() ||
           std::any_of(signals.begin(), signals.end(), [&](int signal) { return end.code == 128 + signal; });
  };
  return one_of({SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGUSR1});
}

class Work {
 public:
  using Command =
      std::function<WorkerCommand(const Claim&, const std::filesystem::path&, const std::filesystem::path&)>;

  Work(SweepRows& rows, std::int64_t sweep, const WorkOptions& options, const Command& command, WorkObserver& observer)
      : rows_(rows), sweep_(sweep), options_(options), command_(command), observer_(observer) {}

  WorkEnd run() {
    const ChildSignal child_signal;
    rows_.set_patience(std::min<std::chrono::milliseconds>(kWaitForLock, options_.patience));
    for (;;) {
      if (!stopping()) unless_hindered([&] { fill(); });
      // Points that cannot be given back now are free as soon as this process has ended.
      if (workers_.empty() && stopping() && (ended_.empty() || hindered_)) break;
      if (workers_.empty() && ended_.empty() && nothing_left()) break;
      if (stopping() && !told_to_stop_) tell_to_stop();
      child_signal.wait(pruning() ? kPruneEvery : kTick);
      if (pruning() && !stopping()) unless_hindered([&] { prune(); });
      reap();
      unless_hindered([&] { release_ended(); });
      if (Clock::now() - confirmed_ > kConfirmEvery) unless_hindered([&] { confirm(); });
      unless_hindered([&] { tick(); });
    }
    return failed_fast_ ? WorkEnd::failed_fast : stop_signal() != 0 ? WorkEnd::stopped : WorkEnd::done;
  }

 private:
  struct Worker {
    Claim claim;
    pid_t process = 0;
    std::filesystem::path log;
    std::size_t rungs = 0;  // passed
    std::string pruned;     // why; empty: it goes on
  };
  struct Ended {
    Worker worker;
    PointEnd verdict;
  };

  // What cannot be done while results.db is locked or its disk is full is done later, unless nothing else goes on.
  template <typename Do>
  void unless_hindered(Do work) {
    if (hindered_ && Clock::now() < try_again_) return;
    try {
      work();
    } catch (const Error& error) {
      if (!hindered_) hindered_ = Clock::now();
      if (!may_pass(error) || (workers_.empty() && Clock::now() - *hindered_ >= options_.patience)) throw;
      if (try_again_ == Clock::time_point())
        observer_.on_hindrance(fmt::format("{}; the points that run go on, and it is tried again", error.what()));
      try_again_ = Clock::now() + std::min<Clock::duration>(kHindrancePause, options_.patience);
      return;
    }
    if (hindered_) observer_.on_hindrance("results.db can be written again");
    hindered_.reset();
    try_again_ = {};
  }

  int stop_signal() const { return options_.stop ? options_.stop->load() : 0; }
  bool stopping() const { return failed_fast_ || stop_signal() != 0; }
  bool pruning() const { return options_.prune.kind != PruneRule::Kind::none; }
  bool wanted(std::int64_t point) const {
    return options_.only.empty() || std::find(options_.only.begin(), options_.only.end(), point) != options_.only.end();
  }

  std::vector<std::int64_t> points_to_leave() {
    std::vector<std::int64_t> leave;
    for (const auto& [point, until] : not_before_)
      if (Clock::now() < until) leave.push_back(point);
    if (!options_.only.empty())
      for (const PointState& state : rows_.states(sweep_))
        if (!wanted(state.point)) leave.push_back(state.point);
    return leave;
  }

  void fill() {
    while (static_cast<int>(workers_.size()) < options_.jobs && !stopping()) {
      const auto claim =
          rows_.claim(sweep_, {.retries = options_.retries, .leave = points_to_leave(), .pruning = pruning()});
      if (claim)
        start(*claim);
      else if (!options_.only.empty() || !find_more())
        return;
    }
  }

  // With nothing left to claim: what waits at a rung is let on, then the search goes on, and at the end the last of an
  // odd number goes on too.
  bool find_more() {
    return promote(false) || (options_.more && options_.more()) || (!rows_.has_open_points(sweep_) && promote(true));
  }

  bool promote(bool all_are_there) {
    if (options_.prune.kind != PruneRule::Kind::halving) return false;
    std::vector<Rung> rungs;
    for (const std::int64_t epoch : options_.prune.rungs) rungs.push_back(rung_at(epoch));
    return rows_.promote(sweep_, rungs, [&](std::size_t arrived) { return places_after_rung(arrived, all_are_there); });
  }

  Rung rung_at(std::int64_t epoch) const {
    return {.epoch = epoch, .metric = options_.prune.metric, .maximize = options_.prune.maximize};
  }

  void start(const Claim& claim) {
    const std::string base = claim.identity.substr(0, 16);
    if (base.find('/') != std::string::npos)  // a database may come from anybody
      throw Error(Failure::usage, fmt::format("the database of results is damaged: `{}` is no identity of a point",
                                              printable(claim.identity)));
    Worker worker{.claim = claim, .process = 0, .log = options_.folder / (base + ".log")};
    const std::filesystem::path experiment = options_.folder / (base + ".yaml");
    try {
      write_file_atomically(experiment, claim.resolved);
      worker.process = start_worker(command_(claim, experiment, worker.log));
    } catch (const Error& error) {
      // Not the point's fault, and the next one would end the same.
      const PointEnd waiting{.status = PointStatus::waiting, .reason = {}, .log_tail = {}};
      if (may_pass(error))
        ended_.push_back({worker, waiting});
      else
        rows_.release(claim.point, waiting);
      throw;
    }
    observer_.on_start(claim);
    ticked_ = {};
    workers_.push_back(std::move(worker));
  }

  void reap() {
    for (std::size_t i = 0; i < workers_.size();) {
      const auto how = ended(workers_[i].process);
      if (!how) {
        ++i;
        continue;
      }
      const Worker worker = std::move(workers_[i]);
      workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
      ended_.push_back({worker, verdict(worker, *how)});
    }
  }

  void release_ended() {
    while (!ended_.empty()) {
      end(ended_.front().worker, ended_.front().verdict);
      ended_.erase(ended_.begin());
    }
  }

  // What a point becomes if no finished run answers it.
  PointEnd verdict(const Worker& worker, const WorkerEnd& how) {
    const std::int64_t point = worker.claim.point;
    if (!worker.pruned.empty()) return {.status = PointStatus::pruned, .reason = worker.pruned, .log_tail = {}};
    if (how.signal == 0 && how.code == kTryLater) {
      not_before_[point] = Clock::now() + kTryLaterPause;
      return {.status = PointStatus::waiting, .reason = {}, .log_tail = {}};
    }
    const std::string tail = tail_of(worker.log, kTailLines);
    if (killed_from_outside(how)) {
      Kills& kills = kills_[point];
      kills.count = worker.claim.epochs > kills.epochs ? 1 : kills.count + 1;
      kills.epochs = worker.claim.epochs;
      if (stopping() || kills.count < kMostKills)
        return {.status = PointStatus::interrupted,
                .reason = stopping() ? "interrupted" : reason_of(how, tail),
                .log_tail = {}};
      return {.status = PointStatus::failed,
              .reason = fmt::format("{}, {} times without finishing an epoch in between",
                                    reason_of({.signal = how.signal}, ""), kills.count),
              .log_tail = tail};
    }
    if (how.signal == 0 && how.code == 0)
      return {.status = PointStatus::failed, .reason = "ended without a finished run", .log_tail = tail};
    return {.status = PointStatus::failed, .reason = reason_of(how, tail), .log_tail = tail};
  }

  // A worker that has come to a rung is compared there; one that is not good enough ends like a stopped one.
  void prune() {
    const PruneRule& rule = options_.prune;
    for (Worker& worker : workers_) {
      while (worker.pruned.empty() && worker.rungs < rule.rungs.size()) {
        const Rung rung = rung_at(rule.rungs[worker.rungs]);
        const auto judgement =
            rows_.judge(sweep_, worker.claim.point, rung,
                        [&](double own, const std::vector<double>& others) { return goes_on(rule, own, others); });
        if (!judgement) break;
        ++worker.rungs;
        if (judgement->kept) continue;
        worker.pruned = why_pruned(rule, worker.rungs, *judgement);
        kill(worker.process, SIGTERM);
      }
    }
  }

  // For the sweep's table, and for whoever looks at the run alone: "asha, rung 2 of 3, epoch 8: validation_accuracy
  // 0.7100,
  // ..."
  static std::string why_pruned(const PruneRule& rule, std::size_t rung, const Judgement& judgement) {
    const std::int64_t epoch = rule.rungs[rung - 1];
    if (rule.kind == PruneRule::Kind::halving)
      return fmt::format("asha, rung {} of {}, epoch {}: {} {}, the better half goes on", rung, rule.rungs.size(),
                         epoch, rule.metric, fixed(judgement.value, 4));
    // One that was judged before a restart is not compared again.
    return fmt::format("median rule, epoch {}: {} {}, worse than the median{}", epoch, rule.metric,
                       fixed(judgement.value, 4),
                       judgement.others > 0 ? " of " + counted(judgement.others, "other") : "");
  }

  void end(const Worker& worker, const PointEnd& verdict) {
    const PointStatus status = rows_.release(worker.claim.point, verdict);
    observer_.on_end(worker.claim, status, status == PointStatus::finished ? "" : verdict.reason);
    ticked_ = {};
    if (status == PointStatus::failed && options_.fail_fast) failed_fast_ = true;
  }

  // The workers stop at their next batch, with a checkpoint. A second signal ends this process, and them with it.
  void tell_to_stop() {
    for (const Worker& worker : workers_) kill(worker.process, SIGTERM);
    told_to_stop_ = true;
  }

  // A claim that another process has taken, while this one was asleep for long: its worker has to go.
  void confirm() {
    const std::vector<std::int64_t> held = rows_.confirm();
    for (const Worker& worker : workers_)
      if (std::find(held.begin(), held.end(), worker.claim.point) == held.end()) kill(worker.process, SIGKILL);
    confirmed_ = Clock::now();
  }

  bool nothing_left() {
    bool none = false;
    unless_hindered([&] { none = no_open_points(); });
    return none;
  }

  bool no_open_points() {
    std::size_t elsewhere = 0;
    for (const PointState& state : rows_.states(sweep_)) {
      if (!wanted(state.point)) continue;
      if (state.status == PointStatus::running) ++elsewhere;
      if (state.status == PointStatus::waiting || state.status == PointStatus::interrupted) return false;
      if (state.status == PointStatus::pruned && !pruning()) return false;
    }
    if (elsewhere != waiting_for_) observer_.on_wait(elsewhere);
    waiting_for_ = elsewhere;
    return elsewhere == 0;
  }

  void tick() {
    if (Clock::now() - ticked_ < kTick) return;
    ticked_ = Clock::now();
    std::vector<Claim> running;
    for (const Worker& worker : workers_) running.push_back(worker.claim);
    observer_.on_tick(running);
  }

  struct Kills {
    int count = 0;
    std::int64_t epochs = 0;
  };

  SweepRows& rows_;
  const std::int64_t sweep_;
  const WorkOptions& options_;
  const Command& command_;
  WorkObserver& observer_;
  std::vector<Worker> workers_;
  std::vector<Ended> ended_;                   // whose points are still this process's
  std::optional<Clock::time_point> hindered_;  // since when
  Clock::time_point try_again_{};
  std::map<std::int64_t, Clock::time_point> not_before_;
  std::map<std::int64_t, Kills> kills_;
  Clock::time_point confirmed_ = Clock::now(), ticked_{};
  std::size_t waiting_for_ = 0;
  bool failed_fast_ = false, told_to_stop_ = false;
};

}  // namespace

WorkEnd work_through(SweepRows& rows, std::int64_t sweep, const WorkOptions& options,
                     const std::function<WorkerCommand(const Claim&, const std::filesystem::path&,
                                                       const std::filesystem::path&)>& command,
                     WorkObserver& observer) {
  return Work(rows, sweep, options, command, observer).run();
}

}  // namespace rxrun
