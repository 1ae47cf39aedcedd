#include "pictures/bitmap_font.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace rxrun {
namespace {

Image white(int height, int width) {
  return {height, width, 1, std::vector<std::uint8_t>(static_cast<std::size_t>(height * width), 255)};
}

// One letter as rows of dots.
std::string drawn(const std::string& text, int scale = 1) {
  Image image = white(glyph_height * scale, text_width(text) * scale);
  draw_text(image, 0, 0, text, scale);
  std::string dots;
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    dots += image.pixels[i] == 0 ? '#' : '.';
    if ((i + 1) % image.row_bytes() == 0) dots += '\n';
  }
  return dots;
}

TEST(BitmapFont, LettersStandUpright) {
  EXPECT_EQ(drawn("F"), "#####.\n#.....\n#.....\n####..\n#.....\n#.....\n#.....\n......\n");
  EXPECT_EQ(drawn("y"), "......\n......\n#...#.\n#...#.\n#...#.\n.####.\n....#.\n.###..\n");
}

TEST(BitmapFont, EveryLetterIsAnother) {
  std::set<std::string> all;
  for (char c = ' '; c <= '~'; ++c) all.insert(drawn(std::string(1, c)));
  EXPECT_EQ(all.size(), 95u);
}

TEST(BitmapFont, WhatIsNoAsciiIsOneBoxACodePoint) {
  const std::string box = drawn("\xc3\xa4");
  EXPECT_EQ(box, "#####.\n#...#.\n#...#.\n#...#.\n#...#.\n#...#.\n#####.\n......\n");
  EXPECT_EQ(drawn("\xff"), box);
  EXPECT_EQ(drawn("\x01"), box);
  EXPECT_EQ(text_width("a\xc3\xa4z"), 3 * glyph_advance);
}

TEST(BitmapFont, ADotIsASquareOfTheScale) {
  const std::string once = drawn("k"), thrice = drawn("k", 3);
  EXPECT_EQ(std::count(thrice.begin(), thrice.end(), '#'), 9 * std::count(once.begin(), once.end(), '#'));
}

TEST(BitmapFont, WhatLiesOutsideIsLeftOut) {
  Image image = white(4, 4);
  draw_text(image, -3, -2, "####", 2);
  EXPECT_GT(std::count(image.pixels.begin(), image.pixels.end(), 0), 0);
  draw_text(image, 100, 100, "#", 2);
}

TEST(BitmapFont, ALongTextEndsInDots) {
  EXPECT_EQ(text_within("benign", 6 * glyph_advance), "benign");
  EXPECT_EQ(text_within("benign!", 6 * glyph_advance), "ben...");
  EXPECT_EQ(text_within("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 4 * glyph_advance), "\xc3\xa4...");
}

}  // namespace
}  // namespace rxrun
