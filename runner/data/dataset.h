// Dataset: the images of an experiment, decoded and split. Knows nothing of LibTorch.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/prepared_images.h"
#include "data/source.h"
#include "diagnostics/diagnostic.h"
#include "experiment/experiment.h"

namespace rxrun {

enum class Part { train, validation, test };
inline constexpr std::array<Part, 3> all_parts = {Part::train, Part::validation, Part::test};
const char* to_string(Part part);

struct BadImage {
  std::string name;
  std::string reason;
};

// Images of validation or test whose pixels are also in train.
struct Leak {
  std::int64_t count = 0;
  std::string example;  // "b.png (test) is a.png (train)"; empty when there is none
};

struct Dataset {
  std::shared_ptr<const Source> source;  // only its listing where it held all pixels and `images` has them now
  std::vector<std::string> classes;
  int channels = 0;  // that the network sees
  int image_size = 0;
  std::array<std::vector<std::int64_t>, 3> parts;  // indices into source->samples(), by Part, ascending
  ImageStore images;                   // decoded and resized, by sample index; empty: decoded as they are needed
  std::vector<float> mean, deviation;  // a value a channel, of pixels in [0, 1]
  std::vector<BadImage> skipped;       // in no part
  Leak leaked;
  std::vector<Diagnostic> warnings;  // what a user should be told, leaks and skipped images included
  std::string content_hash;
  std::string split_hash;                  // SHA-256 over (name, part)
  std::array<std::string, 3> part_hashes;  // by Part: SHA-256 over the images and the names of their classes, whatever
                                           // the images are called and whichever way they lie
  bool generated = false;

  const std::vector<std::int64_t>& part(Part part) const { return parts[static_cast<std::size_t>(part)]; }
  std::int64_t label(std::int64_t sample) const { return source->samples()[static_cast<std::size_t>(sample)].label; }
};

// Splits, decodes (in `threads` threads, 0: all cores), checks every image, measures the normalisation. A bad image is
// an Error naming its path and what is wrong (all of them, up to 20), or is left out and counted, as `spec` says.
// Where the images are kept, `on_progress` and `stop`: prepared_images.h.
Dataset load_dataset(const DataSpec& spec, std::uint64_t seed, int threads, const OnProgress& on_progress = {},
                     const ImageCaching& caching = {}, const std::atomic<int>* stop = nullptr);

// The same with a source that is already open, by open_source from the same `spec` and `seed`.
Dataset load_dataset(const DataSpec& spec, std::shared_ptr<const Source> source, std::uint64_t seed, int threads,
                     const OnProgress& on_progress = {}, const ImageCaching& caching = {},
                     const std::atomic<int>* stop = nullptr);

// All images of the source as the part test, for a network that was trained on others: with its mean and
// deviation. Draws no split; the rest is as above.
Dataset load_undivided(const DataSpec& spec, std::shared_ptr<const Source> source, std::vector<float> mean,
                       std::vector<float> deviation, int threads, const OnProgress& on_progress = {},
                       const ImageCaching& caching = {});

}  // namespace rxrun
