// The PNGs that most data sets are made of (eight bits a channel, grey or RGB, in one pass, nothing transparent) by
// libdeflate and SSE2, several times as fast as libpng and zlib. Whatever is not exactly that, damage included, is left
// to libpng, which decides what it is worth.
#include <libdeflate.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "data/decode.h"

namespace rxrun {
namespace {

std::uint32_t big_endian_32(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | std::uint32_t{at[3]};
}

struct Chunk {
  const char* type;  // four letters
  std::span<const std::uint8_t> data;
  bool is(const char* name) const { return std::memcmp(type, name, 4) == 0; }
  bool critical() const { return (type[0] & 0x20) == 0; }
};

// The chunk at `at`, which moves behind it; nothing for one that is cut short or whose sum is wrong.
std::optional<Chunk> next_chunk(std::span<const std::uint8_t> bytes, std::size_t& at) {
  constexpr std::size_t frame = 12;  // length, type, sum
  if (bytes.size() < at + frame) return std::nullopt;
  const std::size_t length = big_endian_32(bytes.data() + at);
  if (length > bytes.size() - at - frame) return std::nullopt;
  const std::uint8_t* type = bytes.data() + at + 4;
  if (libdeflate_crc32(0, type, length + 4) != big_endian_32(type + 4 + length)) return std::nullopt;
  at += frame + length;
  return Chunk{reinterpret_cast<const char*>(type), {type + 4, length}};
}

struct Plain {
  int width = 0, height = 0, channels = 0;
  std::vector<std::uint8_t> compressed;
};

// Ancillary chunks that change what the pixels mean, or say how they are to be turned.
bool matters(const Chunk& chunk) { return chunk.critical() || chunk.is("tRNS") || chunk.is("eXIf"); }

bool read_chunks(std::span<const std::uint8_t> bytes, Plain& plain) {
  std::size_t at = 8;
  const auto head = next_chunk(bytes, at);
  if (!head || !head->is("IHDR") || head->data.size() != 13) return false;
  const std::uint8_t* fields = head->data.data();
  check_image_size(big_endian_32(fields), big_endian_32(fields + 4));
  plain.width = static_cast<int>(big_endian_32(fields));
  plain.height = static_cast<int>(big_endian_32(fields + 4));
  const int depth = fields[8], colour = fields[9], interlaced = fields[12];
  if (depth != 8 || (colour != 0 && colour != 2) || fields[10] != 0 || fields[11] != 0 || interlaced != 0) return false;
  plain.channels = colour == 2 ? 3 : 1;
  plain.compressed.clear();
  bool ended = false;  // the pixels' chunks must follow each other
  while (const auto chunk = next_chunk(bytes, at)) {
    if (chunk->is("IEND")) return !plain.compressed.empty() && chunk->data.empty();
    if (chunk->is("IDAT")) {
      if (ended) return false;
      plain.compressed.insert(plain.compressed.end(), chunk->data.begin(), chunk->data.end());
    } else {
      if (matters(*chunk)) return false;
      ended = !plain.compressed.empty();
    }
  }
  return false;
}

int nearest(int left, int above, int corner) {
  const int to_left = std::abs(above - corner), to_above = std::abs(left - corner),
            to_corner = std::abs(left + above - 2 * corner);
  return to_left <= to_above && to_left <= to_corner ? left : to_above <= to_corner ? above : corner;
}

// A row whose filter looks at the pixel to the left (and above): one after the other. `from` may be read four bytes
// beyond its end; `above` is the row before.
template <int channels>
void unfilter_average(const std::uint8_t* from, const std::uint8_t* above, std::size_t size, std::uint8_t* to) {
  for (std::size_t i = 0; i < size; ++i) {
    const int left = i < channels ? 0 : to[i - channels];
    to[i] = static_cast<std::uint8_t>(from[i] + (left + above[i]) / 2);
  }
}
template <int channels>
void unfilter_paeth(const std::uint8_t* from, const std::uint8_t* above, std::size_t size, std::uint8_t* to) {
  for (std::size_t i = 0; i < size; ++i) {
    const bool first = i < channels;
    to[i] = static_cast<std::uint8_t>(from[i] +
                                      nearest(first ? 0 : to[i - channels], above[i], first ? 0 : above[i - channels]));
  }
}

#ifdef __SSE2__
// A colour pixel's three numbers side by side.
__m128i load_pixel(const std::uint8_t* at) {
  int bytes = 0;
  std::memcpy(&bytes, at, 4);
  return _mm_cvtsi32_si128(bytes);
}
void store_pixel(std::uint8_t* to, __m128i pixel) {
  const int bytes = _mm_cvtsi128_si32(pixel);
  std::memcpy(to, &bytes, 3);
}
__m128i absolute(__m128i numbers) { return _mm_max_epi16(numbers, _mm_sub_epi16(_mm_setzero_si128(), numbers)); }
__m128i choose(__m128i condition, __m128i yes, __m128i no) {
  return _mm_or_si128(_mm_and_si128(condition, yes), _mm_andnot_si128(condition, no));
}

template <>
void unfilter_average<3>(const std::uint8_t* from, const std::uint8_t* above, std::size_t size, std::uint8_t* to) {
  __m128i left = _mm_setzero_si128();
  const __m128i one = _mm_set1_epi8(1);
  for (std::size_t i = 0; i < size; i += 3) {
    const __m128i up = load_pixel(above + i);
    // The instruction rounds up, PNG down.
    const __m128i mean = _mm_sub_epi8(_mm_avg_epu8(left, up), _mm_and_si128(_mm_xor_si128(left, up), one));
    left = _mm_add_epi8(load_pixel(from + i), mean);
    store_pixel(to + i, left);
  }
}

template <>
void unfilter_paeth<3>(const std::uint8_t* from, const std::uint8_t* above, std::size_t size, std::uint8_t* to) {
  const __m128i zero = _mm_setzero_si128();
  __m128i left = zero, corner = zero;  // sixteen bits each
  for (std::size_t i = 0; i < size; i += 3) {
    const __m128i up = _mm_unpacklo_epi8(load_pixel(above + i), zero);
    const __m128i a = _mm_sub_epi16(up, corner), b = _mm_sub_epi16(left, corner);
    const __m128i to_left = absolute(a), to_above = absolute(b), to_corner = absolute(_mm_add_epi16(a, b));
    const __m128i least = _mm_min_epi16(to_left, _mm_min_epi16(to_above, to_corner));
    const __m128i predicted =
        choose(_mm_cmpeq_epi16(least, to_left), left, choose(_mm_cmpeq_epi16(least, to_above), up, corner));
    left = _mm_add_epi8(_mm_unpacklo_epi8(load_pixel(from + i), zero), predicted);
    corner = up;
    store_pixel(to + i, _mm_packus_epi16(left, left));
  }
}
#endif

template <int channels>
bool unfilter(int filter, const std::uint8_t* from, const std::uint8_t* above, std::size_t size, std::uint8_t* to) {
  switch (filter) {
    case 0:
      std::memcpy(to, from, size);
      return true;
    case 1:
      for (std::size_t i = 0; i < size; ++i)
        to[i] = static_cast<std::uint8_t>(from[i] + (i < channels ? 0 : to[i - channels]));
      return true;
    case 2:
      for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<std::uint8_t>(from[i] + above[i]);
      return true;
    case 3:
      unfilter_average<channels>(from, above, size, to);
      return true;
    case 4:
      unfilter_paeth<channels>(from, above, size, to);
      return true;
    default:
      return false;
  }
}

struct Decompressor {
  libdeflate_decompressor* it = libdeflate_alloc_decompressor();
  Decompressor() = default;
  ~Decompressor() { libdeflate_free_decompressor(it); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
};

constexpr std::size_t beyond = 4;           // bytes that may be read after the last pixel
constexpr std::size_t most_kept = 1 << 24;  // bytes that a thread keeps for its next image

}  // namespace

std::optional<Image> decode_plain_png(std::span<const std::uint8_t> bytes) {
  // Used again and again by a thread that decodes.
  thread_local Plain plain;
  thread_local std::vector<std::uint8_t> filtered, black;
  thread_local const Decompressor decompressor;
  if (decompressor.it == nullptr || !read_chunks(bytes, plain)) return std::nullopt;
  const std::size_t row = static_cast<std::size_t>(plain.width) * static_cast<std::size_t>(plain.channels);
  const std::size_t size = static_cast<std::size_t>(plain.height) * (row + 1);
  constexpr std::size_t most_a_byte = 1032;  // that deflate can hold in one
  if (size / most_a_byte > plain.compressed.size()) return std::nullopt;
  filtered.resize(size + beyond);
  if (libdeflate_zlib_decompress(decompressor.it, plain.compressed.data(), plain.compressed.size(), filtered.data(),
                                 size, nullptr) != LIBDEFLATE_SUCCESS)
    return std::nullopt;

  Image image{plain.height, plain.width, plain.channels, {}};
  image.pixels.resize(static_cast<std::size_t>(plain.height) * row);
  black.assign(row + beyond, 0);
  const std::uint8_t* above = black.data();
  for (int y = 0; y < plain.height; ++y) {
    const std::uint8_t* from = filtered.data() + static_cast<std::size_t>(y) * (row + 1);
    std::uint8_t* to = image.pixels.data() + static_cast<std::size_t>(y) * row;
    if (!(plain.channels == 3 ? unfilter<3>(from[0], from + 1, above, row, to)
                              : unfilter<1>(from[0], from + 1, above, row, to)))
      return std::nullopt;
    above = to;
  }
  if (filtered.capacity() > most_kept) {
    filtered = {};
    plain.compressed = {};
  }
  return image;
}

}  // namespace rxrun
