// Every image decoded once, checked, and kept as the network's size and channels want it: in memory, in a cache file,
// or nowhere when neither will do. Knows nothing of LibTorch.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/image_cache.h"
#include "data/source.h"

namespace rxrun {

struct LoadProgress {
  std::int64_t done = 0, total = 0;
  bool waits = false;  // for another process, which is decoding the same images; told once
};
using OnProgress = std::function<void(const LoadProgress&)>;

// Where decoded images may be kept beside this process's memory.
struct ImageCaching {
  std::filesystem::path folder;  // of cache files, made when one is written; empty: nowhere
  bool always = false;           // also those that fit data.memory: several processes have them in common then
};

struct PreparedImages {
  ImageStore images;  // by sample index, the bad ones black; empty: to be decoded as they are needed
  std::vector<ImageFacts> facts;
  std::vector<std::optional<Diagnostic>> faults;  // of the bad ones
  std::vector<Diagnostic> warnings;               // of the cache: damaged and made anew, no room
};

// Images that fit data.memory are kept there (or in the cache, if `caching` says always); others in the cache. A cache
// that is there spares the decoding; one that is damaged is deleted and made anew; where none can be made, a warning
// says why. When several processes want the same one, one makes it and the others wait. `on_progress` may be called
// from any thread, one at a time; what it throws ends the reading and is thrown on. So does a signal number in `stop`
// (parallel.h).
PreparedImages prepare_images(const Source& source, const DataSpec& spec, int channels, int threads,
                              const OnProgress& on_progress, const ImageCaching& caching,
                              const std::atomic<int>* stop = nullptr);

// The image as the network's size and channels want it, before augmentation.
Image prepared_image(const Source& source, std::size_t index, const DataSpec& spec, int channels,
                     std::string* digest = nullptr);

}  // namespace rxrun
