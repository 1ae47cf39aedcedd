#include "data/prepared_images.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>

#include "data/fault.h"
#include "data/parallel.h"
#include "data/resize.h"
#include "experiment/node_values.h"
#include "files/files.h"

namespace rxrun {
namespace {

// To be raised whenever the same image is prepared to other pixels: by a decoder, the resizing, the conversion to grey.
constexpr int preparation_version = 3;

class Preparation {
 public:
  Preparation(const Source& source, const DataSpec& spec, int channels, int threads, const OnProgress& on_progress,
              const std::atomic<int>* stop)
      : source_(source),
        spec_(spec),
        channels_(channels),
        threads_(threads),
        on_progress_(on_progress),
        stop_(stop),
        count_(source.samples().size()),
        bytes_(static_cast<std::size_t>(spec.image_size * spec.image_size) * static_cast<std::size_t>(channels)) {}

  PreparedImages run(const ImageCaching& caching) {
    const bool fits = std::uint64_t{count_} * bytes_ <= spec_.memory;
    if (fits) prepared_.images = ImageStore(count_, bytes_);
    if (caching.folder.empty() || (fits && !caching.always) || !through_cache(caching.folder)) decode_all(nullptr);
    return std::move(prepared_);
  }

 private:
  // Once: what is in the way may be met again when the lock is had.
  void warn(const std::string& what, const std::string& then, const std::string& advice = {}) {
    const Diagnostic warning = data_warning(spec_, "memory", what + "; " + then, advice);
    if (std::find(prepared_.warnings.begin(), prepared_.warnings.end(), warning) == prepared_.warnings.end())
      prepared_.warnings.push_back(warning);
  }

  // False when the images have not even been looked at.
  bool through_cache(const std::filesystem::path& folder) {
    if (!look_at_content()) return false;  // a file that cannot be read: decoding tells of it
    const std::filesystem::path file = folder / (name_of_content() + ".images");
    if (open(file)) return true;
    std::optional<ImageCacheLock> lock;
    std::optional<ImageCacheWriter> writer;
    bool locked = false;
    const bool can_lock = tried([&] {
      std::filesystem::create_directories(folder);
      lock.emplace(file);
      locked = lock->try_lock();
    });
    if (!can_lock) return false;
    if (!locked && on_progress_) on_progress_({.total = static_cast<std::int64_t>(count_), .waits = true});
    // Not one long wait: no signal would end it.
    while (!locked) {
      check_stop(stop_);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      if (!tried([&] { locked = lock->try_lock(); })) return false;
    }
    if (open(file)) return true;  // made by the process that had the lock
    if (!tried([&] { writer.emplace(file, sizes()); })) return false;
    // Not within a try: what on_progress throws is no fault of the cache, and ends the reading.
    const bool written = decode_all(&*writer);
    const bool useless = spec_.on_bad_image == OnBadImage::error && any_fault();  // the caller will throw
    if (!written || useless) return true;
    if (const std::string changed = changed_image(prepared_.facts); !changed.empty()) {
      // The file would bear the name of one content and hold another, for every run to come.
      warn("images changed while they were read", kept_where(), "for example, " + changed);
      return true;
    }
    try {
      writer->finish(prepared_.facts);
      if (prepared_.images.empty()) prepared_.images = ImageStore::mapped(file, image_cache_pixels, count_, bytes_);
    } catch (const Error& error) {
      warn(error.what(), kept_where());
    }
    return true;
  }

  // False, with a warning, when the cache cannot be had.
  bool tried(const std::function<void()>& step) {
    try {
      step();
      return true;
    } catch (const Error& error) {
      warn(error.what(), kept_where());
    } catch (const std::filesystem::filesystem_error& error) {
      warn("cannot create " + error.path1().string() + ": " + error.code().message(), kept_where());
    }
    return false;
  }

  std::string kept_where() const {
    return prepared_.images.empty() ? "images are decoded whenever they are needed, which is slow"
                                    : "this process keeps the images in its own memory";
  }

  bool open(const std::filesystem::path& file) {
    try {
      std::optional<CachedImages> cached = open_image_cache(file, sizes(), threads_, stop_);
      if (!cached) return false;
      if (const std::string changed = changed_image(cached->facts); !changed.empty())
        throw Error(Failure::run,
                    "the decoded images in " + file.string() + " are damaged: an image is another one there");
      std::vector<std::optional<Diagnostic>> faults(count_);
      for (std::size_t i = 0; i < count_; ++i)
        if (cached->facts[i].pixels.empty()) {
          faults[i] = fault_of(i);
          if (!faults[i]) throw Error(Failure::run, file.string() + " marks an image as bad that is not");
        }
      prepared_.images = std::move(cached->images);
      prepared_.facts = std::move(cached->facts);
      prepared_.faults = std::move(faults);
      return true;
    } catch (const Error& error) {
      check_stop(stop_);
      warn(error.what(), "they are decoded again");
      std::error_code gone;
      std::filesystem::remove(file, gone);
      return false;
    }
  }

