#include "training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "experiment/metric.h"
#include "training/metrics.h"

namespace rxrun {
namespace {

// From `start` (share 0) to `end` (share 1) along half a cosine.
double cosine(double start, double end, double share) {
  return end + (start - end) / 2.0 * (1.0 + std::cos(std::numbers::pi * share));
}

double one_cycle(const ScheduleSpec& spec, double lr, double step, double steps) {
  const double start = lr / spec.start_factor, end = start / spec.end_factor;
  const double top = std::max(spec.peak * steps - 1.0, 0.0), last = steps - 1.0;
  if (step <= top) return cosine(start, lr, top > 0.0 ? step / top : 1.0);
  return cosine(lr, end, (step - top) / (last - top));
}

}  // namespace

Schedule::Schedule(const ScheduleSpec& spec, double lr, std::int64_t epochs, std::int64_t steps_per_epoch)
    : spec_(spec),
      lr_(lr),
      epochs_(std::max<std::int64_t>(epochs, 1)),
      steps_per_epoch_(std::max<std::int64_t>(steps_per_epoch, 1)) {
  plateau_ = initial_plateau();
}

double Schedule::rate_without_warm_up(std::int64_t epoch, std::int64_t step) const {
  using Kind = ScheduleSpec::Kind;
  const double steps = static_cast<double>(epochs_ * steps_per_epoch_);
  const double now = static_cast<double>(epoch * steps_per_epoch_ + step);
  switch (spec_.kind) {
    case Kind::constant:
      return lr_;
    case Kind::step:
      return lr_ * std::pow(spec_.gamma, static_cast<double>(epoch / std::max<std::int64_t>(spec_.step, 1)));
    case Kind::multi_step: {
      const auto passed =
          std::count_if(spec_.milestones.begin(), spec_.milestones.end(), [&](std::int64_t m) { return m <= epoch; });
      return lr_ * std::pow(spec_.gamma, static_cast<double>(passed));
    }
    case Kind::exponential:
      return lr_ * std::pow(spec_.gamma, static_cast<double>(epoch));
    case Kind::cosine:
      return cosine(lr_, spec_.minimum, static_cast<double>(epoch) / static_cast<double>(epochs_));
    case Kind::polynomial:
      return spec_.minimum + (lr_ - spec_.minimum) * std::pow(1.0 - now / steps, spec_.power);
    case Kind::one_cycle:
      return one_cycle(spec_, lr_, now, steps);
    case Kind::reduce_on_plateau:
      return plateau_.rate;
  }
  return lr_;
}

double Schedule::rate(std::int64_t epoch, std::int64_t step) const {
  if (epoch >= epochs_) {
    epoch = epochs_ - 1;
    step = steps_per_epoch_ - 1;
  }
  const double risen = static_cast<double>(epoch * steps_per_epoch_ + step + 1);
  const double rise = spec_.warm_up * static_cast<double>(steps_per_epoch_);
  const double factor = rise > 0.0 ? std::min(1.0, risen / rise) : 1.0;
  return factor * rate_without_warm_up(epoch, step);
}

void Schedule::after_epoch(const std::map<std::string, double>& metrics) {
  if (spec_.kind != ScheduleSpec::Kind::reduce_on_plateau) return;
  const double value = watched(metrics, spec_.metric, "the schedule reduce_on_plateau");
  const bool maximize = larger_is_better(spec_.metric);
  const bool better = !plateau_.seen ? !std::isnan(value)
                      : maximize     ? value > plateau_.best * (1.0 + spec_.threshold)
                                     : value < plateau_.best * (1.0 - spec_.threshold);
  if (better) {
    plateau_.seen = true;
    plateau_.best = value;
    plateau_.bad_epochs = 0;
    return;
  }
  if (++plateau_.bad_epochs <= spec_.patience) return;
  plateau_.bad_epochs = 0;
  // As PyTorch does, a change that is too small to matter is left out.
  constexpr double smallest_change = 1e-8;
  const double reduced = std::max(plateau_.rate * spec_.factor, spec_.minimum);
  if (plateau_.rate - reduced > smallest_change) plateau_.rate = reduced;
}

}  // namespace rxrun
