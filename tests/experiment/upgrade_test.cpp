// Texts of rxrun 0.1 get the names of today, and nothing else in them changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "diagnostics/render.h"
#include "experiment/places.h"
#include "experiment/read.h"
#include "experiment/upgrade.h"
#include "golden_corpus.h"
#include "temporary_folder.h"

namespace rxrun {
namespace {

using testing::HasSubstr;
using Kind = PartNames::Kind;

const std::string golden = RXRUN_SOURCE_DIR "/tests/golden/";

std::vector<GoldenCase> all_cases() {
  std::vector<GoldenCase> cases;
  for (const char* file : {"texts.txt", "experiments.txt"})
    for (GoldenCase& one : read_corpus(golden + "upgrade/" + file).cases) cases.push_back(std::move(one));
  return cases;
}

TEST(Upgrade, ChangesTheNamesAndNothingElse) {
  const std::vector<GoldenCase> cases = all_cases();
  EXPECT_GT(cases.size(), 20u);
  for (const GoldenCase& one : cases) EXPECT_EQ(upgraded_experiment(one.text, "a.yaml"), one.expected) << one.title;
}

TEST(Upgrade, TwiceIsUndone) {
  for (const GoldenCase& one : all_cases())
    EXPECT_EQ(upgraded_experiment(one.expected, "a.yaml"), one.text) << one.title;
}

TEST(Upgrade, KeepsLineEndsAndAByteOrderMark) {
  EXPECT_EQ(upgraded_experiment("\xef\xbb\xbf# ü\r\ndata: {split: {test: 0.2}}\r\ntraining:\r\n  keep_best:\r\n    "
                                "metric:\r\n      test_auc\r\n",
                                "a.yaml"),
            "\xef\xbb\xbf# ü\r\ndata: {split: {validation: 0.2}}\r\ntraining:\r\n  keep_best:\r\n    "
            "metric:\r\n      validation_auc\r\n");
}

std::string error_of(const std::string& text) {
  try {
    upgraded_experiment(text, "a.yaml");
  } catch (const Error& error) {
    return render(error.diagnostics());
  }
  return {};
}

// Neither a key that has the whole path for its name nor a letter behind an escape's is a name of ours.
TEST(Upgrade, TakesNothingElseForAName) {
  for (const char* text :
       {"data.split.test: 1\n", "data: {split.test: 1}\n", "sweep: {.test: 1, data.test: 2, tests: 3}\n",
        "training: {keep_best: {metric: \"\\test_auc\"}}\n", "sweep: {split.seed: test}\n"})
    EXPECT_EQ(upgraded_experiment(text, "a.yaml"), text);
}

TEST(Upgrade, ANameThatIsNotWrittenOutIsAnError) {
  EXPECT_THAT(error_of("x: &t test\ndata:\n  split:\n    *t : 0.2\n"),
              HasSubstr("a.yaml:4:5: error: the key `test` is"));
  EXPECT_THAT(error_of("data: {split: {\"\\x74est\": 0.2}}\n"), HasSubstr("a.yaml:1:16: error: the key `test` is"));
  EXPECT_THAT(error_of("sweep: {split: \"{test: 0.2, group_by: \\\"a(.)\\\"}\"}\n"),
              HasSubstr("a.yaml:1:16: error: this map is written as a text"));
}

TEST(Upgrade, AMetricOrReferenceThatIsNotWrittenOutIsAnError) {
  const auto metric = [](const std::string& text) { return "training: {keep_best: {metric: " + text + "}}\n"; };
  for (const char* text :
       {"\"\\x74est_auc\"", "\"tes\\u0074_auc\"", "\"test\\x5fauc\"", "\"\\x76alidation_auc\"", "\"t\\\n    est_auc\""})
    EXPECT_THAT(error_of(metric(text)), HasSubstr("_auc` is not written out here\n")) << text;
  EXPECT_THAT(error_of("data: {split: {test: 0.2, validation: \"${data.split.tes\\x74}\"}}\n"),
              HasSubstr("`${data.split.test}` is not written out here"));
  // What escapes stand elsewhere is no matter.
  EXPECT_EQ(upgraded_experiment(metric("\"test_\\x61uc\""), "a.yaml"), metric("\"validation_\\x61uc\""));
  EXPECT_EQ(upgraded_experiment("name: \"\\x74est_auc\"\n" + metric("test_auc"), "a.yaml"),
            "name: \"\\x74est_auc\"\n" + metric("validation_auc"));
}

TEST(Upgrade, ATextThatIsAMetricAndSomethingElseIsAnError) {
  for (const char* text : {"name: &a test_auc\ntraining: {keep_best: {metric: *a}}\n",
                           "training: {keep_best: {metric: &a test_auc}}\ndescription: *a\n",
                           "name: &a validation_auc\ntraining: {early_stopping: {metric: *a}}\n",
                           "name: &a test_auc\nsweep: {keep_best.metric: [test_loss, *a]}\n",
                           "sweep: {keep_best.metric: [&a test_auc], description: [*a]}\n"})
    EXPECT_THAT(error_of(text), HasSubstr("is a metric in one place and, by an alias, something else in another"))
        << text;
  EXPECT_EQ(
      upgraded_experiment("name: &a x\ntraining: {keep_best: {metric: &b test_auc}, early_stopping: {metric: *b}}\n"
                          "description: *a\n",
                          "a.yaml"),
      "name: &a x\ntraining: {keep_best: {metric: &b validation_auc}, early_stopping: {metric: *b}}\n"
      "description: *a\n");
}

TEST(Upgrade, AFileThatCannotBeReadIsAnError) {
  EXPECT_THAT(error_of("data: {split: {test: 0.2}\n"), HasSubstr("never closed"));
  EXPECT_THAT(error_of("[test]\n"), HasSubstr("expected a map"));
}

struct Watched {
  std::string train, every_epoch, once;
  std::string keep_best, early_stopping, schedule;