  ImageSizes sizes() const {
    return {.count = count_, .bytes = bytes_, .channels = static_cast<std::size_t>(channels_)};
  }

  bool any_fault() const {
    return std::any_of(prepared_.faults.begin(), prepared_.faults.end(),
                       [](const auto& fault) { return fault.has_value(); });
  }

  std::optional<Diagnostic> fault_of(std::size_t index) const {
    try {
      prepared_image(source_, index, spec_, channels_);
      return std::nullopt;
    } catch (const Error& error) {
      return error.diagnostics().front();
    }
  }

  // False when an image cannot be read. What generated ones follow from is their recipe, and nothing is read.
  bool look_at_content() {
    if (!source_.recipe().empty()) return true;
    digests_.assign(count_, {});
    try {
      for_each_index(
          count_, threads_, [&](std::size_t i) { digests_[i] = source_.digest(i); }, stop_);
    } catch (const Error&) {
      check_stop(stop_);
      return false;
    }
    return true;
  }

  // Of what was looked at, and of how it is prepared.
  std::string name_of_content() const {
    const std::string recipe = source_.recipe(), content = recipe.empty() ? source_.content_hash(digests_) : recipe;
    return sha256_hex(std::to_string(preparation_version) + "\n" + content + "\n" + std::to_string(count_) + "\n" +
                      std::to_string(spec_.image_size) + "\n" + spec_.resize + "\n" + std::to_string(channels_) +
                      window_text())
        .substr(0, 32);
  }

  std::string window_text() const {
    if (!spec_.window) return {};
    std::string text("\n");
    text.append(number_text(spec_.window->low)).append(" ").append(number_text(spec_.window->high));
    return text;
  }

  // The first image whose pixels were made from other bytes than those that the file is named by; empty: none.
  std::string changed_image(const std::vector<ImageFacts>& facts) const {
    for (std::size_t i = 0; i < digests_.size(); ++i)
      if (facts[i].digest != digests_[i]) return source_.samples()[i].name;
    return {};
  }

  // False when the writer failed on the way; the images have been looked at all the same.
  bool decode_all(const ImageCacheWriter* writer) {
    prepared_.facts.assign(count_, {});
    prepared_.faults.assign(count_, std::nullopt);
    LoadProgress progress{0, static_cast<std::int64_t>(count_)};
    const std::int64_t a_step = std::max<std::int64_t>(1, progress.total / 200);
    std::mutex mutex;
    std::atomic<bool> writes = writer != nullptr;
    for_each_index(
        count_, threads_,
        [&](std::size_t i) {
          std::string digest;
          try {
            const Image image = prepared_image(source_, i, spec_, channels_, &digest);
            prepared_.facts[i] = facts_of(image.pixels, channels_);
            prepared_.facts[i].origin = image.origin;
            if (!prepared_.images.empty())
              std::copy(image.pixels.begin(), image.pixels.end(), prepared_.images.image(i).begin());
            if (writes) write(*writer, i, image, writes, mutex);
          } catch (const Error& error) {
            prepared_.faults[i] = error.diagnostics().front();
          }
          prepared_.facts[i].digest = digest;
          if (!on_progress_) return;
          const std::lock_guard lock(mutex);
          if (++progress.done % a_step == 0 || progress.done == progress.total) on_progress_(progress);
        },
        stop_);
    return writes;
  }

  void write(const ImageCacheWriter& writer, std::size_t index, const Image& image, std::atomic<bool>& writes,
             std::mutex& mutex) {
    try {
      writer.write(index, image.pixels);
    } catch (const Error& error) {
      const std::lock_guard lock(mutex);
      if (writes.exchange(false)) warn(error.what(), kept_where());
    }
  }

  const Source& source_;
  const DataSpec& spec_;
  const int channels_, threads_;
  const OnProgress& on_progress_;
  const std::atomic<int>* const stop_;
  const std::size_t count_, bytes_;
  std::vector<std::string> digests_;  // of the images' bytes before any was decoded; none of generated ones
  PreparedImages prepared_;
};

}  // namespace

PreparedImages prepare_images(const Source& source, const DataSpec& spec, int channels, int threads,
                              const OnProgress& on_progress, const ImageCaching& caching,
                              const std::atomic<int>* stop) {
  return Preparation(source, spec, channels, threads, on_progress, stop).run(caching);
}

Image prepared_image(const Source& source, std::size_t index, const DataSpec& spec, int channels, std::string* digest) {
  Image image = source.decode(index, digest);
  ImageOrigin origin = image.origin;
  try {
    image = resized(std::move(image), static_cast<int>(spec.image_size), spec.resize);
    origin.lost_colour = channels == 1 && is_colourful(image);
    image = with_channels(std::move(image), channels);
    image.origin = origin;
    return image;
  } catch (const Error& error) {
    Diagnostic diagnostic = error.diagnostics().front();
    diagnostic.where.file = source.samples()[index].name;
    throw Error(diagnostic);
  }
}

}  // namespace rxrun
