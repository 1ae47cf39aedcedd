#include "data/packed_source.h"

#include <algorithm>

#include "data/decode.h"
#include "data/fault.h"
#include "files/files.h"

namespace rxrun {

PackedSource::PackedSource(std::vector<Pack> packs, std::vector<std::string> classes, const std::filesystem::path& path)
    : packs_(std::move(packs)) {
  constexpr std::int64_t most_classes = 100'000;
  std::int64_t highest = -1;
  for (const Pack& pack : packs_) {
    if (pack.channels != packs_.front().channels) bad_file(path, "parts with different numbers of channels");
    check_image_size(pack.width, pack.height);
    first_.push_back(listing_.samples.size());
    for (std::size_t i = 0; i < pack.labels.size(); ++i) {
      const std::int64_t label = pack.labels[i];
      std::string name = pack.part + "[" + std::to_string(i) + "]";
      if (label < 0 || label >= most_classes ||
          (!classes.empty() && label >= static_cast<std::int64_t>(classes.size())))
        bad_file(path, "label " + std::to_string(label) + " of " + name + " is out of range");
      highest = std::max(highest, label);
      listing_.samples.push_back({name, label, name, pack.part});
    }
  }
  if (listing_.samples.empty()) bad_file(path, "it has no images");
  for (std::int64_t label = 0; classes.size() < static_cast<std::size_t>(highest + 1); ++label)
    classes.push_back(std::to_string(label));
  listing_.classes = std::move(classes);
  listing_.channels = packs_.front().channels;
}

Image PackedSource::decode(std::size_t index, std::string* digest) const {
  const auto pack =
      static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), index) - first_.begin()) - 1;
  const Pack& from = packs_[pack];
  Image image{from.height, from.width, from.channels, {}};
  const std::size_t size = static_cast<std::size_t>(from.height) * image.row_bytes();
  const std::uint8_t* first = from.pixels.data() + (index - first_[pack]) * size;
  image.pixels.assign(first, first + size);
  if (digest != nullptr) *digest = sha256_hex({reinterpret_cast<const char*>(first), size});
  return image;
}

std::uint64_t memory_for(std::uint64_t images, std::uint64_t bytes_each) {
  return images * (bytes_each + sizeof(Sample) + sizeof(std::int64_t));
}

void check_fits(std::uint64_t bytes, const DataSpec& spec, const std::filesystem::path& path) {
  if (bytes > spec.memory)
    bad_file(path,
             "its images take " + std::to_string(bytes >> 20) + " MiB, but data.memory allows " +
                 std::to_string(spec.memory >> 20) + " MiB",
             "raise data.memory");
}

void check_ratio(std::uint64_t packed, std::uint64_t unpacked, const std::filesystem::path& path,
                 const std::string& what) {
  constexpr std::uint64_t highest = 1000;      // deflate itself cannot do much more
  constexpr std::uint64_t harmless = 1 << 16;  // bytes
  if (unpacked > harmless && unpacked / highest > packed)
    bad_file(path, what + " unpacks to more than " + std::to_string(highest) + " times its size");
}

}  // namespace rxrun
