// What is scored again is what the run scored: its best weights, on its images, from wherever it is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "../data/image_files.h"
#include "program.h"
#include "recording/connection.h"
#include "recording/query.h"

namespace rxrun::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

// A run on 60 images in `images/`, whose best epoch is not its last: of the seeds the first that gives one.
class Evaluate : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 60; ++i) {
      const std::string folder = std::string("images/") + (i % 2 == 0 ? "even" : "odd");
      std::filesystem::create_directories(place.folder() / folder);
      place.write(folder + "/" + std::to_string(i) + ".png", png_bytes(picture(16, 16, 3, i)));
    }
    std::string text = tiny_experiment(8);
    text.replace(text.find("source: histology"), 17, "source: class_folders\n  path: images");
    place.write("tiny.yaml", text);
    for (int seed = 1; run == 0; ++seed) {
      ASSERT_LT(seed, 20) << "every run is best in its last epoch";
      const Finished finished = place.rxrun({"tiny.yaml", "lr=0.1", "seed=" + std::to_string(seed)});
      ASSERT_EQ(finished.code, 0) << finished.err;
      const auto ids = ask("SELECT id FROM runs WHERE best_epoch < epochs ORDER BY id LIMIT 1").rows;
      if (!ids.empty()) run = std::get<std::int64_t>(ids[0][0]);
    }
  }
  Table ask(const std::string& sql) const { return query(place.results() / "results.db", sql); }
  std::string number() const { return std::to_string(run); }
  std::string stored_text() const {
    const auto folder = std::get<std::string>(ask("SELECT folder FROM runs WHERE id = " + number()).rows.at(0).at(0));
    std::ifstream file(place.results() / folder / "experiment.yaml");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  Workplace place;
  std::int64_t run = 0;
};

Value ask_in(const Workplace& place, const std::string& sql) {
  return query(place.results() / "results.db", sql).rows.at(0).at(0);
}

// Also where averaged weights stand in for those that learn.
TEST(EvaluateBlocks, EachEpochIsScoredWithItsOwnWeights) {
  for (const char* average : {"average_weights=0", "average_weights=0.5"}) {
    Workplace place;
    std::string text = tiny_experiment(3);
    text.replace(text.find("plugins: [convnet]"), 18,
                 "plugins: [convnet, resnet]\n  stages: [{block: basic_block, depth: 1, planes: 16}]");
    place.write("blocks.yaml", text);
    ASSERT_EQ(place.rxrun({"blocks.yaml", average, "keep_best.metric=train_loss"}).code, 0);
    const auto scored = query(place.results() / "results.db",
                              "SELECT c.epoch, c.validation_loss FROM v_curves c JOIN runs r ON r.id = c.run WHERE "
                              "c.epoch = r.best_epoch")
                            .rows.at(0);
    EXPECT_GT(std::get<std::int64_t>(scored[0]), 1) << "the first epoch shows nothing";
    const Finished evaluated = place.rxrun({"evaluate", "1", "--part", "validation", "--json"});
    ASSERT_EQ(evaluated.code, 0) << evaluated.err;
    EXPECT_NEAR(json::parse(evaluated.out).at(0)["loss"].get<double>(), std::get<double>(scored[1]), 1e-9) << average;
  }
}

