// The command line: what is told for what is typed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "../data/image_files.h"
#include "data/decode.h"
#include "program.h"

namespace rxrun::test {
namespace {

using testing::HasSubstr;

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

  const auto event = nlohmann::json::parse(place.rxrun({"check", "bad.yaml", "--json"}).out);
  EXPECT_EQ(event["event"], "error");
  EXPECT_EQ(event["diagnostics"].size(), 2u);
}

std::vector<std::string> lines_with(const std::string& part, const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);)
    if (line.find(part) != std::string::npos) lines.push_back(line);
  return lines;
}

TEST(CommandLine, AMisspeltListOfPluginsHidesNoOtherError) {
  const Workplace place;
  place.write("bad.yaml", R"(name: bad
network:
  plugin: [convnet, resnext]
  cardinality: eight
  stem: [{conv: {channels: 8, kernel: 3}}, batch_norm, relu]
  stages:
    - {block: resnext_bottleneck, deth: 2, planes: 32.5}
  head: [global_average_pool, flatten, linear]
data: {source: histology, bach: 4}
)");
  EXPECT_THAT(lines_with(": error: ", place.rxrun({"check", "bad.yaml"}).err),
              testing::ElementsAre(HasSubstr("yaml:3:3: error: unknown key `plugin`"),
                                   HasSubstr("yaml:4:16: error: option `cardinality`"),
                                   HasSubstr("yaml:7:35: error: layer `resnext_bottleneck` has no option `deth`"),
                                   HasSubstr("yaml:7:52: error: option `planes`"),
                                   HasSubstr("yaml:9:27: error: unknown key `bach`")));
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
  EXPECT_EQ(
      place.rxrun({"check", "tiny.yaml", "epochs=5", "training.loss={cross_entropy: {class_weights: [1, 2]}}"}).code,
      0);
  const Finished explained = place.rxrun({"explain", "tiny.yaml", "epochs", "epochs=5"});
  EXPECT_EQ(explained.code, 0);
  EXPECT_THAT(explained.out, HasSubstr("command line"));
}

TEST(CommandLine, MissingDataHidesNoErrorOfTheNetwork) {
  Workplace place;
  std::string text = tiny_experiment(2);
  text.replace(text.find("flatten, "), 9, "");
  text.replace(text.find("source: histology"), 17, "source: class_folders\n  path: ~/missing");
  text.replace(text.find("  sample: {histology: {images: 60}}\n"), 36, "");
  place.write("bad.yaml", text);
  const Finished answer = place.rxrun({"check", "bad.yaml"});
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(lines_with(": error: ", answer.err),
              testing::ElementsAre(HasSubstr("yaml:6:"), HasSubstr("yaml:9:9: error: no data at")));
  EXPECT_THAT(answer.err, HasSubstr("`~` is not expanded: write the whole path"));
  // How many classes there are only the data knows.
  text.replace(text.find("linear]"), 7, "flatten, {linear: {features: 5}}]");
  place.write("open.yaml", text);
  EXPECT_THAT(lines_with(": error: ", place.rxrun({"check", "open.yaml"}).err),
              testing::ElementsAre(HasSubstr("no data at")));
}

// Where the eye is: at the word that was typed.
TEST(CommandLine, AMistypedOverrideIsShownWithTheNearestName) {
  Workplace place;
  std::string text = tiny_experiment(2);
  text.replace(text.find("source: histology"), 17, "source: class_folders\n  path: images");
  place.write("tiny.yaml", text);
  for (int i = 0; i < 8; ++i) {
    const std::string folder = std::string("images/") + (i < 4 ? "train/" : "test/") + (i % 2 == 0 ? "even" : "odd");
    std::filesystem::create_directories(place.folder() / folder);
    place.write(folder + "/" + std::to_string(i) + ".png", png_bytes(picture(16, 16, 3, i)));
  }
  const struct {
    const char *word, *shown;
  } cases[] = {
      {"trian=0.5",
       "command line:1:1: error: there is no key `trian`\n  1 | trian=0.5\n    | ^~~~~\n    = did you mean "
       "`data.split.train`?\n"},
      {"training.epoch=5",
       "command line:1:1: error: there is no key `training.epoch`\n  1 | training.epoch=5\n    | ^~~~~~~~~~~~~~\n    = "
       "did you mean `training.epochs`?\n"},
      {"resize=strech",
       "command line:1:8: error: `resize` must be `stretch`, `crop`, `pad` or `none`, found the string `strech`\n  1 | "
       "resize=strech\n    |        ^~~~~~\n    = did you mean `stretch`?\n"},
  };
  for (const auto& [word, shown] : cases) {
    const Finished answer = place.rxrun({"check", "tiny.yaml", word, "--color", "never"});
    EXPECT_EQ(answer.code, 2) << word;
    EXPECT_THAT(answer.err, HasSubstr(shown));
  }
}

