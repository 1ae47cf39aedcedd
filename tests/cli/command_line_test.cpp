// The command line: what is told for what is typed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.h"

namespace rxrun::test {
namespace {

using testing::HasSubstr;

TEST(CommandLine, HelpNamesEveryCommand) {
  const Workplace place;
  const Finished help = place.rxrun({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* command : {"run", "sweep", "resume", "check", "summary", "explain", "schema", "plugins", "ls", "show", "best", "compare", "sql", "tag", "note", "rename", "rm", "restore", "gc", "export", "import", "rerun", "evaluate", "predict"})
    EXPECT_THAT(help.out, HasSubstr(command));
}

TEST(CommandLine, AMistypedCommandIsAnsweredWithTheNearest) {
  const Finished answer = Workplace().rxrun({"sumary", "x.yaml"});
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.err, HasSubstr("did you mean `summary`?"));
}

TEST(CommandLine, AMissingFileIsAUsageError) {
  const Finished answer = Workplace().rxrun({"no.yaml"});
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.err, HasSubstr("no.yaml"));
}

TEST(CommandLine, ErrorsOfAFileAreToldAtOnceAndWithTheirPlace) {
  Workplace place;
  std::string text = tiny_experiment(2);
  text.replace(text.find("kernel"), 6, "kernal");
  text.replace(text.find("batch: 8"), 8, "batch: 0");
  place.write("bad.yaml", text);
  const Finished answer = place.rxrun({"check", "bad.yaml"});
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.err, HasSubstr("bad.yaml:5:"));
  EXPECT_THAT(answer.err, HasSubstr("did you mean `kernel`?"));
  EXPECT_THAT(answer.err, HasSubstr("`batch`"));

  const auto json = nlohmann::json::parse(place.rxrun({"check", "bad.yaml", "--json"}).out);
  EXPECT_EQ(json.size(), 2u);
}

TEST(CommandLine, AShapeThatDoesNotFitIsToldBeforeDataIsRead) {
  Workplace place;
  std::string text = tiny_experiment(2);
  text.replace(text.find("flatten, "), 9, "");
  place.write("bad.yaml", text);
  const Finished answer = place.rxrun({"check", "bad.yaml"});
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.err, HasSubstr("bad.yaml:6:"));
  EXPECT_THAT(answer.err, HasSubstr("linear"));
}

TEST(CommandLine, OverridesReachTheExperimentAndMayHoldLists) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(2));
  EXPECT_EQ(place.rxrun({"check", "tiny.yaml", "epochs=5", "training.loss={cross_entropy: {class_weights: [1, 2]}}"}).code, 0);
  const Finished explained = place.rxrun({"explain", "tiny.yaml", "epochs", "epochs=5"});
  EXPECT_EQ(explained.code, 0);
  EXPECT_THAT(explained.out, HasSubstr("command line"));
}

TEST(CommandLine, NoResultsYetIsSaid) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"ls"}, {"best"}, {"show", "1"}, {"sql", "SELECT 1"}, {"compare", "1", "2"}, {"tag", "1", "+a", "-b"}, {"note", "1", "x"}, {"rename", "1", "x"}, {"rm", "1"}, {"restore", "1"}, {"gc"}, {"export", "1", "--to", "x"}, {"rerun", "1"}}) {
    const Finished answer = Workplace().rxrun(command);
    EXPECT_EQ(answer.code, 2) << command[0];
    EXPECT_THAT(answer.err, HasSubstr("no results yet"));
  }
}

}  // namespace
}  // namespace rxrun::test
