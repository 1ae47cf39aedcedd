// Windows and OS/2 bitmaps: 1, 4, 8, 16, 24 and 32 bits a pixel, with palette or bit fields, bottom-up or top-down.
// The run-length forms are refused by name.
#include <array>
#include <bit>
#include <string>

#include "data/decode.h"

namespace rxrun {
namespace {

constexpr std::size_t file_header = 14;

struct Bitmap {
  std::int64_t width = 0, height = 0;
  bool top_down = false;
  int bits = 0;
  std::uint32_t compression = 0;
  std::size_t pixels_at = 0;
  std::array<std::uint32_t, 3> masks{};  // red, green, blue; for 16 and 32 bits
  std::vector<std::array<std::uint8_t, 3>> palette;
};

class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::uint32_t u16(std::size_t at) const { return byte(at) | byte(at + 1) << 8; }
  std::uint32_t u32(std::size_t at) const { return u16(at) | u16(at + 2) << 16; }
  std::uint32_t byte(std::size_t at) const {
    if (at >= bytes_.size()) bad_image("damaged BMP: the file ends early");
    return bytes_[at];
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

void read_palette(Bitmap& bitmap, const Bytes& bytes, std::size_t at, std::uint32_t used, std::size_t entry_size) {
  const std::uint32_t full = 1u << bitmap.bits;
  const std::uint32_t entries = used == 0 ? full : std::min(used, full);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = at + i * entry_size;
    bitmap.palette.push_back({static_cast<std::uint8_t>(bytes.byte(entry + 2)),
                              static_cast<std::uint8_t>(bytes.byte(entry + 1)),
                              static_cast<std::uint8_t>(bytes.byte(entry))});
  }
}

void read_masks(Bitmap& bitmap, const Bytes& bytes) {
  constexpr std::uint32_t bit_fields = 3, alpha_bit_fields = 6;
  if (bitmap.compression == bit_fields || bitmap.compression == alpha_bit_fields) {
    for (std::size_t c = 0; c < 3; ++c) bitmap.masks[c] = bytes.u32(file_header + 40 + 4 * c);
  } else if (bitmap.bits == 16) {
    bitmap.masks = {0x7c00, 0x03e0, 0x001f};
  } else {
    bitmap.masks = {0xff0000, 0x00ff00, 0x0000ff};
  }
  for (const std::uint32_t mask : bitmap.masks)
    if (mask == 0 || !std::has_single_bit((mask >> std::countr_zero(mask)) + std::uint64_t{1}))
      bad_image("damaged BMP: broken colour masks");
}

Bitmap read_header(const Bytes& bytes) {
  Bitmap bitmap;
  bitmap.pixels_at = bytes.u32(10);
  const std::uint32_t header = bytes.u32(14);
  const bool core = header == 12;
  if (!core && (header < 40 || header > 256))
    bad_image("damaged BMP: its header has " + std::to_string(header) + " bytes");
  const auto signed_side = [&](std::size_t at) { return std::int64_t{static_cast<std::int32_t>(bytes.u32(at))}; };
  bitmap.width = core ? std::int64_t{bytes.u16(18)} : signed_side(18);
  bitmap.height = core ? std::int64_t{bytes.u16(20)} : signed_side(22);  // negative: top-down
  bitmap.bits = static_cast<int>(core ? bytes.u16(24) : bytes.u16(28));
  bitmap.compression = core ? 0 : bytes.u32(30);
  if (bitmap.height < 0) {
    bitmap.top_down = true;
    bitmap.height = -bitmap.height;
  }
  check_image_size(bitmap.width, bitmap.height);
  if (bitmap.compression == 1 || bitmap.compression == 2) bad_image("unsupported BMP: run-length compressed");
  if (bitmap.compression != 0 && bitmap.compression != 3 && bitmap.compression != 6)
    bad_image("unsupported BMP: compression " + std::to_string(bitmap.compression));
  switch (bitmap.bits) {
    case 1:
    case 4:
    case 8:
      read_palette(bitmap, bytes, file_header + header, core ? 0 : bytes.u32(46), core ? 3 : 4);
      break;
    case 16:
    case 32:
      read_masks(bitmap, bytes);
      break;
    case 24:
      break;
    default:
      bad_image("unsupported BMP: " + std::to_string(bitmap.bits) + " bits per pixel");
  }
  return bitmap;
}

std::uint8_t masked(std::uint32_t pixel, std::uint32_t mask) {
  const int shift = std::countr_zero(mask);
  const std::uint64_t top = mask >> shift;
  return static_cast<std::uint8_t>((((pixel & mask) >> shift) * std::uint64_t{255} + top / 2) / top);
}

std::array<std::uint8_t, 3> pixel_at(const Bitmap& bitmap, const std::uint8_t* row, std::size_t x) {
  switch (bitmap.bits) {
    case 24:
      return {row[3 * x + 2], row[3 * x + 1], row[3 * x]};
    case 16:
    case 32: {
      std::uint32_t pixel = 0;
      const std::size_t size = static_cast<std::size_t>(bitmap.bits) / 8;
      for (std::size_t i = 0; i < size; ++i) pixel |= static_cast<std::uint32_t>(row[size * x + i]) << (8 * i);
      return {masked(pixel, bitmap.masks[0]), masked(pixel, bitmap.masks[1]), masked(pixel, bitmap.masks[2])};
    }
    default: {
      const std::size_t bits = static_cast<std::size_t>(bitmap.bits), a_byte = 8 / bits;
      const std::size_t shift = 8 - bits * (x % a_byte + 1);
      const std::size_t entry = (row[x / a_byte] >> shift) & ((1u << bits) - 1);
      if (entry >= bitmap.palette.size()) bad_image("damaged BMP: a colour beyond the palette");
      return bitmap.palette[entry];
    }
  }
}

bool is_grey(const Bitmap& bitmap) {
  for (const auto& colour : bitmap.palette)
    if (colour[0] != colour[1] || colour[1] != colour[2]) return false;
  return !bitmap.palette.empty();
}

}  // namespace

Image decode_bmp(std::span<const std::uint8_t> bytes) {
  const Bitmap bitmap = read_header(Bytes(bytes));
  const std::size_t width = static_cast<std::size_t>(bitmap.width), height = static_cast<std::size_t>(bitmap.height);
  const std::size_t stride =
      (width * static_cast<std::size_t>(bitmap.bits) + 31) / 32 * 4;  // rows are padded to four bytes
  if (bitmap.pixels_at > bytes.size() || stride * height > bytes.size() - bitmap.pixels_at)
    bad_image("damaged BMP: the file ends early");
  Image image{static_cast<int>(height), static_cast<int>(width), is_grey(bitmap) ? 1 : 3, {}};
  image.pixels.resize(height * image.row_bytes());
  std::uint8_t* to = image.pixels.data();
  for (std::size_t y = 0; y < height; ++y) {
    const std::uint8_t* row = bytes.data() + bitmap.pixels_at + stride * (bitmap.top_down ? y : height - 1 - y);
    for (std::size_t x = 0; x < width; ++x) {
      const auto colour = pixel_at(bitmap, row, x);
      for (int c = 0; c < image.channels; ++c) *to++ = colour[static_cast<std::size_t>(c)];
    }
  }
  return image;
}

}  // namespace rxrun
