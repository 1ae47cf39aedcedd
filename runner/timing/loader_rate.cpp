#include "timing/loader_rate.h"

#include <chrono>

#include "data/loader.h"

namespace rxrun {

LoaderRate measure_loader(const Dataset& dataset, const DataSpec& spec, std::uint64_t seed, int threads,
                          double seconds) {
  using Clock = std::chrono::steady_clock;
  LoaderRate rate{.threads = threads, .generated = dataset.generated};
  const auto began = Clock::now();
  double taken = 0.0;
  Batch batch;
  for (std::int64_t epoch = 1; taken < seconds; ++epoch) {
    Loader loader(
        dataset, Part::train, spec,
        {.batch = spec.batch, .seed = seed, .epoch = epoch, .shuffle = true, .augment = true, .threads = threads});
    while (taken < seconds && loader.next(batch)) {
      rate.images += batch.size;
      taken = std::chrono::duration<double>(Clock::now() - began).count();
    }
  }
  rate.images_per_second = static_cast<double>(rate.images) / taken;
  return rate;
}

}  // namespace rxrun
