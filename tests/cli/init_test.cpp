// rxrun init: what it writes passes `check` and trains.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "../data/archive_files.h"
#include "../data/image_files.h"
#include "program.h"

namespace rxrun::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Init : public testing::Test {
 protected:
  void image(const std::string& name, const std::string& bytes) const {
    const std::filesystem::path file = place_.folder() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
  }
  // Of each class so many images, no two alike.
  void class_folders(const std::string& folder, int a_class, int side = 16) {
    for (int i = 0; i < 2 * a_class; ++i)
      image(folder + (i % 2 == 0 ? "/even/" : "/odd/") + std::to_string(i) + ".png",
            png_bytes(picture(side, side, 3, made_++)));
  }
  std::string text_of(const std::string& name) const {
    std::ifstream file(place_.folder() / name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void expect_trains(const std::string& file) const {
    const Finished checked = place_.rxrun({"check", file});
    EXPECT_EQ(checked.code, 0) << checked.err << text_of(file);
    const Finished trained = place_.rxrun({file, "epochs=1", "machine.threads=1"});
    EXPECT_EQ(trained.code, 0) << trained.err << text_of(file);
    EXPECT_THAT(trained.out, HasSubstr("Test accuracy"));
  }

  Workplace place_;
  int made_ = 0;
};

TEST_F(Init, WhatIsWrittenPassesTheCheckAndTrains) {
  class_folders("images", 30);
  const Finished made = place_.rxrun({"init", "images"});
  EXPECT_EQ(made.code, 0) << made.err;
  EXPECT_THAT(made.out, AllOf(HasSubstr("images.yaml: written"), HasSubstr("60 images of 2 classes"),
                              HasSubstr("image_size 16: all of"), HasSubstr("look at"),
                              HasSubstr("rxrun check images.yaml --pictures images.png")));
  expect_trains("images.yaml");
  EXPECT_EQ(place_.rxrun({"check", "images.yaml", "--pictures", "images.png"}).code, 0);
}

TEST_F(Init, AllKindsOfDataTrain) {
  write_zip(place_.folder() / "m.npz", medmnist_members(30, false));
  class_folders("own/train", 20);
  class_folders("own/test", 10);
  class_folders("large", 10, 100);
  std::string rows = "path,label,group\n";
  for (int i = 0; i < 40; ++i)
    rows += std::string("own/train/") + (i % 2 == 0 ? "even/" : "odd/") + std::to_string(i) + ".png," +
            std::to_string(i % 2) + ",g" + std::to_string(i / 4) + "\n";
  place_.write("list.csv", rows);
  for (const char* data : {"m.npz", "own", "large", "list.csv"}) {
    const Finished made = place_.rxrun({"init", data, "-o", "x.yaml", "--force"});
    EXPECT_EQ(made.code, 0) << made.err;
    expect_trains("x.yaml");
  }
}

TEST_F(Init, AFileThatIsThereIsLeftAlone) {
  class_folders("images", 20);
  place_.write("images.yaml", "mine");
  const Finished refused = place_.rxrun({"init", "images"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("`images.yaml` already exists"), HasSubstr("--force")));
  EXPECT_EQ(place_.rxrun({"init", "images", "-o", "images.yaml"}).code, 2);
  EXPECT_EQ(text_of("images.yaml"), "mine");
  std::filesystem::create_symlink("nowhere", place_.folder() / "link.yaml");
  EXPECT_EQ(place_.rxrun({"init", "images", "-o", "link.yaml"}).code, 2);
  EXPECT_EQ(place_.rxrun({"init", "images", "--force"}).code, 0);
  EXPECT_THAT(text_of("images.yaml"), HasSubstr("class_folders"));
  EXPECT_THAT(place_.rxrun({"init", "images", "-o", "none/x.yaml"}).err, HasSubstr("there is no folder none"));
  EXPECT_EQ(place_.rxrun({"init", "images", "-o", "/dev/full", "--force"}).code, 2);
}

TEST_F(Init, AnAmbiguousLayoutIsSettledByAnOption) {
  for (const char* outer : {"alpha", "beta", "gamma"})
    for (const char* inner : {"/one/", "/two/", "/three/"})
      for (int i = 0; i < 8; ++i)
        image(std::string("images/") + outer + inner + std::to_string(i) + ".png",
              png_bytes(picture(16, 16, 3, made_++)));
  const Finished refused = place_.rxrun({"init", "images"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("can be read in several ways"), HasSubstr("--layout part/class")));
  EXPECT_EQ(place_.rxrun({"init", "images", "--layout", "class"}).code, 0);
  EXPECT_THAT(text_of("images.yaml"), HasSubstr("layout: class"));
  EXPECT_THAT(place_.rxrun({"init", "images", "--layout", "x", "--force"}).err, HasSubstr("--layout x is no layout"));
  EXPECT_EQ(
      place_.rxrun({"init", "images", "--layout", "class", "--exclude", "two", "--exclude", "three", "--force"}).code,
      0);
  EXPECT_THAT(text_of("images.yaml"), HasSubstr("exclude: [two, three]"));
}

TEST_F(Init, TellsTheSameAsJson) {
  class_folders("images", 20);
  const Finished made = place_.rxrun({"init", "images", "--json"});
  EXPECT_EQ(made.code, 0);
  const auto event = nlohmann::json::parse(made.out);
  EXPECT_EQ(event["event"], "written");
  EXPECT_EQ(event["file"], "images.yaml");
  EXPECT_EQ(event["source"], "class_folders");
  EXPECT_EQ(event["classes"], nlohmann::json({"even", "odd"}));
  EXPECT_EQ(event["class_images"]["train"], nlohmann::json({14, 14}));
  EXPECT_TRUE(event["groups"].is_null());
  EXPECT_FALSE(event["assumed"].empty());
  EXPECT_FALSE(event["look_at"].empty());
  EXPECT_EQ(place_.rxrun({"init", "images", "-o", "q.yaml", "-q"}).out, "");
}

TEST_F(Init, WhatCannotBeReadIsAUsersError) {
  for (const char* data : {"none", "/dev/null"}) {
    const Finished refused = place_.rxrun({"init", data});
    EXPECT_EQ(refused.code, 2) << data;
    EXPECT_THAT(refused.err, HasSubstr(data));
  }
}

}  // namespace
}  // namespace rxrun::test
