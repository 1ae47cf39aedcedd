// Decoded images in a file: what one process has decoded, the next ones map. Knows nothing of LibTorch.
//
// The file is named by what it holds: SHA-256 over the images' content (or the recipe of generated ones), their order,
// how they were prepared, and the format's version. So nothing in it can be out of date: other images have another
// name.
//
//   0      header: magic, size of one image, number of images, size and SHA-256 of the index, SHA-256 of what is before
//   4096   pixels, image after image
//   then   index: an image's record after the other (digest of the file, SHA-256 of the pixels, whether it is bad, and
//          what its origin says), then each one's sums and sums of squares, channel after channel
//
// Opening it checks every byte: the header, the index, and each image by the digest of its pixels. It is written under
// another name, synced and renamed, so that it is there whole or not at all.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/image.h"
#include "data/image_store.h"
#include "files/temporary_file.h"

namespace rxrun {

// Of one channel of an image; exact, so the order of threads cannot alter them.
struct ChannelSums {
  std::uint64_t sum = 0, sum_of_squares = 0;
  bool operator==(const ChannelSums&) const = default;
};

// What one pass over the images finds out about each.
struct ImageFacts {
  std::string digest;                   // of the bytes that it was decoded from; hexadecimal, as below
  std::string pixels;                   // SHA-256 of the prepared pixels; empty: it could not be decoded
  std::vector<ChannelSums> channels{};  // empty: it could not be decoded
  ImageOrigin origin{};                 // as the image's

  bool operator==(const ImageFacts&) const = default;
};
// Of prepared pixels; `digest` stays empty.
ImageFacts facts_of(std::span<const std::uint8_t> pixels, int channels);

struct CachedImages {
  ImageStore images;
  std::vector<ImageFacts> facts;
};

// Where the first image's pixels lie in the file.
inline constexpr std::uint64_t image_cache_pixels = 4096;

// So many images of one size.
struct ImageSizes {
  std::size_t count = 0, bytes = 0, channels = 0;
};

// Nothing when there is no such file. Throws Error (run), saying what is wrong, for one that is damaged or not images
// of these sizes. Looks at the pixels in `threads` threads, until a signal number in `stop` ends it (parallel.h).
std::optional<CachedImages> open_image_cache(const std::filesystem::path& file, const ImageSizes& sizes, int threads,
                                             const std::atomic<int>* stop = nullptr);

// Writes one. Everything throws Error (run): no room, no permission, a fault of the disk.
class ImageCacheWriter {
 public:
  // Takes the room for it. Some is left free on the disk: the results of what runs there need it.
  ImageCacheWriter(const std::filesystem::path& file, const ImageSizes& sizes);
  // From several threads, each image once; those that are bad not at all.
  void write(std::size_t index, std::span<const std::uint8_t> pixels) const;
  // To be called once, last.
  void finish(const std::vector<ImageFacts>& facts);

 private:
  TemporaryFile file_;
  ImageSizes sizes_;
};

// One process at a time makes a file; the kernel gives the lock back when a process dies. The file of the lock stays.
class ImageCacheLock {
 public:
  // Makes its file. Everything throws Error (run): no permission, a file system without locks.
  explicit ImageCacheLock(const std::filesystem::path& cache);
  // False when another process has it.
  bool try_lock();

 private:
  std::filesystem::path path_;
  Descriptor file_;
};

}  // namespace rxrun
