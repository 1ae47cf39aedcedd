// Source: labelled images as a data set stores them, before split and transforms. One implementation a file format.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/image.h"
#include "diagnostics/diagnostic.h"
#include "experiment/experiment.h"

namespace rxrun {

// One labelled image, before it is decoded.
struct Sample {
  std::string name;  // path relative to the source's root, or "train[17]": unique in the source
  std::int64_t label = 0;
  std::string group;  // unit of splitting; equal to the name when images are drawn one by one
  std::string part;   // the source's own split ("train", "val"), or empty
};

// What a source knows without looking at pixels.
struct Listing {
  std::vector<std::string> classes;  // names, in the order of the labels
  std::vector<Sample> samples;       // in an order that depends on the content only
  int channels = 3;                  // of the images; 1 or 3 of files, colour if one of those looked at is, or declared
  bool generated = false;
  bool grouped = false;         // the source has set the groups itself
  std::string layout;           // of folders: "group/class"; empty where there are none
  std::string layout_in_words;  // "read as group/class: 279 groups, 2 classes"
  std::vector<int> lines;       // of a manifest, where each sample stands in it; otherwise empty
  std::vector<Diagnostic> warnings;
};

// What images are opened for. Those that are only scored may be of one class, and of some classes there may be none.
enum class OpenedTo { train, score };

class Source {
 public:
  virtual ~Source() = default;

  const Listing& listing() const { return listing_; }
  const std::vector<std::string>& classes() const { return listing_.classes; }
  const std::vector<Sample>& samples() const { return listing_.samples; }
  int channels() const { return listing_.channels; }
  bool generated() const { return listing_.generated; }
  const std::vector<Diagnostic>& warnings() const { return listing_.warnings; }

  // The pixels, and into `digest`, if given, the SHA-256 of the bytes that they were made from (also when they turn out
  // to be no image). Throws Error naming the file. May be called from several threads.
  virtual Image decode(std::size_t index, std::string* digest = nullptr) const = 0;

  // That digest alone.
  virtual std::string digest(std::size_t index) const;

  // What generated images follow from, in words: the same words, the same images. Empty: only reading them tells.
  virtual std::string recipe() const { return {}; }

  // Whether all pixels are in this object's memory.
  virtual bool holds_pixels() const { return false; }

  // SHA-256 over names, labels, parts and `digests`, one a sample as decode gave them: the same wherever the data lies.
  std::string content_hash(const std::vector<std::string>& digests) const;

 protected:
  Listing listing_;

 private:
  friend std::unique_ptr<Source> open_source(const DataSpec& spec, std::uint64_t seed, OpenedTo purpose);
};

// Opens what `spec` names, or its generated sample when the path does not exist and a sample is declared. Looks at
// names and sizes, and reads some images for the number of channels; groups the samples by
// `split.group_by`. Throws Error with the YAML's place for a missing path, an empty class, an unknown layout.
std::unique_ptr<Source> open_source(const DataSpec& spec, std::uint64_t seed, OpenedTo purpose = OpenedTo::train);

// One a format, called by open_source. Images beyond `spec.memory` bytes are refused by the formats that hold all of
// them in one file (medmnist, idx, cifar).
std::unique_ptr<Source> open_class_folders(const DataSpec& spec);
std::unique_ptr<Source> open_manifest(const DataSpec& spec);
std::unique_ptr<Source> open_medmnist(const DataSpec& spec);
std::unique_ptr<Source> open_idx(const DataSpec& spec);
std::unique_ptr<Source> open_cifar(const DataSpec& spec);
std::unique_ptr<Source> open_histology(const DataSpec& spec, std::uint64_t seed);

}  // namespace rxrun
