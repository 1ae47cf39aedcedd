#include "data/image_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>

#include "data/parallel.h"
#include "diagnostics/diagnostic.h"
#include "files/files.h"

namespace rxrun {
namespace {

static_assert(std::endian::native == std::endian::little, "the file's numbers are this machine's");
constexpr char magic[16] = "rxrun images 3\n";
constexpr std::size_t hash_size = 64;  // hexadecimal

// As they lie in the file.
struct Header {
  char magic[16];
  std::uint64_t count, bytes, index_bytes;
  char index_hash[hash_size];
  char own_hash[hash_size];  // of what is before it
};
struct Record {
  char digest[hash_size], pixels[hash_size];  // zeros in `pixels`: bad
  std::int32_t is_wide, lowest, highest, further_pictures, ignored_bands, stray_bytes, lost_colour, zero;
};
static_assert(sizeof(Header) == 168 && sizeof(Record) == 160 && sizeof(ChannelSums) == 16,
              "no gaps: the format is these bytes");

template <typename Text>
void put(Text& to, const std::string& hash) {
  std::memset(to, 0, hash_size);
  std::memcpy(to, hash.data(), std::min(hash.size(), hash_size));
}
template <typename Text>
std::string text_of(const Text& from) {
  return {from, strnlen(from, hash_size)};
}

Record record_of(const ImageFacts& facts) {
  const Levels wide = facts.origin.wide.value_or(Levels{});
  Record record{.digest = {},
                .pixels = {},
                .is_wide = facts.origin.wide.has_value(),
                .lowest = wide.lowest,
                .highest = wide.highest,
                .further_pictures = facts.origin.further_pictures,
                .ignored_bands = facts.origin.ignored_bands,
                .stray_bytes = facts.origin.stray_bytes,
                .lost_colour = facts.origin.lost_colour,
                .zero = 0};
  put(record.digest, facts.digest);
  put(record.pixels, facts.pixels);
  return record;
}

ImageFacts facts_of(const Record& record, std::span<const ChannelSums> sums) {
  ImageFacts facts{.digest = text_of(record.digest), .pixels = text_of(record.pixels)};
  if (!facts.pixels.empty()) facts.channels.assign(sums.begin(), sums.end());
  if (record.is_wide != 0) facts.origin.wide = Levels{.lowest = record.lowest, .highest = record.highest};
  facts.origin.further_pictures = record.further_pictures;
  facts.origin.ignored_bands = record.ignored_bands;
  facts.origin.stray_bytes = record.stray_bytes != 0;
  facts.origin.lost_colour = record.lost_colour != 0;
  return facts;
}

std::string own_hash(const Header& header) {
  return sha256_hex({reinterpret_cast<const char*>(&header), offsetof(Header, own_hash)});
}

std::uint64_t index_size(const ImageSizes& sizes) {
  return std::uint64_t{sizes.count} * (sizeof(Record) + sizes.channels * sizeof(ChannelSums));
}

std::uint64_t index_place(const ImageSizes& sizes) {
  return image_cache_pixels + std::uint64_t{sizes.count} * sizes.bytes;
}

std::uint64_t file_size(const ImageSizes& sizes) { return index_place(sizes) + index_size(sizes); }

std::string pixels_hash(std::span<const std::uint8_t> pixels) {
  return sha256_hex({reinterpret_cast<const char*>(pixels.data()), pixels.size()});
}

// A share of the disk that no cache takes.
std::uint64_t to_leave_free(std::uint64_t disk) { return std::min<std::uint64_t>(disk / 20, 1ull << 30); }

void check_room(const std::filesystem::path& folder, std::uint64_t needed) {
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) != 0) return;  // whoever writes there is told
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  const std::uint64_t leave = to_leave_free(std::uint64_t{disk.f_blocks} * disk.f_frsize);
  if (free < needed + leave)
    throw Error(Failure::run,
                fmt::format("the decoded images need {} MiB in {}, which has {} MiB free ({} of which are kept free)",
                            needed >> 20, folder.string(), free >> 20, leave >> 20));
}

// Reads what is not pixels.
class Reading {
 public:
  explicit Reading(const std::filesystem::path& file)
      : file_(file),
        opened_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)),
        error_(opened_ ? 0 : errno) {}

  bool missing() const { return error_ == ENOENT || error_ == ENOTDIR; }

  std::uint64_t size() {
    if (error_ != 0) damaged(std::strerror(error_));
    struct stat status {};
    if (fstat(opened_.get(), &status) != 0) damaged(std::strerror(errno));
    if (!S_ISREG(status.st_mode)) damaged("it is not a file");
    return static_cast<std::uint64_t>(status.st_size);
  }

  void read(std::uint64_t place, void* to, std::size_t size) {
    char* at = static_cast<char*>(to);
    while (size > 0) {
      const ssize_t count = pread(opened_.get(), at, size, static_cast<off_t>(place));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) damaged(std::strerror(errno));
      if (count == 0) damaged("it ends early");
      at += count;
      place += static_cast<std::uint64_t>(count);
      size -= static_cast<std::size_t>(count);
    }
  }

  [[noreturn]] void damaged(const std::string& why) const {
    throw Error(Failure::run, fmt::format("the decoded images in {} are damaged: {}", file_.string(), why));
  }

 private:
  const std::filesystem::path& file_;
  Descriptor opened_;
  int error_;
};

}  // namespace

