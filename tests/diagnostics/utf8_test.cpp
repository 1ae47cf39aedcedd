#include "diagnostics/utf8.h"

#include <gtest/gtest.h>

namespace rxrun {
namespace {

std::string encode(char32_t c) {
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 0x3f))};
  if (c < 0x10000)
    return {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
            static_cast<char>(0x80 | (c & 0x3f))};
  return {static_cast<char>(0xf0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 0x3f)),
          static_cast<char>(0x80 | (c >> 6 & 0x3f)), static_cast<char>(0x80 | (c & 0x3f))};
}

TEST(DecodeUtf8, ReadsEveryCodePoint) {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    const std::string text = encode(c);
    const CodePoint read = decode_utf8(text, 0);
    const bool surrogate = c >= 0xd800 && c <= 0xdfff;
    ASSERT_EQ(read.valid, !surrogate) << static_cast<unsigned>(c);
    if (surrogate) continue;
    ASSERT_EQ(read.value, c);
    ASSERT_EQ(read.size, text.size());
  }
}

TEST(DecodeUtf8, RefusesWhatIsNone) {
  for (const char* text : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80",
                           "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "\xc2",
                           "\xe2\x82", "\xf0\x9f\x98", "\xc2x", "\xe2\x82x"}) {
    const CodePoint read = decode_utf8(text, 0);
    EXPECT_FALSE(read.valid) << text;
    EXPECT_EQ(read.size, 1u);
    EXPECT_EQ(read.value, static_cast<unsigned char>(text[0]));
  }
}

TEST(IsControl, NamesWhatMovesOrHidesText) {
  for (char32_t c : {0x0,    0x9,    0xa,    0x1b,   0x1f,   0x7f,   0x85,   0x9f,   0x61c,   0x200e,
                     0x200f, 0x2028, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff, 0xffff, 0x1fffe, 0xe0041}) {
    EXPECT_TRUE(is_control(c)) << static_cast<unsigned>(c);
  }
  for (char32_t c : {0x20, 0x7e, 0xa0, 0xe9, 0x61b, 0x200d, 0x2027, 0x202f, 0x2065, 0x206a, 0x6f22, 0xfffd, 0x1f600}) {
    EXPECT_FALSE(is_control(c)) << static_cast<unsigned>(c);
  }
}

TEST(CountCodePoints, CountsBadBytesOneByOne) {
  EXPECT_EQ(count_code_points(""), 0u);
  EXPECT_EQ(count_code_points("größe"), 5u);
  EXPECT_EQ(count_code_points("\xff\xe2\x82z"), 4u);
}

}  // namespace
}  // namespace rxrun