TEST_F(Evaluate, GivesTheFiguresOfTheRunToTheBitFromAnyFolder) {
  const Workplace elsewhere;
  for (const Finished& evaluated :
       {place.rxrun({"evaluate", number(), "--json"}),
        elsewhere.rxrun({"evaluate", number(), "--json", "--results", place.results().string()})}) {
    ASSERT_EQ(evaluated.code, 0) << evaluated.err;
    const json scores = json::parse(evaluated.out).at(0);
    EXPECT_EQ(scores["part"], "test");
    const Table recorded = ask("SELECT name, value FROM results WHERE name LIKE 'test%' AND run = " + number());
    ASSERT_GE(recorded.rows.size(), 3u);
    for (const auto& row : recorded.rows) {
      const std::string name = std::get<std::string>(row[0]).substr(std::string("test_").size());
      ASSERT_TRUE(scores.contains(name)) << name << " is not in " << scores;
      EXPECT_EQ(scores[name].get<double>(), std::get<double>(row[1])) << name;
    }
    const auto interval =
        ask("SELECT low, high FROM v_measures WHERE part = 'test' AND name = 'accuracy' AND run = " + number() +
            " ORDER BY evaluation");
    EXPECT_EQ(scores["accuracy_low"].get<double>(), std::get<double>(interval.rows.at(0)[0]));
    EXPECT_EQ(scores["accuracy_high"].get<double>(), std::get<double>(interval.rows[0][1]));
    EXPECT_THAT(evaluated.err, Not(HasSubstr("GENERATED")));
  }
}

TEST_F(Evaluate, HasColumnsForTheIntervalBesideTheAccuracyAndForTheLooks) {
  const auto columns = [&](const std::string& part) {
    const std::string text = place.rxrun({"evaluate", number(), "--part", part, "--csv"}).out;
    return text.substr(0, text.find('\n'));
  };
  const std::string test = columns("test");
  EXPECT_THAT(test, testing::StartsWith("run,part,images,accuracy,accuracy_low,accuracy_high,"));
  EXPECT_THAT(test, testing::EndsWith(",looks"));
  EXPECT_EQ(columns("validation"), test);
  const json validation = json::parse(place.rxrun({"evaluate", number(), "--part", "validation", "--json"}).out).at(0);
  EXPECT_TRUE(validation["looks"].is_null()) << "only those at a test part count";
}