ImageFacts facts_of(std::span<const std::uint8_t> pixels, int channels) {
  ImageFacts facts{.digest = {}, .pixels = pixels_hash(pixels)};
  const auto step = static_cast<std::size_t>(channels);
  for (std::size_t c = 0; c < step; ++c) {
    ChannelSums sums;
    for (std::size_t i = c; i < pixels.size(); i += step) {
      const std::uint32_t value = pixels[i];
      sums.sum += value;
      sums.sum_of_squares += value * value;
    }
    facts.channels.push_back(sums);
  }
  return facts;
}

std::optional<CachedImages> open_image_cache(const std::filesystem::path& file, const ImageSizes& sizes, int threads,
                                             const std::atomic<int>* stop) {
  Reading reading(file);
  if (reading.missing()) return std::nullopt;
  if (reading.size() != file_size(sizes)) reading.damaged("its size is wrong");
  Header header;
  reading.read(0, &header, sizeof header);
  if (std::memcmp(header.magic, magic, sizeof magic) != 0) reading.damaged("it is not a file of decoded images");
  if (own_hash(header) != text_of(header.own_hash)) reading.damaged("its header does not match its checksum");
  if (header.count != sizes.count || header.bytes != sizes.bytes || header.index_bytes != index_size(sizes))
    reading.damaged("it holds other images");
  std::string index(header.index_bytes, '\0');
  reading.read(index_place(sizes), index.data(), index.size());
  if (sha256_hex(index) != text_of(header.index_hash)) reading.damaged("its index does not match its checksum");
  std::vector<Record> records(sizes.count);
  std::vector<ChannelSums> sums(sizes.count * sizes.channels);
  const std::size_t records_size = sizes.count * sizeof(Record);
  std::memcpy(records.data(), index.data(), records_size);
  std::memcpy(sums.data(), index.data() + records_size, index.size() - records_size);

  CachedImages cached{ImageStore::mapped(file, image_cache_pixels, sizes.count, sizes.bytes),
                      std::vector<ImageFacts>(sizes.count)};
  for_each_index(
      sizes.count, threads,
      [&](std::size_t i) {
        ImageFacts& facts = cached.facts[i];
        facts = facts_of(records[i], std::span(sums).subspan(i * sizes.channels, sizes.channels));
        if (!facts.pixels.empty() && pixels_hash(cached.images[i]) != facts.pixels)
          reading.damaged(fmt::format("image {} does not match its checksum", i));
      },
      stop);
  return cached;
}

ImageCacheWriter::ImageCacheWriter(const std::filesystem::path& file, const ImageSizes& sizes)
    : file_((check_room(file.parent_path(), file_size(sizes)), file)), sizes_(sizes) {
  file_.reserve(file_size(sizes));
}

void ImageCacheWriter::write(std::size_t index, std::span<const std::uint8_t> pixels) const {
  file_.write_at(image_cache_pixels + std::uint64_t{index} * sizes_.bytes, pixels.data(), pixels.size());
}

void ImageCacheWriter::finish(const std::vector<ImageFacts>& facts) {
  std::string index;
  index.reserve(index_size(sizes_));
  for (const ImageFacts& image : facts) {
    const Record record = record_of(image);
    index.append(reinterpret_cast<const char*>(&record), sizeof record);
  }
  for (const ImageFacts& image : facts) {
    std::vector<ChannelSums> sums = image.channels;
    sums.resize(sizes_.channels);  // of a bad one: zeros
    index.append(reinterpret_cast<const char*>(sums.data()), sums.size() * sizeof(ChannelSums));
  }
  Header header{};
  std::memcpy(header.magic, magic, sizeof magic);
  header.count = sizes_.count;
  header.bytes = sizes_.bytes;
  header.index_bytes = index.size();
  put(header.index_hash, sha256_hex(index));
  put(header.own_hash, own_hash(header));
  file_.write_at(index_place(sizes_), index.data(), index.size());
  file_.write_at(0, &header, sizeof header);
  file_.move_to_target();
}

ImageCacheLock::ImageCacheLock(const std::filesystem::path& cache)
    : path_(std::filesystem::path(cache).replace_extension(".lock")) {
  file_ = Descriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file_) throw Error(Failure::run, fmt::format("cannot open {}: {}", path_.string(), std::strerror(errno)));
}

bool ImageCacheLock::try_lock() {
  while (flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR)
      throw Error(Failure::run, fmt::format("cannot lock {}: {}", path_.string(), std::strerror(errno)));
  }
  return true;
}

}  // namespace rxrun
