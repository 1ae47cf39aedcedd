// Documents made to cost: each ends in an error, in bounded processor time and memory.
#include <sys/stat.h>

#include <gmock/gmock.h>

#include "../growth.h"
#include "experiment/document.h"
#include "temporary_folder.h"

namespace rxrun {
namespace {

using testing::HasSubstr;

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

std::string first_message(const Diagnostics& diagnostics) {
  return diagnostics.list().empty() ? "" : diagnostics.list().front().message;
}

// What the bounds keep from exploding would not end before CTest ends the test.
class Bounds : public testing::Test {
 protected:
  std::string parse(const std::string& text) {
    Diagnostics diagnostics;
    const std::optional<Node> value = parse_document(text, "f.yaml", diagnostics);
    EXPECT_NE(value.has_value(), diagnostics.has_errors()) << "neither read nor refused";
    return first_message(diagnostics);
  }
};

std::string alias_bomb(const std::string& first, const std::string& open, const std::string& close, bool keys) {
  std::string text = "a0: &a0 " + first + "\n";
  for (int i = 1; i < 20; ++i) {
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " " + open;
    for (int j = 0; j < 10; ++j)
      text += (j > 0 ? ", " : "") + (keys ? "k" + std::to_string(j) + ": " : "") + "*a" + std::to_string(i - 1);
    text += close + "\n";
  }
  return text;
}

TEST_F(Bounds, AliasBombs) {
  EXPECT_THAT(parse(alias_bomb("[x, x]", "[", "]", false)), HasSubstr("more than 50000 values"));
  EXPECT_THAT(parse(alias_bomb("{x: 1}", "{", "}", true)), HasSubstr("more than 50000 values"));
}

TEST_F(Bounds, DeepNesting) {
  for (const char* open : {"[", "{a: ", "- ", "[{", "{"})
    EXPECT_THAT(parse(repeat(open, 100'000)), HasSubstr("nest deeper than 64")) << open;
  EXPECT_THAT(parse("a: " + repeat("[", 1'000'000)), HasSubstr("nest deeper than 64"));
  EXPECT_THAT(parse(repeat("? ", 100'000)), HasSubstr("a key must be a word"));
  std::string block;
  for (int i = 0; i < 1300; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "k:\n";
  EXPECT_THAT(parse(block), HasSubstr("nest deeper than 64"));
}

TEST_F(Bounds, ManyValues) {
  EXPECT_THAT(parse(repeat("- x\n", 200'000)), HasSubstr("more than 50000 values"));
  EXPECT_THAT(parse("[" + repeat("1,", 500'000) + "]"), HasSubstr("more than 50000 values"));
  EXPECT_THAT(parse(repeat("a: 1\n", 200'000)), HasSubstr("duplicate key"));
}

TEST_F(Bounds, LongLinesAndLongWords) {
  const std::size_t size = 160'000;
  for (const char* unit : {"\"", "'",  "#", "&", "*",  "!",     "%",   ":",    "-",    ",",    "|",
                           "`",  "\\", "x", " ", "\n", "---\n", "-\n", "\"\n", "? \n", "a:\n", "漢"}) {
    SCOPED_TRACE(unit);
    for (const char* start : {"", "a: ", "[", "\""}) {
      const auto parse_many = [&](std::size_t bytes) {
        const std::string message = parse(start + repeat(unit, bytes / std::string_view(unit).size()));
        if (*start == '[' || *start == '"') {
          EXPECT_NE(message, "") << "what is never closed is an error";
        }
      };
      EXPECT_LT(test::growth(parse_many, size), test::kMoreThanLinear) << start;
    }
  }
}

TEST_F(Bounds, LargeFilesAreNotParsed) {
  Diagnostics diagnostics;
  const std::string text = repeat("a: 1\n", 20'000'000);
  EXPECT_EQ(parse_document(text, "f.yaml", diagnostics), std::nullopt);
  EXPECT_EQ(first_message(diagnostics), "the file has 100000000 bytes; the limit is 1048576");
}

TEST_F(Bounds, LargeAndIrregularFilesAreNotRead) {
  TemporaryFolder folder;
  const std::filesystem::path large = folder.write("large.yaml", "");
  std::filesystem::resize_file(large, 100'000'000);
  const std::filesystem::path fifo = folder.path() / "fifo.yaml";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const std::pair<std::filesystem::path, const char*> files[] = {{large, "100000000 bytes"},
                                                                 {fifo, "not a regular file"},
                                                                 {"/dev/zero", "not a regular file"},
                                                                 {folder.path(), "it is a folder"},
                                                                 {folder.path() / "none", "No such file"}};
  for (const auto& [file, message] : files) {
    Diagnostics diagnostics;
    try {
      resolve_document(file, {}, {}, diagnostics);
      ADD_FAILURE() << file << " was read";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }
}

TEST_F(Bounds, InterpolationCannotExplode) {
  std::string lists = "a0: [x, x]\n", texts = "a0: xxxxxxxxxx\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "${a" + std::to_string(i - 1) + "}";
    lists += "a" + std::to_string(i) + ": [" + repeat("\"" + before + "\",", 10) + "]\n";
    texts += "a" + std::to_string(i) + ": \"" + repeat(before, 10) + "\"\n";
  }
  std::string chain = "k0: 1\n";
  for (int i = 1; i < 20'000; ++i) chain = "k" + std::to_string(i) + ": ${k" + std::to_string(i - 1) + "}\n" + chain;
  TemporaryFolder folder;
  const std::pair<std::string, const char*> files[] = {
      {lists, "more than 50000 values"}, {texts, "more than 65536 bytes"}, {chain, "more than 50 other references"}};
  for (const auto& [text, message] : files) {
    Diagnostics diagnostics;
    resolve_document(folder.write("a.yaml", text), {}, {}, diagnostics);
    EXPECT_THAT(first_message(diagnostics), HasSubstr(message));
  }
}

TEST_F(Bounds, ExtendsCannotExplode) {
  TemporaryFolder folder;
  folder.write("f0.yaml", "a: 1\n");
  for (int i = 1; i < 15; ++i) {
    const std::string before = "f" + std::to_string(i - 1) + ".yaml";
    folder.write("f" + std::to_string(i) + ".yaml", "extends: [" + repeat(before + ", ", 20) + "]\n");
  }
  Diagnostics diagnostics;
  EXPECT_EQ(resolve_document(folder.path() / "f14.yaml", {}, {}, diagnostics), std::nullopt);
  EXPECT_THAT(first_message(diagnostics), HasSubstr("more than 64 files"));
}

}  // namespace
}  // namespace rxrun
