// Tells the observer how a pass goes, about ten times a second. Includes no LibTorch.
#pragma once

#include <chrono>

#include "training/trainer.h"

namespace rxrun {

class Progress {
 public:
  explicit Progress(TrainingObserver& observer) : observer_(observer) {}

  // `done`: images of an earlier process, which count for no rate.
  void begin(std::int64_t epoch, std::int64_t epochs, Part part, std::int64_t images, std::int64_t done = 0) {
    step_ = {epoch, epochs, part, done, images, 0.0, 0.0};
    done_before_ = done;
    began_ = Clock::now();
  }

  // After a batch; `mean_loss()`, that of the pass so far, is asked only when it is told.
  template <typename MeanLoss>
  void add(std::int64_t images, const MeanLoss& mean_loss) {
    step_.images_done += images;
    const Clock::time_point now = Clock::now();
    if (now - told_ < std::chrono::milliseconds(100) && step_.images_done < step_.images) return;
    told_ = now;
    step_.loss = mean_loss();
    step_.images_per_second =
        static_cast<double>(step_.images_done - done_before_) / std::chrono::duration<double>(now - began_).count();
    observer_.on_step(step_);
  }

 private:
  using Clock = std::chrono::steady_clock;
  TrainingObserver& observer_;
  StepProgress step_;
  std::int64_t done_before_ = 0;
  Clock::time_point began_, told_;
};

}  // namespace rxrun
