#include "data/loader.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include "data/augment.h"
#include "random/random.h"

namespace rxrun {

std::int64_t batches_of(std::int64_t images, std::int64_t batch, bool drop_last_single) {
  const std::int64_t whole = images / batch, rest = images % batch;
  const bool dropped = drop_last_single && rest == 1 && whole > 0;
  return whole + (rest > 0 && !dropped ? 1 : 0);
}

// A ring of batches. Batch b is made in slot b modulo the ring's size, by whichever thread takes its number, and is
// handed out by swapping memory with the caller; a thread waits while its slot still holds a batch that nobody has
// fetched.
struct Loader::State {
  struct Slot {
    Batch batch;
    bool ready = false;
    std::exception_ptr failure;
  };

  const Dataset& dataset;
  const DataSpec spec;
  const LoaderOptions options;
  std::vector<std::int64_t> order;  // samples
  std::int64_t batches = 0;

  std::mutex mutex;
  std::condition_variable made, fetched;
  std::vector<Slot> ring;
  std::int64_t next_to_make = 0, next_to_fetch = 0;
  bool stopping = false;
  double waited = 0.0;
  std::vector<std::jthread> threads;  // last: they end before what they use does

  State(const Dataset& dataset, Part part, const DataSpec& spec, const LoaderOptions& options);
  ~State();
  void stop();
  std::size_t pixels_per_image() const;
  void work();
  void make(Batch& batch, std::int64_t number, Transform& transform) const;
};

Loader::State::State(const Dataset& dataset, Part part, const DataSpec& spec, const LoaderOptions& options)
    : dataset(dataset), spec(spec), options(options), order(dataset.part(part)) {
  if (options.shuffle)
    RandomStream(options.seed, Purpose::shuffle, static_cast<std::uint64_t>(options.epoch)).shuffle(order);
  const std::int64_t size = std::max<std::int64_t>(1, options.batch);
  batches = batches_of(static_cast<std::int64_t>(order.size()), size, options.drop_last_single);
  order.resize(std::min(order.size(), static_cast<std::size_t>(batches * size)));
  next_to_make = next_to_fetch = std::clamp<std::int64_t>(options.first_batch, 0, batches);
  // A batch for each thread and one that is ready: with fewer, threads would only wait for each other's slots.
  const std::int64_t wanted = std::max<std::int64_t>(1, options.threads);
  const std::int64_t ahead = std::clamp<std::int64_t>(batches, 1, std::max<std::int64_t>(options.ahead, wanted + 1));
  ring.resize(static_cast<std::size_t>(ahead));
  try {
    for (std::int64_t i = 0; i < std::min(wanted, ahead); ++i) threads.emplace_back([this] { work(); });
  } catch (...) {
    stop();  // those that have started are joined, and nobody will fetch what they make
    throw;
  }
}

Loader::State::~State() { stop(); }

void Loader::State::stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
  }
  fetched.notify_all();
}

std::size_t Loader::State::pixels_per_image() const {
  return static_cast<std::size_t>(dataset.image_size) * static_cast<std::size_t>(dataset.image_size) *
         static_cast<std::size_t>(dataset.channels);
}

void Loader::State::work() {
  std::optional<Transform> transform;
  for (;;) {
    std::int64_t number = 0;
    Slot* slot = nullptr;
    {
      std::unique_lock lock(mutex);
      if (next_to_make >= batches) return;
      number = next_to_make++;
      slot = &ring[static_cast<std::size_t>(number) % ring.size()];
      fetched.wait(lock, [&] { return stopping || number - next_to_fetch < static_cast<std::int64_t>(ring.size()); });
      if (stopping) return;
    }
    std::exception_ptr failure;
    try {
      if (!transform)
        transform.emplace(spec.augment, dataset.image_size, dataset.channels, dataset.mean, dataset.deviation);
      make(slot->batch, number, *transform);
    } catch (...) {
      failure = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex);
      slot->failure = failure;
      slot->ready = true;
    }
    made.notify_all();
  }
}

void Loader::State::make(Batch& batch, std::int64_t number, Transform& transform) const {
  const std::int64_t first = number * std::max<std::int64_t>(1, options.batch);
  batch.size =
      std::min<std::int64_t>(std::max<std::int64_t>(1, options.batch), static_cast<std::int64_t>(order.size()) - first);
  const auto size = static_cast<std::size_t>(batch.size);
  const std::size_t pixels = pixels_per_image();
  batch.pixels.resize(size * pixels);
  batch.labels.resize(size);
  batch.samples.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::int64_t sample = order[static_cast<std::size_t>(first) + i];
    batch.samples[i] = sample;
    batch.labels[i] = dataset.label(sample);
    const auto index = static_cast<std::size_t>(sample);
    const Image decoded =
        dataset.images.empty() ? prepared_image(*dataset.source, index, spec, dataset.channels) : Image{};
    const std::span<const std::uint8_t> image = dataset.images.empty() ? decoded.pixels : dataset.images[index];
    float* to = batch.pixels.data() + i * pixels;
    if (options.augment)
      transform.augmented(
          image, RandomStream(options.seed, Purpose::augment, static_cast<std::uint64_t>(options.epoch), index), to);
    else
      transform.plain(image, to);
  }
}

Loader::Loader(const Dataset& dataset, Part part, const DataSpec& spec, const LoaderOptions& options)
    : state_(std::make_unique<State>(dataset, part, spec, options)) {}

Loader::~Loader() = default;

bool Loader::next(Batch& batch) {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  if (state.next_to_fetch >= state.batches) return false;
  State::Slot& slot = state.ring[static_cast<std::size_t>(state.next_to_fetch) % state.ring.size()];
  if (!slot.ready) {
    const auto start = std::chrono::steady_clock::now();
    state.made.wait(lock, [&] { return slot.ready; });
    state.waited += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  if (slot.failure != nullptr) std::rethrow_exception(slot.failure);  // stays: another next() throws again
  std::swap(batch, slot.batch);
  slot.ready = false;
  ++state.next_to_fetch;
  lock.unlock();
  state.fetched.notify_all();
  return true;
}

double Loader::seconds_waited() const {
  const std::lock_guard lock(state_->mutex);
  return state_->waited;
}

}  // namespace rxrun
