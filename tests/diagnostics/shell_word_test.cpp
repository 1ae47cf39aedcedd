#include "diagnostics/shell_word.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace rxrun {
namespace {

// The words that a shell makes of it, a NUL behind each.
std::string read_by_a_shell(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(("printf '%s\\0' " + command).c_str(), "r"), ::pclose);
  std::string text;
  std::array<char, 4096> part;
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe.get())) text.append(part.data(), size);
  return text;
}

TEST(ShellWord, AShellReadsTheWordsAgain) {
  const std::vector<std::string> words = {"rxrun", "a.yaml", "file=1=1", "",        " ",        "a b",         "it's",
                                          "''",    "\"",     "$HOME",    "${seed}", "`x`",      "a;b",         "a&b",
                                          "#",     "a\nb",   "*",        "~",       "log(1,2)", "\\",          "\t",
                                          "é",     "{a: 1}", "!x",       "<>|",     "--json",   "zip(a=1;b=2)"};
  std::string expected;
  for (const std::string& word : words) expected += word + '\0';
  EXPECT_EQ(read_by_a_shell(shell_command(words)), expected);
}

TEST(ShellWord, PlainWordsStayAsTheyAre) {
  EXPECT_EQ(shell_command({"rxrun", "run", "a/b-c.yaml", "lr=1e-3", "machine.device=cuda:1", "seed=1..3"}),
            "rxrun run a/b-c.yaml lr=1e-3 machine.device=cuda:1 seed=1..3");
}

}  // namespace
}  // namespace rxrun