TEST_F(Evaluate, OtherImagesAreRefusedUnlessAskedFor) {
  place.write("images/odd/1.png", png_bytes(picture(16, 16, 3, 1000)));
  const Finished refused = place.rxrun({"evaluate", number(), "--csv"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.out, Not(HasSubstr("accuracy")));
  EXPECT_THAT(refused.err, HasSubstr("the images or their labels are different"));
  EXPECT_THAT(refused.err, HasSubstr("--other-data"));
  const Finished other = place.rxrun({"evaluate", number(), "--csv", "--other-data"});
  EXPECT_EQ(other.code, 0) << other.err;
  EXPECT_THAT(other.out, HasSubstr("accuracy"));
  EXPECT_THAT(other.err, HasSubstr("warning: the data at"));
}

// An external test set is scored as a whole, prepared as the run's own images were.
TEST_F(Evaluate, EveryImageOfOtherDataWhenAsked) {
  for (int i = 0; i < 10; ++i) {
    const std::string folder = std::string("other/") + (i < 3 ? "even" : "odd");
    std::filesystem::create_directories(place.folder() / folder);
    place.write(folder + "/" + std::to_string(i) + ".png", png_bytes(picture(16, 16, 3, 500 + i)));
  }
  const Finished all =
      place.rxrun({"evaluate", number(), "data.path=other", "--other-data", "--part", "all", "--json"});
  ASSERT_EQ(all.code, 0) << all.err;
  const json scores = json::parse(all.out).at(0);
  EXPECT_EQ(scores["part"], "all");
  EXPECT_EQ(scores["images"], 10);
  int right = 0;
  double loss = 0.0;
  for (int i = 0; i < 10; ++i) {
    const std::string folder = i < 3 ? "even" : "odd";
    const Finished one =
        place.rxrun({"predict", number(), "other/" + folder + "/" + std::to_string(i) + ".png", "--json"});
    const json answer = json::parse(one.out).at(0);
    const bool is_right = answer["class"] == folder;
    const double probability = answer["probability"];
    right += is_right;
    loss -= std::log(is_right ? probability : 1.0 - probability) / 10.0;
  }
  EXPECT_NEAR(scores["loss"].get<double>(), loss, 1e-3);
  EXPECT_EQ(scores["accuracy"].get<double>(), right / 10.0) << "the network sees what predict shows it";

  for (int i = 10; i < 60; ++i)
    place.write(std::string("other/") + (i % 2 == 0 ? "even" : "odd") + "/" + std::to_string(i) + ".png",
                png_bytes(picture(16, 16, 3, 500 + i)));
  const Finished part = place.rxrun({"evaluate", number(), "data.path=other", "--other-data", "--csv"});
  ASSERT_EQ(part.code, 0) << part.err;
  EXPECT_THAT(part.err, testing::ContainsRegex("note: [0-9]+ of 60 images scored, those that the run's split puts into "
                                               "test; the other [0-9]+ are left out: --part all"));

  for (const char* name : {"even", "odd"}) {
    std::filesystem::create_directories(place.folder() / "few" / name);
    place.write(std::string("few/") + name + "/0.png", png_bytes(picture(16, 16, 3, 7)));
  }
  const Finished few = place.rxrun({"evaluate", number(), "data.path=few", "--other-data"});
  EXPECT_EQ(few.code, 2);
  EXPECT_THAT(few.err, HasSubstr("how images are divided is fixed by run"));
  EXPECT_THAT(few.err, HasSubstr("--other-data --part all"));

  const Finished unasked = place.rxrun({"evaluate", number(), "data.path=other", "--part", "all"});
  EXPECT_EQ(unasked.code, 2);
  EXPECT_THAT(unasked.err, HasSubstr("--other-data"));
  const Finished own = place.rxrun({"evaluate", number(), "--part", "all", "--other-data"});
  EXPECT_EQ(own.code, 2);
  EXPECT_THAT(own.err, HasSubstr("trained on some of them"));
  std::filesystem::rename(place.folder() / "other/odd", place.folder() / "other/strange");
  const Finished strange = place.rxrun({"evaluate", number(), "data.path=other", "--other-data", "--part", "all"});
  EXPECT_EQ(strange.code, 2);
  EXPECT_THAT(strange.err,
              HasSubstr("the classes of this data are even, strange, those of run " + number() + " are even, odd"));
}

TEST_F(Evaluate, OtherDataMayLackClassesOrNameThemOtherwise) {
  const auto write = [&](const std::string& folder, int images) {
    std::filesystem::create_directories(place.folder() / folder);
    for (int i = 0; i < images; ++i)
      place.write(folder + "/" + std::to_string(i) + ".png", png_bytes(picture(16, 16, 3, 700 + i)));
  };
  const auto scored = [&](const std::string& folder, std::vector<std::string> words) {
    words.insert(words.begin(),
                 {"evaluate", number(), "data.path=" + folder, "--other-data", "--part", "all", "--json"});
    return place.rxrun(words);
  };
  write("lacking/odd", 6);
  const Finished lacking = scored("lacking", {});
  ASSERT_EQ(lacking.code, 0) << lacking.out << lacking.err;
  EXPECT_THAT(lacking.err,
              HasSubstr("warning: the data has no image of 1 of the 2 classes of run " + number() + ": even"));
  const json found = json::parse(lacking.out).at(0);
  EXPECT_EQ(found["images"], 6);
  EXPECT_FALSE(found.contains("auc"));
  int right = 0;
  for (const json& row : json::parse(place.rxrun({"predict", number(), "lacking", "--json"}).out))
    right += row["class"] == "odd";
  EXPECT_EQ(found["accuracy"].get<double>(), right / 6.0) << "its first class is the run's second";

  write("named/Gerade", 4);
  write("named/1=ungerade", 6);
  const Finished unknown = scored("named", {"--map-classes", "Gerade=even"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.out, HasSubstr("the classes of this data are 1=ungerade, Gerade, those of run " + number() +
                                     " are even, odd"));
  const Finished mapped = scored("named", {"--map-classes", "Gerade=even", "--map-classes", "1=ungerade=odd"});
  ASSERT_EQ(mapped.code, 0) << mapped.out << mapped.err;
  std::filesystem::rename(place.folder() / "named/Gerade", place.folder() / "named/even");
  std::filesystem::rename(place.folder() / "named/1=ungerade", place.folder() / "named/odd");
  const Finished same = scored("named", {});
  for (const char* figure : {"images", "loss", "accuracy", "auc"})
    EXPECT_NEAR(json::parse(mapped.out).at(0)[figure].get<double>(), json::parse(same.out).at(0)[figure].get<double>(),
                1e-6)
        << figure;
  const Finished swapped = scored("named", {"--map-classes", "even=odd", "--map-classes", "odd=even"});
  EXPECT_EQ(json::parse(swapped.out).at(0)["accuracy"].get<double>(),
            1.0 - json::parse(same.out).at(0)["accuracy"].get<double>());
  EXPECT_EQ(json::parse(scored("named", {"--map-classes", "even=odd"}).out).at(0)["images"], 10) << "both are one";

  const auto refused = [&](const std::vector<std::string>& words) {
    const Finished one = scored("named", words);
    EXPECT_EQ(one.code, 2);
    return one.out;
  };
  EXPECT_THAT(refused({"--map-classes", "evem=odd"}), HasSubstr("the data has no class `evem`"));
  EXPECT_THAT(refused({"--map-classes", "even=ood"}), HasSubstr("the run has no class `ood`"));
  EXPECT_THAT(refused({"--map-classes", "even"}), HasSubstr("expects THEIRS=OURS"));
  EXPECT_THAT(refused({"--map-classes", "even=odd", "--map-classes", "even=even"}),
              HasSubstr("is to be both `odd` and `even`"));
  EXPECT_EQ(place.rxrun({"evaluate", number(), "--map-classes", "even=odd"}).code, 2);
}

TEST_F(Evaluate, BadImagesOfOtherDataAreSkippedWhenAsked) {
  for (const char* name : {"even", "odd"}) std::filesystem::create_directories(place.folder() / "other" / name);
  for (int i = 0; i < 6; ++i)
    place.write(std::string("other/") + (i < 3 ? "even/" : "odd/") + std::to_string(i) + ".png",
                png_bytes(picture(16, 16, 3, 900 + i)));
  place.write("other/odd/5.png", png_bytes(picture(16, 16, 3, 905)).substr(0, 60));
  const std::vector<std::string> words = {"evaluate", number(), "data.path=other", "--other-data",
                                          "--part",   "all",    "--json"};
  const Finished stopped = place.rxrun(words);
  EXPECT_EQ(stopped.code, 2);
  EXPECT_THAT(stopped.out, HasSubstr("on_bad_image"));
  std::vector<std::string> skipping = words;
  skipping.push_back("data.on_bad_image=skip");
  const Finished skipped = place.rxrun(skipping);
  ASSERT_EQ(skipped.code, 0) << skipped.out << skipped.err;
  EXPECT_EQ(json::parse(skipped.out).at(0)["images"], 5);
  EXPECT_THAT(skipped.err, testing::AllOf(HasSubstr("1 bad image is skipped"), HasSubstr("= odd/5.png")));
  EXPECT_EQ(place.rxrun({"resume", number(), "data.on_bad_image=skip"}).code, 2) << "it would be another run";
}

TEST_F(Evaluate, PredictGoesPastBadImages) {
  std::filesystem::create_directories(place.folder() / "new/below");
  std::filesystem::create_directories(place.folder() / "new/@eaDir");
  std::filesystem::create_directories(place.folder() / "far");
  for (const char* name : {"new/0.png", "new/2.png", "new/below/3.png", "new/@eaDir/5.png", "far/4.png"})
    place.write(name, png_bytes(picture(16, 16, 3, name[4])));
  place.write("new/1.png", png_bytes(picture(16, 16, 3, 1)).substr(0, 50));
  place.write("new/notes.txt", "x");
  place.write("new/list.txt", "x");
  place.write("new/.hidden.png", "x");
  std::filesystem::create_symlink(place.folder() / "far", place.folder() / "new/linked");
  std::filesystem::create_symlink("nowhere", place.folder() / "new/gone.png");

  const Finished page = place.rxrun({"predict", number(), "new", "--csv"});
  EXPECT_EQ(page.code, 1);
  EXPECT_EQ(std::count(page.out.begin(), page.out.end(), '\n'), 5) << page.out;
  EXPECT_THAT(page.out, testing::AllOf(HasSubstr("new/linked/4.png"), Not(HasSubstr("new/1.png"))));
  EXPECT_THAT(page.err,
              testing::AllOf(HasSubstr("new/1.png: error: "), HasSubstr("error: cannot read `new/gone.png`"),
                             HasSubstr("2 of 6 images could not be read"),
                             HasSubstr("2 files in new are passed over: no images by their names, mostly `.txt`"),
                             HasSubstr("1 folder in new is passed over: made by systems for themselves")));
  const json rows = json::parse(place.rxrun({"predict", number(), "new", "--json"}).out);
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[0]["image"], "new/0.png");
  EXPECT_TRUE(rows[0]["error"].is_null());
  EXPECT_EQ(rows[1]["image"], "new/1.png");
  EXPECT_TRUE(rows[1]["class"].is_null());
  EXPECT_TRUE(rows[1]["probability_odd"].is_null());
  EXPECT_TRUE(rows[1]["error"].is_string());
  const json alone = json::parse(place.rxrun({"predict", number(), "new/2.png", "--json"}).out).at(0);
  EXPECT_EQ(rows[2]["probability"], alone["probability"]) << "whatever stands beside it";
  EXPECT_FALSE(alone.contains("error"));
  const Finished none = place.rxrun({"predict", number(), "new/1.png", "--json"});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(json::parse(none.out).size(), 1u);

  std::filesystem::create_symlink(place.folder() / "new", place.folder() / "far/back");
  const Finished circle = place.rxrun({"predict", number(), "new"});
  EXPECT_EQ(circle.code, 2);
  EXPECT_THAT(circle.err, HasSubstr("a symbolic link leads back to a folder above it"));
}

// Of images that are all for the test there is no training part to weigh classes by.
TEST(EvaluateWeights, AreThoseOfTheRun) {
  Workplace place;
  for (int i = 0; i < 40; ++i) {
    const std::string folder = std::string("images/") + (i % 4 == 0 ? "a" : "b");
    std::filesystem::create_directories(place.folder() / folder);
    place.write(folder + "/" + std::to_string(i) + ".png", png_bytes(picture(16, 16, 3, i)));
  }
  std::string text = tiny_experiment(1);
  text.replace(text.find("source: histology"), 17, "source: class_folders\n  path: images");
  place.write("tiny.yaml", text);
  ASSERT_EQ(place.rxrun({"tiny.yaml", "class_weights=balanced"}).code, 0);
  const Table counts =
      query(place.results() / "results.db", "SELECT sum(label = 0), sum(label = 1) FROM v_splits WHERE part = 'train'");
  const auto a = static_cast<double>(std::get<std::int64_t>(counts.rows.at(0)[0])),
             b = static_cast<double>(std::get<std::int64_t>(counts.rows[0][1]));
  const double weights[] = {(a + b) / (2 * a), (a + b) / (2 * b)};
  for (int i = 0; i < 5; ++i) {
    const std::string folder = std::string("other/") + (i < 3 ? "a" : "b");
    std::filesystem::create_directories(place.folder() / folder);
    place.write(folder + "/" + std::to_string(i) + ".png", png_bytes(picture(16, 16, 3, 500 + i)));
  }
  double sum = 0.0, weight = 0.0;
  for (const json& row : json::parse(place.rxrun({"predict", "1", "other", "--json"}).out)) {
    const bool is_b = row["image"].get<std::string>().find("/b/") != std::string::npos;
    sum -= weights[is_b ? 1 : 0] * std::log(row[is_b ? "probability_b" : "probability_a"].get<double>());
    weight += weights[is_b ? 1 : 0];
  }
  const Finished all = place.rxrun({"evaluate", "1", "data.path=other", "--other-data", "--part", "all", "--json"});
  ASSERT_EQ(all.code, 0) << all.err;
  EXPECT_NEAR(json::parse(all.out).at(0)["loss"].get<double>(), sum / weight, 1e-5);
}

TEST_F(Evaluate, GeneratedImagesDoNotStandInForThoseOfTheRun) {
  std::filesystem::rename(place.folder() / "images", place.folder() / "elsewhere");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"evaluate", number()},
                                                {"evaluate", number(), "--other-data"},
                                                {"resume", number()},
                                                {"rerun", number()}}) {
    const Finished refused = place.rxrun(words);
    EXPECT_EQ(refused.code, 2) << words[0];
    EXPECT_THAT(refused.err, HasSubstr("the images of run " + number() +
                                       " are missing: " + (place.folder() / "images").string() + " does not exist"));
    EXPECT_THAT(refused.err, HasSubstr("data.path=PATH"));
    EXPECT_THAT(refused.err, Not(HasSubstr("experiment.yaml"))) << "which nobody wrote";
    EXPECT_THAT(refused.err, Not(HasSubstr("GENERATED")));
  }
  EXPECT_EQ(place.rxrun({"predict", number(), "elsewhere/odd/1.png"}).code, 0) << "which reads none of them";
}