// Of a run that starts, works and then fails: a program reads standard output line by line.
TEST(CommandLine, EveryLineOfJsonIsAnEvent) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(2));
  const std::string weights = "training.loss={cross_entropy: {class_weights: [1, 2, 3]}}";
  for (const std::vector<std::string>& command : {std::vector<std::string>{"run", "tiny.yaml", "--json"},
                                                  {"run", "tiny.yaml", weights, "--json"},
                                                  {"check", "tiny.yaml", "--json"},
                                                  {"check", "tiny.yaml", "batch=0", "--json"},
                                                  {"resume", "99", "--json"},
                                                  {"sweep", "tiny.yaml", "batch=4,0", "--json"}}) {
    const Finished finished = place.rxrun(command);
    std::istringstream lines(finished.out);
    nlohmann::json last;
    for (std::string line; std::getline(lines, line);) {
      last = nlohmann::json::parse(line, nullptr, false);
      ASSERT_TRUE(last.is_object()) << line;
      EXPECT_TRUE(last.contains("event")) << line;
    }
    ASSERT_FALSE(last.is_null()) << command[0];
    EXPECT_EQ(last["event"] == "error", finished.code != 0) << last;
  }
}

TEST(CommandLine, OnlyOptionsThatAreHeededAreThere) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  for (const std::vector<std::string>& command : {std::vector<std::string>{"run", "tiny.yaml", "--csv"},
                                                  {"check", "tiny.yaml", "--results", "x"},
                                                  {"summary", "tiny.yaml", "--markdown"},
                                                  {"explain", "tiny.yaml", "lr", "--csv"},
                                                  {"schema", "--json"},
                                                  {"plugins", "new", "x", "--json"},
                                                  {"show", "1", "--quiet"}})
    EXPECT_EQ(place.rxrun(command).code, 2) << command[0] << " takes " << command.back();
  EXPECT_EQ(place.rxrun({"summary", "tiny.yaml", "--json", "--color", "never"}).code, 0);
}

TEST(CommandLine, AWarningIsToldWithItsPlaceAndMadeSafe) {
  Workplace place;
  std::string text = tiny_experiment(2);
  text.replace(text.find("patience: 1"), 11, "patience: 1, warm_up: 9");
  place.write("tiny\x1b.yaml", text);
  for (const char* command : {"check", "summary"}) {
    const Finished answer = place.rxrun({command, "tiny\x1b.yaml", "--color", "never"});
    EXPECT_EQ(answer.code, 0);
    EXPECT_THAT(answer.err, HasSubstr("yaml:17:")) << command;
    EXPECT_THAT(answer.err, HasSubstr(": warning: `warm_up` lasts longer"));
    EXPECT_THAT(answer.err, testing::Not(HasSubstr("\x1b")));
  }
}

TEST(CommandLine, ANewPluginIsNotTakenForAnother) {
  Workplace place;
  for (const auto& [name, why] :
       {std::pair("convnet", "rxrun has a plugin of that name"), std::pair("int", "it is a keyword of C++"),
        std::pair("test", "CMake has a target")}) {
    const Finished refused = place.rxrun({"plugins", "new", name});
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr(std::string("`") + name + "` cannot be the name of a plugin: " + why));
    EXPECT_FALSE(std::filesystem::exists(place.folder() / name));
  }
}

TEST(CommandLine, AFaultOfTheEnvironmentIsNamedAsSuch) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(2));
  const std::string jobs = std::getenv("RXRUN_JOBS");
  setenv("RXRUN_JOBS", "abc", 1);
  for (const char* format : {"--quiet", "--json"}) {
    const Finished refused = place.rxrun({"sweep", "tiny.yaml", "seed=1,2", format});
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.out + refused.err, HasSubstr("RXRUN_JOBS=abc is not a number of points to run at a time"));
  }
  EXPECT_THAT(place.rxrun({"sweep", "tiny.yaml", "seed=1,2", "--jobs", "xyz"}).err, HasSubstr("--jobs: Value xyz"));
  setenv("RXRUN_JOBS", jobs.c_str(), 1);
}

// The kernel is larger than the images, which the network alone finds out.
TEST(CommandLine, ARunThatCannotBeginLeavesNoDatabase) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(2));
  const Finished refused = place.rxrun({"run", "tiny.yaml", "stem.0.conv.kernel=99", "stem.0.conv.padding=0"});
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(place.results() / "results.db"));
}

