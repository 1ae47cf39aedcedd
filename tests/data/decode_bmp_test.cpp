#include <gtest/gtest.h>

#include "data/decode.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::as_bytes;
using testing::HasSubstr;

std::string word(std::uint32_t value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8), static_cast<char>(value >> 16),
          static_cast<char>(value >> 24)};
}

std::string bitmap(std::uint32_t width, std::uint32_t height, std::uint32_t bits, std::uint32_t compression,
                   std::uint32_t colours, const std::string& tables, const std::string& rows) {
  const auto offset = static_cast<std::uint32_t>(54 + tables.size());
  return "BM" + word(offset + static_cast<std::uint32_t>(rows.size())) + word(0) + word(offset) + word(40) +
         word(width) + word(height) + word(1 | bits << 16) + word(compression) + word(0) + word(0) + word(0) +
         word(colours) + word(0) + tables + rows;
}

TEST(Bmp, OneBitAndFourBitsByPalette) {
  const std::string two = word(0x0a141e) + word(0xc8b4a0);
  EXPECT_EQ(decode_bmp(as_bytes(bitmap(3, 1, 1, 0, 2, two, std::string("\xa0\0\0\0", 4)))),
            (Image{1, 3, 3, {200, 180, 160, 10, 20, 30, 200, 180, 160}}));
  EXPECT_EQ(decode_bmp(as_bytes(bitmap(2, 1, 4, 0, 2, two, std::string("\x01\0\0\0", 4)))),
            (Image{1, 2, 3, {10, 20, 30, 200, 180, 160}}));
  EXPECT_THAT(test::error_of([&] { decode_bmp(as_bytes(bitmap(2, 1, 4, 0, 2, two, std::string("\x02\0\0\0", 4)))); }),
              HasSubstr("beyond the palette"));
}

TEST(Bmp, BitFields) {
  const std::string masks = word(0xf800) + word(0x07e0) + word(0x001f);
  EXPECT_EQ(decode_bmp(as_bytes(bitmap(2, 1, 16, 3, 0, masks, std::string("\x1f\xf8\xe0\x07", 4)))),
            (Image{1, 2, 3, {255, 0, 255, 0, 255, 0}}));
  EXPECT_EQ(decode_bmp(as_bytes(bitmap(1, 1, 32, 0, 0, "", word(0x00102030)))), (Image{1, 1, 3, {0x10, 0x20, 0x30}}));
  const std::string torn = word(0xf0f0) + word(0x07e0) + word(0x001f);
  EXPECT_THAT(test::error_of([&] { decode_bmp(as_bytes(bitmap(2, 1, 16, 3, 0, torn, std::string(4, '\0')))); }),
              HasSubstr("masks"));
}

TEST(Bmp, RunLengthIsRefusedByName) {
  EXPECT_THAT(test::error_of([&] { decode_bmp(as_bytes(bitmap(2, 1, 8, 1, 0, "", std::string(8, '\0')))); }),
              HasSubstr("run-length"));
}

}  // namespace
}  // namespace rxrun
