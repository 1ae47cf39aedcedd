// Dataset: the images of an experiment, decoded and split. Knows nothing of LibTorch.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experiment/experiment.h"

namespace rxrun {

enum class Part { train, test, validation };
inline constexpr std::array<Part, 3> all_parts = {Part::train, Part::test, Part::validation};
const char* to_string(Part part);

// Eight-bit pixels, row by row, channels interleaved (height × width × channels).
struct Image {
  int height = 0, width = 0, channels = 0;
  std::vector<std::uint8_t> pixels;
};

// One labelled image, before it is decoded.
struct Sample {
  std::string name;   // path relative to the source's root, or "train[17]": unique in the source
  std::int64_t label = 0;
  std::string group;  // unit of splitting; equal to the name when images are drawn one by one
  std::string part;   // the source's own split ("train", "val"), or empty
};

// A kind of data. One implementation a file format; decode may be called from several threads.
class Source {
 public:
  virtual ~Source() = default;
  virtual const std::vector<std::string>& classes() const = 0;  // names, in the order of the labels
  virtual const std::vector<Sample>& samples() const = 0;       // in an order that depends on the content only
  virtual int channels() const = 0;
  virtual Image decode(std::size_t index) const = 0;  // throws Error naming the file
  // SHA-256 over names, labels, parts and file bytes, independent of where the data lies.
  virtual std::string content_hash() const = 0;
  virtual bool generated() const { return false; }
};

// Opens what `spec` names, or its generated sample when the path does not exist and a sample is declared. Looks at names and
// sizes, not at pixels. Throws Error with the YAML's place for a missing path, an empty class, an unknown layout.
std::unique_ptr<Source> open_source(const DataSpec& spec, std::uint64_t seed);

struct BadImage {
  std::string name;
  std::string reason;
};

struct Dataset {
  std::shared_ptr<const Source> source;
  std::vector<std::string> classes;
  int channels = 0;                          // that the network sees
  int image_size = 0;
  std::array<std::vector<std::int64_t>, 3> parts;  // indices into source->samples(), by Part
  std::vector<Image> images;                 // decoded and resized, by sample index; empty when beyond the memory budget
  std::vector<float> mean, deviation;        // a value a channel, of pixels in [0, 1]
  std::vector<BadImage> skipped;
  std::string content_hash;
  std::string split_hash;                    // SHA-256 over (name, part)
  bool generated = false;

  const std::vector<std::int64_t>& part(Part part) const { return parts[static_cast<std::size_t>(part)]; }
  std::int64_t label(std::int64_t sample) const { return source->samples()[static_cast<std::size_t>(sample)].label; }
};

struct LoadProgress {
  std::int64_t done = 0, total = 0;
};

// Splits, decodes (in `threads` threads, 0: all cores), checks every image, measures the normalisation. A bad image is an
// Error naming its path and what is wrong (all of them, up to 20), or is left out and counted, as `spec` says.
// `on_progress` may be called from any thread, one at a time.
Dataset load_dataset(const DataSpec& spec, std::uint64_t seed, int threads,
                     const std::function<void(const LoadProgress&)>& on_progress = {});

// The split as CSV: name,label,group,part.
std::string split_csv(const Dataset& dataset);

}  // namespace rxrun