TEST(CommandLine, OutputThatIsLostIsAFailure) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(2));
  const std::string program = std::string("cd '") + place.folder().string() + "' && '" RXRUN_PROGRAM "' ";
  const auto code_of = [&](const std::string& words) {
    const int status = std::system((program + "2> told " + words).c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  const auto told = [&] {
    std::ifstream file(place.folder() / "told");
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  for (const char* words : {"schema > /dev/full", "--help > /dev/full", "check tiny.yaml > /dev/full"}) {
    EXPECT_EQ(code_of(words), 1) << words;
    EXPECT_THAT(told(), HasSubstr("not all of the output could be written")) << words;
  }
  // More than any buffer holds.
  place.write("picture.png", png_bytes(picture(16, 16, 3, 1)));
  std::string pictures;
  for (int i = 0; i < 300; ++i) pictures += " picture.png";
  ASSERT_EQ(code_of("tiny.yaml > /dev/null"), 0) << told();
  std::vector<std::string> commands = {"check tiny.yaml --json",
                                       "summary tiny.yaml",
                                       "explain tiny.yaml epochs",
                                       "plugins show convnet",
                                       "ls",
                                       "show 1 --json",
                                       "best",
                                       "sql 'SELECT * FROM v_predictions'",
                                       "tag 1 +a",
                                       "gc",
                                       "evaluate 1 --csv",
                                       "sweep tiny.yaml seed=1..3 --plan --csv"};
  for (const char* format : {"", " --csv", " --json", " --markdown"})
    commands.push_back("predict 1" + pictures + format);
  for (const std::string& words : commands) {
    const std::string name = words.substr(0, 40);
    EXPECT_EQ(code_of(words + " > /dev/full"), 1) << name;
    EXPECT_THAT(told(), HasSubstr("not all of the output could be written")) << name;
    EXPECT_THAT(told(), testing::Not(HasSubstr("internal error"))) << name;
  }
  EXPECT_THAT((code_of("--help > /dev/full"), told()), HasSubstr("No space left on device"));
  EXPECT_EQ(code_of("none.txt > /dev/full"), 2) << "the first failure counts";
  EXPECT_EQ(code_of("schema | head -1 > /dev/null"), 0);
  EXPECT_EQ(told(), "");
  // The engine is told by an error of its write, not by a signal.
  ASSERT_EQ(std::system(("cd '" + place.folder().string() +
                         "' && { '" RXRUN_PROGRAM "' check tiny.yaml 2> told; echo $? > code; } | true")
                            .c_str()),
            0);
  int code = -1;
  std::ifstream(place.folder() / "code") >> code;
  EXPECT_EQ(code, 0);
  EXPECT_EQ(told(), "");
}

TEST(CommandLine, ANewPluginCalledLikeALayerIsRemarkedOn) {
  const Workplace place;
  const Finished made = place.rxrun({"plugins", "new", "conv"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.err, HasSubstr("note: the plugin convnet has a layer `conv`"));
  EXPECT_EQ(place.rxrun({"plugins", "new", "mine"}).err, "");
}

// Those of `sweep --help` are for the default experiment.
TEST(CommandLine, TheExamplesOfASweepCanBePlanned) {
  const Workplace place;
  const std::string help = place.rxrun({"sweep", "--help"}).out;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"label_smoothing=uniform(0,0.2)", "--trials", "2"},
        {"batch=uniform(16,64,8)", "--trials", "2"},
        {"base_width=iso(parameters)", "width_rule=paper", "cardinality=8,16"},
        {"betas=[0.9,0.99],[0.8,0.9]", "description=\"a,b\""}}) {
    EXPECT_THAT(help, HasSubstr(words[0]));
    std::vector<std::string> command = {"sweep", RXRUN_SOURCE_DIR "/experiments/default.yaml", "--plan"};
    command.insert(command.end(), words.begin(), words.end());
    const Finished plan = place.rxrun(command);
    EXPECT_EQ(plan.code, 0) << words[0] << "\n" << plan.err;
    EXPECT_THAT(plan.out, HasSubstr("2 points"));
  }
}

TEST(CommandLine, SeveralValuesAreAnsweredWithTheSweep) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(2));
  for (const char* word : {"seed=1,2", "zip(seed=1,2; epochs=3,4)", "batch=range(8,32,8)"})
    EXPECT_THAT(place.rxrun({"check", "tiny.yaml", word}).err, HasSubstr("`rxrun sweep` takes several values of a key"))
        << word;
}

