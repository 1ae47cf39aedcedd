#include "run/recording_observer.h"

#include <algorithm>

namespace rxrun {

RecordingObserver::RecordingObserver(Recorder& recorder, std::int64_t run, TrainingObserver& next)
    : recorder_(recorder), run_(run), next_(next) {}

void RecordingObserver::on_resume(const Reached& reached) {
  recorder_.resume(run_, std::max<std::int64_t>(reached.epochs - 1, 0));
  next_.on_resume(reached);
}

void RecordingObserver::on_step(const StepProgress& step) {
  constexpr std::chrono::seconds confirm_every{60}, try_again_every{10};
  if (const auto now = std::chrono::steady_clock::now();
      now - confirmed_ > (recorder_.is_behind() ? try_again_every : confirm_every)) {
    recorder_.confirm(run_);
    confirmed_ = std::chrono::steady_clock::now();
  }
  next_.on_step(step);
}

void RecordingObserver::on_epoch(const EpochMetrics& metrics) {
  recorder_.epoch(run_, {.epoch = metrics.epoch,
                         .learning_rate = metrics.learning_rate,
                         .seconds = metrics.seconds,
                         .images_per_second = metrics.images_per_second,
                         .best = metrics.best,
                         .metrics = metrics.values});
  next_.on_epoch(metrics);
}

void RecordingObserver::on_warning(const std::string& text) { next_.on_warning(text); }

}  // namespace rxrun
