#include "diagnostics/render.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace rxrun {
namespace {

Diagnostic at(int line, int column, int length, std::string text, std::string advice = "") {
  return {Severity::error, {"a.yaml", line, column, length, std::move(text)}, "wrong", std::move(advice)};
}

TEST(Render, ShowsPlaceLineCaretAndAdvice) {
  const Diagnostic diagnostic{Severity::error,
                              {"experiments/a.yaml", 7, 3, 10, "  cardinalty: 32"},
                              "unknown key `cardinalty`",
                              "did you mean `cardinality`?"};
  EXPECT_EQ(render(diagnostic),
            "experiments/a.yaml:7:3: error: unknown key `cardinalty`\n"
            "  7 |   cardinalty: 32\n"
            "    |   ^~~~~~~~~~\n"
            "    = did you mean `cardinality`?\n");
}

TEST(Render, MarginGrowsWithTheLineNumber) {
  EXPECT_EQ(render(at(1234, 1, 1, "x", "fix it\nor leave it")),
            "a.yaml:1234:1: error: wrong\n"
            "  1234 | x\n"
            "       | ^\n"
            "       = fix it\n"
            "       = or leave it\n");
}

TEST(Render, WithoutPlaceOrLineOrColumn) {
  EXPECT_EQ(render(Diagnostic{Severity::warning, {}, "slow", "wait"}), "warning: slow\n  = wait\n");
  EXPECT_EQ(render(Diagnostic{Severity::note, {"f", 0, 0, 1, ""}, "empty", ""}), "f: note: empty\n");
  EXPECT_EQ(render(at(3, 0, 1, "text")), "a.yaml:3: error: wrong\n  3 | text\n");
  EXPECT_EQ(render(at(3, 2, 1, "")), "a.yaml:3:2: error: wrong\n");
}

TEST(Render, TabsAndWideAndCombiningCharactersDoNotMoveTheCaret) {
  EXPECT_EQ(render(at(1, 2, 1, "\tx")), "a.yaml:1:2: error: wrong\n  1 |     x\n    |     ^\n");
  EXPECT_EQ(render(at(1, 3, 2, "a\tbc")), "a.yaml:1:3: error: wrong\n  1 | a   bc\n    |     ^~\n");
  EXPECT_EQ(render(at(1, 3, 1, "漢字x")), "a.yaml:1:3: error: wrong\n  1 | 漢字x\n    |     ^\n");
  EXPECT_EQ(render(at(1, 1, 2, "漢字x")), "a.yaml:1:1: error: wrong\n  1 | 漢字x\n    | ^~~~\n");
  EXPECT_EQ(render(at(1, 3, 1, "e\u0301x")), "a.yaml:1:3: error: wrong\n  1 | e\u0301x\n    |  ^\n");
  EXPECT_EQ(render(at(1, 7, 1, "größe: 1")), "a.yaml:1:7: error: wrong\n  1 | größe: 1\n    |       ^\n");
}

TEST(Render, CaretStaysWithinReachOfTheLine) {
  EXPECT_EQ(render(at(1, 9, 1, "abc")), "a.yaml:1:9: error: wrong\n  1 | abc\n    |    ^\n");
  EXPECT_EQ(render(at(1, 2, 99, "abc")), "a.yaml:1:2: error: wrong\n  1 | abc\n    |  ^~\n");
  EXPECT_EQ(render(at(1, 2, 0, "abc")), "a.yaml:1:2: error: wrong\n  1 | abc\n    |  ^\n");
}

TEST(Render, LongLinesAreCutAroundTheMark) {
  const std::string line = std::string(500, 'a') + "HERE" + std::string(500, 'b');
  const std::string text = render(at(1, 501, 4, line));
  EXPECT_EQ(text, "a.yaml:1:501: error: wrong\n  1 | …" + std::string(33, 'a') + "HERE" + std::string(63, 'b') +
                      "…\n    | " + std::string(34, ' ') + "^~~~\n");
  const std::string front = render(at(1, 2, 1, line));
  EXPECT_EQ(front, "a.yaml:1:2: error: wrong\n  1 | " + std::string(100, 'a') + "…\n    |  ^\n");
}

TEST(Render, ForeignTextCannotSteerTheTerminal) {
  const Diagnostic diagnostic{
      Severity::error, {"\x1b]0;x\a.yaml", 1, 3, 1, "a\x1b[2Jb\xff"}, "name `\xe2\x80\xae`\n", "\x9b\r"};
  EXPECT_EQ(render(diagnostic),
            "\\x1B]0;x\\x07.yaml:1:3: error: name `\\xE2\\x80\\xAE`\\x0A\n"
            "  1 | a\\x1B[2Jb\\xFF\n"
            "    |      ^\n"
            "    = \\x9B\\x0D\n");
}

TEST(Render, ColorOnlyWhereAsked) {
  const std::string plain = render(at(1, 1, 1, "x")), colored = render(at(1, 1, 1, "x"), {.color = true});
  EXPECT_EQ(plain.find('\x1b'), std::string::npos);
  EXPECT_NE(colored.find("\x1b[1;31merror:\x1b[0m"), std::string::npos);
  std::string stripped;
  for (std::size_t i = 0; i < colored.size(); ++i) {
    if (colored[i] == '\x1b')
      i = colored.find('m', i);
    else
      stripped += colored[i];
  }
  EXPECT_EQ(stripped, plain);
}

TEST(Render, SeveralFollowEachOther) {
  const std::vector<Diagnostic> list = {at(1, 1, 1, "x"), at(2, 1, 1, "y")};
  EXPECT_EQ(render(list), render(list[0]) + render(list[1]));
}

TEST(Render, InOneLine) {
  EXPECT_EQ(in_one_line(at(4, 5, 1, "x", "do")), "a.yaml:4:5: wrong");
  EXPECT_EQ(in_one_line({Severity::warning, {}, "odd\n", ""}), "odd\\x0A");
}

TEST(RenderJson, HoldsTheFieldsInAscii) {
  const std::vector<Diagnostic> list = {at(4, 5, 1, "x", "do \xe2\x80\xae\xff"), {Severity::warning, {}, "w", ""}};
  const std::string text = render_json(list);
  for (char c : text) EXPECT_TRUE(c >= ' ' && c < 0x7f);  // and no end of a line
  const nlohmann::json json = nlohmann::json::parse(text);
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0]["severity"], "error");
  EXPECT_EQ(json[0]["file"], "a.yaml");
  EXPECT_EQ(json[0]["line"], 4);
  EXPECT_EQ(json[0]["column"], 5);
  EXPECT_EQ(json[0]["message"], "wrong");
  EXPECT_EQ(json[1]["severity"], "warning");
  EXPECT_EQ(json[0].size(), 6u);
  EXPECT_EQ(render_json({}), "[]");
}

TEST(Printable, LeavesTextAndShowsTheRestAsBytes) {
  EXPECT_EQ(printable("größe 漢字 ~"), "größe 漢字 ~");
  EXPECT_EQ(printable(std::string_view("\0\t\n\x7f", 4)), "\\x00\\x09\\x0A\\x7F");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xC2\\x9B");
  EXPECT_EQ(printable("\xe2\x81\xa6\xe2\x80\x8f\xef\xbb\xbf"), "\\xE2\\x81\\xA6\\xE2\\x80\\x8F\\xEF\\xBB\\xBF");
  EXPECT_EQ(printable("\xc0\xaf\xed\xa0\x80\xe2\x82"), "\\xC0\\xAF\\xED\\xA0\\x80\\xE2\\x82");
}

}  // namespace
}  // namespace rxrun