TEST(CommandLine, ExplainTakesTheKeyAnywhereAndKnowsWhatIsNotSet) {
  Workplace place;
  std::string text = tiny_experiment(2);
  text.replace(text.find("  sample:"), 9, "  memory: 1 GiB\n  sample:");
  place.write("tiny.yaml", text);
  EXPECT_THAT(place.rxrun({"explain", "tiny.yaml", "epochs=5", "epochs"}).out, HasSubstr("training.epochs = 5"));
  EXPECT_THAT(place.rxrun({"explain", "tiny.yaml", "epochs=5"}).err,
              HasSubstr("`epochs=5` is an override; the key to explain is missing"));
  EXPECT_THAT(place.rxrun({"explain", "tiny.yaml", "description", "description=x"}).out,
              HasSubstr("over the default (empty)"));
  EXPECT_THAT(
      place.rxrun({"explain", "tiny.yaml", "schedule"}).out,
      testing::AllOf(HasSubstr("reduce_on_plateau.patience = 1"), HasSubstr("\n  cosine             half a cosine")));
  // An option of a layer: each layer has its own default.
  const Finished groups = place.rxrun({"explain", "tiny.yaml", "groups"});
  EXPECT_EQ(groups.code, 0) << groups.err;
  EXPECT_THAT(groups.out, testing::AllOf(HasSubstr("`network.groups`"), HasSubstr("layer `conv`: default 1, >= 1")));
  EXPECT_EQ(place.rxrun({"explain", "tiny.yaml", "cardinality"}).code, 2) << "no layer here has it";
}

TEST(CommandLine, ANetworkBeyondTheMemoryIsWarnedOf) {
  Workplace place;
  std::string text = tiny_experiment(2);
  place.write("small.yaml", text);
  EXPECT_EQ(place.rxrun({"check", "small.yaml"}).err, "");
  text.replace(text.find("batch_norm, relu"), 16,
               "{conv: {channels: 1000000, kernel: 3}}, {conv: {channels: 100000, kernel: 1}}");
  place.write("large.yaml", text);
  const Finished large = place.rxrun({"check", "large.yaml"});
  EXPECT_EQ(large.code, 0) << large.err;
  EXPECT_THAT(large.err, HasSubstr("takes about"));
}

TEST(CommandLine, CheckDrawsPicturesWhereTheyAreNoImagesOfTheData) {
  Workplace place;
  std::string text = tiny_experiment(2);
  place.write("tiny.yaml", text);
  const Finished drawn = place.rxrun({"check", "tiny.yaml", "--pictures", "sheet.png"});
  EXPECT_EQ(drawn.code, 0) << drawn.err;
  EXPECT_THAT(drawn.out, HasSubstr("pictures: sheet.png, "));
  const auto bytes = [&] {
    std::ifstream file(place.folder() / "sheet.png", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string first = bytes();
  EXPECT_GT(decode_image(as_bytes(first)).width, 1000);
  const Finished again = place.rxrun({"check", "tiny.yaml", "mixup=0.2", "--pictures", "sheet.png", "--json"});
  const auto event = nlohmann::json::parse(again.out);
  EXPECT_EQ(event["pictures"]["file"], "sheet.png");
  EXPECT_EQ(event["pictures"]["notes"].size(), 1u);
  EXPECT_NE(bytes(), first) << "the note is in it";

  std::filesystem::create_directories(place.folder() / "images/a");
  std::filesystem::create_directories(place.folder() / "folder.png");
  std::string list = "path,label\n";
  for (int i = 0; i < 20; ++i) {
    const std::string name = "images/a/" + std::to_string(i) + ".png";
    place.write(name, png_bytes(picture(16, 16, 3, i)));
    list += name + (i % 2 == 0 ? ",x\n" : ",y\n");
  }
  place.write("list.csv", list);
  const struct {
    const char *file, *data, *told;
  } refused[] = {
      {"sheet.jpg", "histology", "what is written is a PNG"},
      {"none/sheet.png", "histology", "there is no folder none"},
      {"folder.png", "histology", "it is a folder"},
      {"tiny.yaml/sheet.png", "histology", "is no folder"},
      {"images/sheet.png", "class_folders\n  path: images", "it would lie in the folder of the images"},
      {"images/a/1.png", "manifest\n  path: list.csv", "it is one of the images"},
  };
  for (const auto& [file, data, told] : refused) {
    std::string other = text;
    other.replace(other.find("histology"), 9, data);
    place.write("other.yaml", other);
    const Finished answer = place.rxrun({"check", "other.yaml", "--pictures", file});
    EXPECT_EQ(answer.code, 2) << file;
    EXPECT_THAT(answer.err, HasSubstr(told)) << file;
  }
}

TEST(CommandLine, NoResultsYetIsSaid) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"ls"},
                                                  {"best"},
                                                  {"show", "1"},
                                                  {"sql", "SELECT 1"},
                                                  {"compare", "1", "2"},
                                                  {"tag", "1", "+a", "-b"},
                                                  {"note", "1", "x"},
                                                  {"rename", "1", "x"},
                                                  {"rm", "1"},
                                                  {"restore", "1"},
                                                  {"gc"},
                                                  {"export", "1", "--to", "x"},
                                                  {"rerun", "1"}}) {
    const Finished answer = Workplace().rxrun(command);
    EXPECT_EQ(answer.code, 2) << command[0];
    EXPECT_THAT(answer.err, HasSubstr("no results yet"));
  }
}

}  // namespace
}  // namespace rxrun::test