TEST_F(Evaluate, FindsTheImagesWhereTheyAreNowAndUsesThisMachine) {
  const std::string recorded =
      std::to_string(std::get<double>(ask("SELECT test_loss FROM v_best WHERE run = " + number()).rows.at(0).at(0)));
  std::filesystem::rename(place.folder() / "images", place.folder() / "elsewhere");
  const std::string stored = stored_text();
  const Finished found =
      place.rxrun({"evaluate", number(), "path=elsewhere", "memory=1 MiB", "loader_threads=2", "device=cpu", "--json"});
  ASSERT_EQ(found.code, 0) << found.err;
  EXPECT_EQ(std::to_string(json::parse(found.out).at(0)["loss"].get<double>()), recorded);
  EXPECT_EQ(stored_text(), stored) << "for one command only";

  place.write("elsewhere/odd/1.png", png_bytes(picture(16, 16, 3, 1000)));
  const Finished refused = place.rxrun({"evaluate", number(), "path=elsewhere"});
  EXPECT_EQ(refused.code, 2) << "the images are compared, wherever they are";
  EXPECT_THAT(refused.err, HasSubstr("the images or their labels are different"));
}

TEST_F(Evaluate, WhatARunIsCannotBeOverridden) {
  const Finished refused = place.rxrun({"evaluate", number(), "data.path=images", "epochs=9", "machine.thread=2",
                                        "lr=0.2", "name=x", "--color", "never"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.err, HasSubstr("command line:1:1: error: run " + number() +
                                     " would be a different run with another `training.epochs`"));
  EXPECT_THAT(refused.err, HasSubstr("  1 | epochs=9\n    | ^~~~~~\n"));
  EXPECT_THAT(refused.err,
              HasSubstr("what can be set here: data.path, data.memory, data.on_bad_image, data.layout, data.include, "
                        "data.exclude, machine.device, machine.threads, machine.loader_threads, machine.cuda_graph, "
                        "network.plugins;"));
  EXPECT_THAT(refused.err, HasSubstr("/experiment.yaml epochs=9"));
  EXPECT_THAT(refused.err, HasSubstr("another `training.optimizer.adam.lr`"));
  EXPECT_THAT(refused.err, HasSubstr("there is no key `machine.thread`"));
  EXPECT_THAT(refused.err, HasSubstr("did you mean `machine.threads`?"));
  EXPECT_THAT(refused.err, HasSubstr("`name` has no effect here"));
  for (const char* command : {"resume", "rerun"})
    EXPECT_EQ(place.rxrun({command, number(), "batch=4"}).code, 2) << command;
  EXPECT_EQ(ask("SELECT count(*) FROM runs").rows[0][0], Value(run)) << "nothing was begun";

  const Finished device = place.rxrun({"evaluate", number(), "device=gpu"});
  EXPECT_EQ(device.code, 2);
  EXPECT_THAT(device.err, HasSubstr("`device` must be"));
}

// Nothing is trained, scored or written by what came with somebody's results.
TEST(EvaluateElsewhere, AnImportedRunLoadsNoLibraryByThePathThatItNames) {
  Workplace place;
  const json listed = json::parse(place.rxrun({"plugins", "--json"}).out);
  const auto convnet =
      std::find_if(listed.begin(), listed.end(), [](const json& row) { return row["plugin"] == "convnet"; });
  ASSERT_NE(convnet, listed.end());
  std::filesystem::create_directories(place.folder() / "lib");
  const std::string mine = (place.folder() / "lib/libmine.so").string();
  std::filesystem::copy_file((*convnet)["library"].get<std::string>(), mine);
  std::string text = tiny_experiment(1);
  text.replace(text.find("plugins: [convnet]"), 18, "plugins: [lib/libmine.so]");
  place.write("tiny.yaml", text);
  place.write("image.png", png_bytes(picture(16, 16, 3, 1)));
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  EXPECT_EQ(place.rxrun({"evaluate", "1"}).code, 0) << "one's own run has its library";

  ASSERT_EQ(place.rxrun({"import", "results", "--results", "other"}).code, 0);
  const std::vector<std::vector<std::string>> commands = {
      {"evaluate", "1"}, {"predict", "1", "image.png"}, {"rerun", "1"}, {"resume", "1"}};
  for (std::vector<std::string> command : commands) {
    command.insert(command.end(), {"--results", "other"});
    const Finished refused = place.rxrun(command);
    EXPECT_EQ(refused.code, 2) << command[0];
    EXPECT_THAT(refused.err, HasSubstr("the run was imported: its plugin library `" + mine + "` is not loaded"));
  }
  const std::string stored =
      "other/" + std::get<std::string>(ask_in(place, "SELECT folder FROM runs")) + "/experiment.yaml";
  EXPECT_THAT(place.rxrun({"check", stored}).err, HasSubstr("the run was imported"));
  const std::string named = "network.plugins=[" + mine + "]";
  EXPECT_EQ(place.rxrun({"evaluate", "1", named, "--results", "other"}).code, 0);
  EXPECT_EQ(place.rxrun({"predict", "1", "image.png", named, "--results", "other"}).code, 0);

  // Without the mark, as in a folder that was copied by hand, what lies in it is not loaded all the same.
  std::filesystem::copy_file(mine, place.results() / "libmine.so");
  Connection(place.results() / "results.db", Connection::Mode::read_write)
      .execute("UPDATE runs SET resolved = replace(resolved, '/lib/libmine.so', '/results/libmine.so')");
  EXPECT_THAT(place.rxrun({"evaluate", "1"}).err, HasSubstr("it lies in these results"));
  EXPECT_THAT(place.rxrun({"rerun", "1"}).err, HasSubstr("it lies in these results"));
}

TEST(EvaluateElsewhere, ARowThatLeadsOutOfTheResultsIsNotFollowed) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  std::filesystem::create_directories(place.folder() / "elsewhere");
  Connection(place.results() / "results.db", Connection::Mode::read_write)
      .execute(("UPDATE runs SET status = 'interrupted', folder = '" + (place.folder() / "elsewhere").string() + "'")
                   .c_str());
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"tiny.yaml"}, {"resume", "1"}, {"rerun", "1"}, {"evaluate", "1"}, {"predict", "1", "tiny.yaml"}}) {
    const Finished refused = place.rxrun(command);
    EXPECT_EQ(refused.code, 2) << command[0];
    EXPECT_THAT(refused.err, HasSubstr("run 1 has no folder of its own"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(place.folder() / "elsewhere"));
}

TEST_F(Evaluate, PredictGivesThePredictionsOfTheRun) {
  const Table recorded =
      ask("SELECT sample, predicted, probability FROM v_predictions WHERE part = 'test' AND run = " + number() +
          " ORDER BY position");
  ASSERT_GT(recorded.rows.size(), 5u);
  std::vector<std::string> words = {"predict", number(), "--json"};
  for (const auto& row : recorded.rows)
    words.push_back((place.folder() / "images" / std::get<std::string>(row[0])).string());
  const Finished predicted = place.rxrun(words);
  ASSERT_EQ(predicted.code, 0) << predicted.err;
  const json rows = json::parse(predicted.out);
  ASSERT_EQ(rows.size(), recorded.rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i]["class"], std::get<std::int64_t>(recorded.rows[i][1]) == 0 ? "even" : "odd");
    EXPECT_EQ(rows[i]["probability"].get<double>(), std::get<double>(recorded.rows[i][2]));
    const double even = rows[i]["probability_even"], odd = rows[i]["probability_odd"];
    EXPECT_NEAR(even + odd, 1.0, 1e-6);
    EXPECT_EQ(std::max(even, odd), rows[i]["probability"].get<double>());
  }
  EXPECT_THAT(place.rxrun({"predict", number(), words.back(), "--csv"}).out,
              testing::StartsWith("image,class,probability,probability_even,probability_odd\n"));
  EXPECT_THAT(place.rxrun({"predict", number(), words.back()}).out, Not(HasSubstr("probability_")));
  const Finished missing = place.rxrun({"predict", number(), "no.png", words.back(), "nor/this"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_EQ(missing.out, "");
  EXPECT_THAT(missing.err, testing::AllOf(HasSubstr("no.png: error: there is no such image or folder"),
                                          HasSubstr("nor/this: error: there is no such image or folder")));

  // A folder stands for the images in it, by name.
  place.write("images/notes.txt", "x");
  place.write("images/.hidden.png", "x");
  const json all = json::parse(place.rxrun({"predict", number(), "images", "--json"}).out);
  ASSERT_EQ(all.size(), 60u);
  EXPECT_EQ(all[0]["image"], "images/even/0.png");
  EXPECT_EQ(all[1]["image"], "images/even/10.png");
  EXPECT_EQ(all[59]["image"], "images/odd/9.png");
  std::filesystem::create_directories(place.folder() / "none");
  const Finished none = place.rxrun({"predict", number(), "none"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("the folder none has no images"));

  // Words between the images say how the machine is used; an image may have such a name.
  place.write("threads=1", png_bytes(picture(16, 16, 3, 5)));
  EXPECT_EQ(
      json::parse(place.rxrun({"predict", number(), "threads=1", "machine.threads=1", words.back(), "--json"}).out)
          .size(),
      2u);
  const Finished data = place.rxrun({"predict", number(), words.back(), "data.path=images"});
  EXPECT_EQ(data.code, 2);
  EXPECT_THAT(data.err, HasSubstr("`data.path` has no effect here"));
  EXPECT_THAT(place.rxrun({"predict", number(), "machine.threads=1"}).err, HasSubstr("no images given"));
}

}  // namespace
}  // namespace rxrun::test
