#include "data/jpeg_scan.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <vector>

namespace rxrun {
namespace {

using Bytes = std::span<const std::uint8_t>;

// A Huffman table as ITU-T T.81 C.2 numbers its codes: by length, one after the other.
struct Codes {
  std::array<int, 17> first_code{}, first_symbol{}, count{};  // by length in bits
  std::vector<std::uint8_t> symbols;
};

struct Component {
  int id = 0, blocks = 0;  // in an MCU
  std::size_t dc = 0, ac = 0;
};

struct Jpeg {
  int mcus = 0;
  std::vector<Component> components;
  std::array<Codes, 4> dc, ac;
  Bytes scan;  // from its first code on
};

int u16(Bytes at) { return at[0] << 8 | at[1]; }

bool read_codes(Bytes segment, Jpeg& jpeg) {
  while (segment.size() >= 17) {
    const int kind = segment[0] >> 4;
    const std::size_t number = segment[0] & 15u;
    if (kind > 1 || number > 3) return false;
    Codes codes;
    int code = 0, symbol = 0;
    for (std::size_t length = 1; length <= 16; ++length) {
      codes.first_code[length] = code;
      codes.first_symbol[length] = symbol;
      codes.count[length] = segment[length];
      code = (code + codes.count[length]) << 1;
      symbol += codes.count[length];
    }
    const auto all = static_cast<std::size_t>(symbol);
    if (segment.size() < 17 + all) return false;
    codes.symbols.assign(segment.begin() + 17, segment.begin() + 17 + symbol);
    (kind == 0 ? jpeg.dc : jpeg.ac)[number] = std::move(codes);
    segment = segment.subspan(17 + all);
  }
  return segment.empty();
}

bool read_frame(Bytes segment, Jpeg& jpeg) {
  if (segment.size() < 6 || segment.size() != 6 + std::size_t{3} * segment[5]) return false;
  const int height = u16(segment.subspan(1)), width = u16(segment.subspan(3));
  int across = 1, down = 1;  // the most blocks of a component in an MCU
  for (std::size_t c = 0; c < segment[5]; ++c) {
    const int h = segment[7 + 3 * c] >> 4, v = segment[7 + 3 * c] & 15;
    jpeg.components.push_back({.id = segment[6 + 3 * c], .blocks = h * v});
    across = std::max(across, h);
    down = std::max(down, v);
  }
  if (jpeg.components.size() == 1) jpeg.components[0].blocks = across = down = 1;  // one component is not interleaved
  const auto parts = [](int size, int part) { return (size + part - 1) / part; };
  jpeg.mcus = parts(width, 8 * across) * parts(height, 8 * down);
  return true;
}

bool read_scan(Bytes segment, Jpeg& jpeg) {
  if (segment.size() < 4 || segment[0] != jpeg.components.size() || segment.size() != 4 + std::size_t{2} * segment[0])
    return false;
  for (std::size_t c = 0; c < segment[0]; ++c) {
    if (segment[1 + 2 * c] != jpeg.components[c].id) return false;
    jpeg.components[c].dc = segment[2 + 2 * c] >> 4;
    jpeg.components[c].ac = segment[2 + 2 * c] & 15u;
    if (jpeg.components[c].dc > 3 || jpeg.components[c].ac > 3) return false;
  }
  return true;
}

std::optional<Jpeg> read_headers(Bytes bytes) {
  Jpeg jpeg;
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    if (bytes[at] != 0xff || bytes[at + 1] == 0xff || bytes[at + 1] == 0) {
      ++at;  // stray bytes, or those that fill
      continue;
    }
    const int marker = bytes[at + 1];
    const auto size = static_cast<std::size_t>(u16(bytes.subspan(at + 2)));
    if (size < 2 || at + 2 + size > bytes.size()) return std::nullopt;
    const Bytes segment = bytes.subspan(at + 4, size - 2);
    at += 2 + size;
    constexpr int baseline = 0xc0, extended = 0xc1, huffman = 0xc4, scan = 0xda, restarts = 0xdd;
    if (marker == huffman && !read_codes(segment, jpeg)) return std::nullopt;
    if ((marker == baseline || marker == extended) && !read_frame(segment, jpeg)) return std::nullopt;
    if (marker == restarts && (segment.size() != 2 || u16(segment) != 0)) return std::nullopt;
    if (marker != scan) continue;
    if (jpeg.components.empty() || !read_scan(segment, jpeg)) return std::nullopt;
    jpeg.scan = bytes.subspan(at);
    return jpeg;
  }
  return std::nullopt;
}

class Bits {
 public:
  explicit Bits(Bytes bytes) : bytes_(bytes) {}

  // -1 at a marker or the end.
  int next() {
    if (left_ == 0) {
      if (at_ >= bytes_.size()) return -1;
      byte_ = bytes_[at_++];
      if (byte_ == 0xff && (at_ >= bytes_.size() || bytes_[at_++] != 0)) return -1;
      left_ = 8;
    }
    return byte_ >> --left_ & 1;
  }

  bool skip(int count) {
    for (int i = 0; i < count; ++i)
      if (next() < 0) return false;
    return true;
  }

  // The symbol of the next code, -1 for none.
  int symbol(const Codes& codes) {
    int code = 0;
    for (std::size_t length = 1; length <= 16; ++length) {
      const int bit = next();
      if (bit < 0) return -1;
      code = code << 1 | bit;
      const int number = code - codes.first_code[length];
      if (number >= 0 && number < codes.count[length])
        return codes.symbols[static_cast<std::size_t>(codes.first_symbol[length] + number)];
    }
    return -1;
  }

  // Whether the byte that is being read is filled up with ones.
  bool filled() {
    while (left_ > 0)
      if (next() == 0) return false;
    return true;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
  int byte_ = 0, left_ = 0;
};

bool read_block(Bits& bits, const Codes& dc, const Codes& ac) {
  constexpr int most_dc_bits = 11, most_ac_bits = 10;
  const int size = bits.symbol(dc);
  if (size < 0 || size > most_dc_bits || !bits.skip(size)) return false;
  for (int k = 1; k < 64;) {
    const int symbol = bits.symbol(ac), run = symbol >> 4, length = symbol & 15;
    if (symbol < 0) return false;
    if (symbol == 0) return true;  // the end of the block
    if (length == 0 && run != 15) return false;
    k += run + 1;
    if (k > 64 || length > most_ac_bits || !bits.skip(length)) return false;
  }
  return true;
}

}  // namespace

bool jpeg_scan_is_whole(std::span<const std::uint8_t> bytes) {
  const std::optional<Jpeg> jpeg = read_headers(bytes);
  if (!jpeg) return false;
  Bits bits(jpeg->scan);
  for (int mcu = 0; mcu < jpeg->mcus; ++mcu)
    for (const Component& component : jpeg->components)
      for (int block = 0; block < component.blocks; ++block)
        if (!read_block(bits, jpeg->dc[component.dc], jpeg->ac[component.ac])) return false;
  return bits.filled();
}

}  // namespace rxrun
