// What the front program tells before it hands over to the engine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "program.h"

namespace rxrun::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Front, HelpNamesEveryCommand) {
  const Workplace place;
  const Finished help = place.rxrun({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* command :
       {"run",  "sweep",  "resume",  "check", "summary",  "explain", "schema",  "plugins", "ls",
        "show", "best",   "compare", "sql",   "tag",      "note",    "rename",  "rm",      "restore",
        "gc",   "export", "import",  "rerun", "evaluate", "predict", "upgrade", "init"})
    EXPECT_THAT(help.out, HasSubstr(command));
}

TEST(Front, AMistypedCommandIsAnsweredWithTheNearest) {
  const Finished answer = Workplace().rxrun({"sumary", "x.yaml"});
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.err, HasSubstr("did you mean `summary`?"));
}

TEST(Front, AMissingFileIsAUsageError) {
  const Finished answer = Workplace().rxrun({"no.yaml"});
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.err, HasSubstr("no.yaml"));
}

TEST(Front, AMissingFileIsAnsweredWithTheNearestOfItsFolder) {
  const Workplace place;
  std::filesystem::create_directory(place.folder() / "sub");
  place.write("breast.yaml", "");
  place.write("sub/breast.yaml", "");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"breast.yamll"},
                                                {"run", "brest.yaml"},
                                                {"check", "brest.yaml"},
                                                {"explain", "brest.yaml", "seed"},
                                                {"sweep", "brest.yaml", "seed=1..3"}}) {
    const Finished answer = place.rxrun(words);
    EXPECT_EQ(answer.code, 2);
    EXPECT_THAT(answer.err, HasSubstr("there is no such file")) << words[0];
    EXPECT_THAT(answer.err, HasSubstr("did you mean breast.yaml?")) << words[0];
  }
  EXPECT_THAT(place.rxrun({"sub/breas.yaml"}).err, HasSubstr("did you mean sub/breast.yaml?"));
  EXPECT_THAT(place.rxrun({"liver.yaml"}).err, Not(HasSubstr("did you mean")));
}