  bool operator==(const Watched&) const = default;
};

void PrintTo(const Watched& watched, std::ostream* out) {
  *out << watched.train << ' ' << watched.every_epoch << ' ' << watched.once << ' ' << watched.keep_best << ' '
       << watched.early_stopping << ' ' << watched.schedule;
}

// What is done with which part, and by which scores of the part that is scored every epoch.
Watched watched(const Node& tree, const std::string& every_epoch, const std::string& once) {
  const auto text = [&](const std::string& path) {
    const Node* node = find_value(tree, path);
    return node ? node->text : "";
  };
  const auto score = [&](const std::string& section) {
    const std::string metric = text("training." + section + ".metric");
    return metric.starts_with(every_epoch + "_") ? metric.substr(every_epoch.size() + 1) : "not of it: " + metric;
  };
  const bool stops = find_value(tree, "training.early_stopping.metric");
  const bool reduces = find_value(tree, "training.schedule.reduce_on_plateau.metric");
  return {.train = text("data.split.train"),
          .every_epoch = text("data.split." + every_epoch),
          .once = text("data.split." + once),
          .keep_best = score("keep_best"),
          .early_stopping = stops ? score("early_stopping") : "",
          .schedule = reduces ? score("schedule.reduce_on_plateau") : ""};
}

TEST(Upgrade, AnExperimentOfThatTimeIsStillTheSame) {
  const TemporaryFolder folder;
  std::filesystem::copy_file(golden + "experiment_base.yaml", folder.path() / "base.yaml");
  for (const GoldenCase& one : read_corpus(golden + "upgrade/experiments.txt").cases) {
    Diagnostics diagnostics;
    const std::optional<Node> old = parse_document(one.text, "old.yaml", diagnostics);
    const ReadExperiment read =
        read_experiment(folder.write("new.yaml", upgraded_experiment(one.text, "old.yaml")), {}, diagnostics);
    ASSERT_TRUE(old && diagnostics.list().empty()) << one.title << "\n" << render(diagnostics.list());
    Watched expected = watched(*old, "test", "validation");
    if (!find_value(*old, "training.keep_best")) expected.keep_best = "accuracy";  // its default
    EXPECT_EQ(watched(read.tree, "validation", "test"), expected) << one.title;
  }
}

TEST(Upgrade, ReadsASettingAsAnOverrideIsRead) {
  const auto upgraded = [](const std::string& path, const std::string& value) {
    const Override change = upgraded_override({path, value});
    return change.path + " " + change.value;
  };
  EXPECT_EQ(upgraded("data.split.test", "0.2"), "data.split.validation 0.2");
  EXPECT_EQ(upgraded("split.validation", "test"), "split.test test");
  EXPECT_EQ(upgraded("test", "${data.split.validation}"), "validation ${data.split.test}");
  EXPECT_EQ(upgraded("keep_best.metric", "test_auc"), "keep_best.metric validation_auc");
  EXPECT_EQ(upgraded("metric", "test_loss"), "metric validation_loss");
  EXPECT_EQ(upgraded("split", "{train: 0.5, test: 0.3}"), "split {train: 0.5, validation: 0.3}");
  EXPECT_EQ(upgraded("training", "{keep_best: {metric: \"test_f1\"}}"),
            "training {keep_best: {metric: \"validation_f1\"}}");
  EXPECT_EQ(upgraded("description", "test=1 and split.test=0.2, test_auc"),
            "description test=1 and split.test=0.2, test_auc");
  EXPECT_EQ(upgraded("name", "test_accuracy"), "name test_accuracy");
  EXPECT_EQ(upgraded("latest", "test"), "latest test");
  EXPECT_EQ(upgraded("network.test", "1"), "network.test 1");
  EXPECT_EQ(upgraded("split", "{train: 0.5, test"), "split {train: 0.5, test");  // no value
}

TEST(Upgrade, ReadsStoredSettings) {
  EXPECT_EQ(
      upgraded_settings(R"({"data.split.test":0.2,"training.keep_best.metric":"test_auc","name":"test_auc"})", "p"),
      R"({"data.split.validation":0.2,"training.keep_best.metric":"validation_auc","name":"test_auc"})");
  EXPECT_EQ(upgraded_settings("{}", "p"), "{}");
  EXPECT_THROW(upgraded_settings("[]", "p"), Error);
}

TEST(Upgrade, ReadsAStoredSearch) {
  EXPECT_EQ(
      upgraded_search(
          R"({"search":"tpe","draw_seed":1,"space":[{"keys":["data.split.test"],"scale":"uniform","low":0.1,"high":0.2},)"
          R"({"keys":["keep_best.metric","name"],"values":[["test_auc","test_auc"],["test_loss","b"]]},)"
          R"({"keys":["split"],"values":[["{test: 0.2}"],["{validation: 0.2}"]]}]})",
          "s"),
      R"({"search":"tpe","draw_seed":1,"space":[{"keys":["data.split.validation"],"scale":"uniform","low":0.1,"high":0.2},)"
      R"({"keys":["keep_best.metric","name"],"values":[["validation_auc","test_auc"],["validation_loss","b"]]},)"
      R"({"keys":["split"],"values":[["{validation: 0.2}"],["{test: 0.2}"]]}]})");
}

TEST(Upgrade, ReadsACommand) {
  EXPECT_EQ(upgraded_command("rxrun run test.yaml split.test=0.2 split.validation=test keep_best.metric=test_auc"),
            "rxrun run test.yaml split.validation=0.2 split.test=test keep_best.metric=validation_auc");
  EXPECT_EQ(upgraded_command("rxrun sweep a.yaml metric=test_auc,test_loss lr=log(1e-5,1e-2) --trials 3"),
            "rxrun sweep a.yaml metric=validation_auc,validation_loss lr=log(1e-5,1e-2) --trials 3");
  EXPECT_EQ(upgraded_command("zip(split.test=0.1,0.2; train=0.8,0.7) split={train: 0.5, test: 0.2},{test: 0.1} a=1"),
            "zip(split.validation=0.1,0.2; train=0.8,0.7) split={train: 0.5, validation: 0.2},{validation: 0.1} a=1");
  EXPECT_EQ(upgraded_command("rxrun run a.yaml description=\"as test=1 was\" name=test_auc note=it's test=0.2"),
            "rxrun run a.yaml description=\"as test=1 was\" name=test_auc note=it's validation=0.2");
}

// As a shell reads it.
TEST(Upgrade, ReadsACommandThatIsQuoted) {
  EXPECT_EQ(upgraded_command("rxrun sweep 'a b.yaml' 'zip(split.test=0.1,0.2; train=0.8,0.7)' 'test=0.1,0.2' "
                             "'description=as test=1 was' \"split={train: 0.5, test: 0.2}\""),
            "rxrun sweep 'a b.yaml' 'zip(split.validation=0.1,0.2; train=0.8,0.7)' 'validation=0.1,0.2' "
            "'description=as test=1 was' \"split={train: 0.5, validation: 0.2}\"");
}

PartNames names_in(const std::string& text) { return part_names(text, "a.yaml"); }

TEST(PartNames, AreToldByWhatChooses) {
  EXPECT_EQ(names_in("training: {keep_best: {metric: test_auc}}").kind, Kind::reversed);
  EXPECT_EQ(names_in("training: {early_stopping: {metric: validation_loss}}").kind, Kind::current);
  EXPECT_EQ(names_in("sweep: {keep_best.metric: [train_loss, test_auc]}").kind, Kind::reversed);
  EXPECT_EQ(names_in("data: {split: {test: test}}\ntraining: {keep_best: {metric: test_auc}}").kind, Kind::reversed);
  EXPECT_EQ(names_in("data: {split: {validation: t10k}}\ntraining: {keep_best: {metric: validation_auc}}").kind,
            Kind::current);
  const PartNames names = names_in("name: a\ndata: {split: {test: 0.2}}\ntraining: {keep_best: {metric: test_auc}}");
  EXPECT_EQ(names.where.line, 3);
  EXPECT_EQ(names.where.column, 32);
  EXPECT_EQ(names.where.length, 8);
  EXPECT_EQ(names.because, "`test_auc` chooses");
}

TEST(PartNames, AreToldByTheSourcesOwnTestPart) {
  EXPECT_EQ(names_in("data: {split: {train: train, test: val, validation: test}}").kind, Kind::reversed);
  EXPECT_EQ(names_in("data: {split: {train: train, validation: val, test: test}}").kind, Kind::current);
  EXPECT_EQ(names_in("sweep: {data.split.validation: [t10k, 0.1]}").kind, Kind::reversed);
}

// A source without a test part of its own is scored on `val`, in either names: ImageNet.
TEST(PartNames, AreNotGuessed) {
  for (const char* text :
       {"data: {split: {test: 0.2, validation: 0.1}}", "data: {split: {train: train, test: 0.02, validation: val}}",
        "data: {split: {validation: 0.2}}\ntraining: {keep_best: {metric: train_loss}}",
        "description: '${data.split.test}'"}) {
    const PartNames names = names_in(text);
    EXPECT_EQ(names.kind, Kind::undecided) << text;
    EXPECT_EQ(names.where.line, 1) << text;
  }
}

TEST(PartNames, MayNotOccur) {
  EXPECT_EQ(names_in("name: test\ntraining: {keep_best: {metric: train_auc}}").kind, Kind::none);
}

TEST(PartNames, OfBothTimesAreAnError) {
  try {
    names_in("training:\n  keep_best: {metric: test_auc}\n  early_stopping: {metric: validation_loss}\n");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(render(error.diagnostics()),
                HasSubstr("a.yaml:3:28: error: here `validation_loss` chooses, but in line 2 `test_auc` chooses"));
  }
}

// What is upgraded goes by the present names: it is not taken for old again.
TEST(PartNames, AreThoseOfTodayAfterwards) {
  for (const GoldenCase& one : all_cases()) {
    const Kind before = part_names(one.text, "a.yaml").kind, after = part_names(one.expected, "a.yaml").kind;
    EXPECT_EQ(after, before == Kind::reversed ? Kind::current : before) << one.title;
  }
}

}  // namespace
}  // namespace rxrun