// The program takes its own place for that of the prefix.
TEST(Front, TheInstalledExperimentsAreNamed) {
  const Workplace place;
  const std::filesystem::path prefix = std::filesystem::canonical(place.folder()) / "prefix";
  std::filesystem::create_directories(prefix / "bin");
  std::filesystem::create_directories(prefix / RXRUN_TEST_SHARED / "experiments");
  std::filesystem::copy_file(RXRUN_PROGRAM, prefix / "bin/rxrun");
  std::ofstream(prefix / RXRUN_TEST_SHARED / "experiments/default.yaml") << "name: x\n";
  const auto told = [&](const std::string& file) {
    const std::string out = (place.folder() / "told").string();
    const std::string command = "cd " + place.folder().string() + " && prefix/bin/rxrun check " + file + " 2> " + out;
    EXPECT_NE(std::system(command.c_str()), 0);
    std::ifstream stream(out);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  const std::string folder = (prefix / RXRUN_TEST_SHARED / "experiments").string();
  EXPECT_THAT(told("experiments/default.yaml"), HasSubstr("the installed one is " + folder + "/default.yaml"));
  EXPECT_THAT(told("experiments/other.yaml"), HasSubstr("the installed experiments are in " + folder));
  EXPECT_THAT(told("other.yaml"), Not(HasSubstr(folder)));
}

TEST(Front, ASweepWithoutAFileTakesTheInstalledOne) {
  const Workplace place;
  EXPECT_THAT(place.rxrun({"sweep", "seed=1,2"}).err,
              HasSubstr("no experiment file is given, and there is no experiments/default.yaml"));
  const std::filesystem::path prefix = std::filesystem::canonical(place.folder()) / "prefix";
  const std::filesystem::path experiments = prefix / RXRUN_TEST_SHARED / "experiments";
  std::filesystem::create_directories(prefix / "bin");
  std::filesystem::create_directories(experiments);
  std::filesystem::copy_file(RXRUN_PROGRAM, prefix / "bin/rxrun");
  std::ofstream(prefix / "bin/rxrun-engine").flush();  // the program looks for it beside itself
  std::ofstream(experiments / "default.yaml") << "sweep: 5\n";
  const std::string told = (place.folder() / "told").string();
  const auto sweep = [&] {
    const std::string command = "cd " + place.folder().string() + " && prefix/bin/rxrun sweep seed=1,2 2> " + told;
    EXPECT_NE(std::system(command.c_str()), 0);
    std::ifstream stream(told);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  EXPECT_THAT(sweep(), HasSubstr((experiments / "default.yaml").string() + ":1:"));
  std::filesystem::create_directories(place.folder() / "experiments");
  place.write("experiments/default.yaml", "sweep: 5\n");
  EXPECT_THAT(sweep(), testing::AllOf(HasSubstr("experiments/default.yaml:1:"), Not(HasSubstr(experiments.string()))));
}

TEST(Front, ErrorsOfTheWordsAreToldLikeAllOthers) {
  const struct {
    std::vector<std::string> words;
    const char* told;
  } cases[] = {
      {{"ls", "--wher", "x=1"}, "error: `rxrun ls` has no option `--wher`\n  = did you mean `--where`?\n"},
      {{"plugins", "show", "convnet", "--cvs"},
       "error: `rxrun plugins show` has no option `--cvs`\n  = did you mean `--csv`?\n"},
      {{"schema", "x"},
       "error: `rxrun schema` takes no further word, found `x`\n  = `rxrun schema --help` lists its options\n"},
      {{"check"}, "error: `rxrun check`: FILE is required\n  = `rxrun check --help` lists its arguments and options\n"},
      {{"ls", "--limit", "many"}, "error: "},
      {{"--results", "shared", "ls"},
       "error: `--results` stands before the command\n  = options follow it: `rxrun ls --results shared`\n"},
      {{"-q", "tiny.yaml", "epochs=1"},
       "error: `-q` stands before the command\n  = options follow it: `rxrun tiny.yaml epochs=1 -q`\n"},
      {{"--jsn"}, "error: `--jsn` stands before the command\n  = options follow it: `rxrun COMMAND --jsn`\n"},
  };
  for (const auto& [words, told] : cases) {
    const Finished answer = Workplace().rxrun(words);
    EXPECT_EQ(answer.code, 2) << words[0];
    EXPECT_THAT(answer.err, testing::StartsWith(told));
  }
}

TEST(Front, HelpNamesTheFormOfAValue) {
  const Workplace place;
  const std::string summary = place.rxrun({"summary", "--help"}).out;
  EXPECT_THAT(summary, HasSubstr("--input CxHxW "));
  EXPECT_THAT(summary, HasSubstr("--depth N (default: 0) "));
  EXPECT_THAT(summary, HasSubstr("--color auto|always|never (default: auto)"));
  EXPECT_THAT(place.rxrun({"ls", "--help"}).out, HasSubstr("--results FOLDER (default: results; or RXRUN_RESULTS)"));
  EXPECT_THAT(place.rxrun({"check", "--help"}).out, HasSubstr("without decoding an image"));
}

TEST(Front, ErrorsOfTheWordsAreJsonToo) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"ls", "--bogus", "--json"}, {"check", "--json"}, {"sumary", "--json"}}) {
    const Finished answer = Workplace().rxrun(words);
    EXPECT_EQ(answer.code, 2) << words[0];
    EXPECT_EQ(answer.err, "") << words[0];
    EXPECT_TRUE(nlohmann::json::accept(answer.out)) << answer.out;
    EXPECT_THAT(answer.out, HasSubstr(words[0] == "sumary" ? "sumary" : words[0] == "ls" ? "bogus" : "FILE"));
  }
  EXPECT_EQ(Workplace().rxrun({"ls", "--help", "--json"}).code, 0);
}

}  // namespace
}  // namespace rxrun::test
