#include <gtest/gtest.h>

#include <set>

#include "../growth.h"
#include "data/dataset.h"
#include "data/path_pattern.h"
#include "data/source.h"
#include "diagnostics/render.h"
#include "experiment/folder_layout_text.h"
#include "experiment/split_rules.h"
#include "files/files.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::picture;
using test::TemporaryFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::string png(int variant) { return test::png_bytes(picture(5, 5, 3, variant)); }

class FolderLayouts : public testing::Test {
 protected:
  // A picture at each of `paths`, all different.
  void write(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) folder_.write(path, png(++pictures_));
  }
  // `outer`/`inner`/1.png for each of both.
  void cross(const std::vector<std::string>& outer, const std::vector<std::string>& inner) {
    for (const std::string& one : outer)
      for (const std::string& other : inner) write({one + "/" + other + "/1.png"});
  }
  DataSpec spec() const {
    DataSpec spec;
    spec.path = folder_.path();
    return spec;
  }
  std::unique_ptr<Source> open() const { return open_source(spec(), 0); }
  std::unique_ptr<Source> open(const std::string& layout) const {
    DataSpec with = spec();
    with.layout = layout_of(layout).value();
    return open_source(with, 0);
  }
  std::string error() const {
    return error_of([&] { open(); });
  }
  static std::set<std::string> groups(const Source& source) {
    std::set<std::string> groups;
    for (const Sample& sample : source.samples()) groups.insert(sample.group);
    return groups;
  }
  static std::set<std::string> parts(const Source& source) {
    std::set<std::string> parts;
    for (const Sample& sample : source.samples()) parts.insert(sample.part);
    return parts;
  }
  static std::string notes(const Source& source) { return render(source.warnings()); }

  TemporaryFolder folder_;
  int pictures_ = 0;
};

TEST_F(FolderLayouts, PartsInTheUsualSpellings) {
  for (const std::vector<std::string>& names : {std::vector<std::string>{"Training", "Testing"},
                                                {"TRAIN", "VAL"},
                                                {"train_set", "test_set"},
                                                {"seg_train", "seg_test"},
                                                {"train", "dev", "holdout"},
                                                {"training", "eval"},
                                                {"trainset", "valid"},
                                                {"train2017", "val2017"},
                                                {"Train Images", "Test Images"},
                                                {"train", "hold-out"}}) {
    const TemporaryFolder folder;
    for (const std::string& part : names)
      for (const char* name : {"cat", "dog"}) folder.write(part + "/" + name + "/a.png", png(++pictures_));
    DataSpec spec;
    spec.path = folder.path();
    const auto source = open_source(spec, 0);
    EXPECT_EQ(source->listing().layout, "part/class") << names.front();
    EXPECT_THAT(source->classes(), ElementsAre("cat", "dog"));
    EXPECT_EQ(parts(*source), std::set<std::string>(names.begin(), names.end()));
  }
}

TEST(PartNames, OneNameForTheSpellings) {
  EXPECT_EQ(canonical_part("Training"), "train");
  EXPECT_EQ(canonical_part("validation"), "val");
  EXPECT_EQ(canonical_part("dev"), "val");
  EXPECT_EQ(canonical_part("t10k"), "test");
  EXPECT_EQ(canonical_part("Eval"), "eval");
  EXPECT_EQ(canonical_part("hospital_a"), "hospital_a");
  for (const char* name : {"cat", "train_station", "protest", "value", "contest", "trainee", "2017", "data", "testis"})
    EXPECT_FALSE(is_part_name(name)) << name;
}

TEST_F(FolderLayouts, APartIsNamedAsTheFolderOrAsUsual) {
  write({"Training/cat/a.png", "Training/dog/a.png", "Testing/cat/a.png", "Testing/dog/a.png"});
  for (int i = 0; i < 8; ++i)
    write({"Training/cat/" + std::to_string(i) + ".png", "Training/dog/" + std::to_string(i) + ".png"});
  for (const char* name : {"Testing", "test"}) {
    DataSpec with = spec();
    with.split = {.train = "Training", .validation = 0.3, .test = name, .group_by = {}, .seed = {}};
    EXPECT_EQ(load_dataset(with, 1, 1).part(Part::test).size(), 2u) << name;
  }
}

TEST_F(FolderLayouts, ArchivesInFoldersOfTheirOwn) {
  write({"chest/chest_xray/train/a/1.png", "chest/chest_xray/train/b/1.png", "chest/chest_xray/test/a/1.png"});
  write({"chest/__MACOSX/x/1.png"});
  EXPECT_EQ(open()->listing().layout, "any/any/part/class");
}

TEST_F(FolderLayouts, AFolderInEachPartMeansNothing) {
  write({"seg_train/seg_train/sea/1.png", "seg_train/seg_train/street/1.png", "seg_test/seg_test/sea/1.png"});
  const auto source = open();
  EXPECT_EQ(source->listing().layout, "part/any/class");
  EXPECT_THAT(source->classes(), ElementsAre("sea", "street"));
}

TEST_F(FolderLayouts, PatientsThatHoldTheSameFewClasses) {
  std::vector<std::string> patients;
  for (int i = 0; i < 12; ++i) patients.push_back(std::to_string(8863 + 7 * i));
  for (std::size_t i = 0; i < patients.size(); ++i) {
    write({patients[i] + "/1/a.png"});
    if (i % 3 == 0) write({patients[i] + "/0/a.png"});
  }
  const auto source = open();
  EXPECT_EQ(source->listing().layout, "group/class");
  EXPECT_THAT(source->classes(), ElementsAre("0", "1"));
  EXPECT_EQ(groups(*source), std::set<std::string>(patients.begin(), patients.end()));
  EXPECT_THAT(source->listing().layout_in_words, HasSubstr("read as group/class: 12 groups, 2 classes"));
}

TEST_F(FolderLayouts, PatientsBySayingSo) {
  cross({"patient_1", "patient_2"}, {"benign", "malignant"});
  EXPECT_EQ(open()->listing().layout, "group/class");
}

TEST_F(FolderLayouts, AWordAloneMakesNoGroups) {
  write({"animal_cat/anna/1.png", "animal_cat/ben/1.png", "animal_dog/carl/1.png", "animal_dog/dora/1.png"});
  EXPECT_THAT(error(), HasSubstr("can be read in several ways"));
}

TEST_F(FolderLayouts, PatientsWithFoldersOfTheirOwn) {
  for (const char* patient : {"patient_1", "patient_2", "patient_3"})
    for (const char* slide : {"slide_1", "slide_2"})
      for (const char* label : {"0", "1"}) write({std::string(patient) + "/" + slide + "/" + label + "/1.png"});
  const auto source = open();
  EXPECT_EQ(source->listing().layout, "group/any/class");
  EXPECT_EQ(groups(*source).size(), 3u);
}

TEST_F(FolderLayouts, PatientsWithinClassesAndParts) {
  for (int i = 0; i < 4; ++i)
    write({"train/benign/p" + std::to_string(i) + "/1.png", "train/malignant/q" + std::to_string(i) + "/1.png",
           "test/benign/r" + std::to_string(i) + "/1.png"});
  const auto source = open();
  EXPECT_EQ(source->listing().layout, "part/class/group");
  EXPECT_EQ(groups(*source).size(), 12u);
}

TEST_F(FolderLayouts, PartsWithinClasses) {
  cross({"cat", "dog"}, {"train", "test"});
  EXPECT_EQ(open()->listing().layout, "class/part");
}

TEST_F(FolderLayouts, WhatCanBeReadInSeveralWaysIsAnErrorWithTheReadings) {
  cross({"cat", "dog"}, {"indoor", "outdoor"});
  EXPECT_THAT(error(), HasSubstr("can be read in several ways"));
  try {
    open();
  } catch (const Error& error) {
    EXPECT_THAT(error.diagnostics().back().advice,
                AllOf(HasSubstr("data.layout: class reads 2 classes (cat, dog)"),
                      HasSubstr("data.layout: class/group reads 2 classes (cat, dog) and 2 groups (indoor, outdoor)"),
                      HasSubstr("data.layout: group/class reads 2 classes (indoor, outdoor) and 2 groups (cat, dog)")));
  }
  EXPECT_THAT(open("class")->classes(), ElementsAre("cat", "dog"));
  EXPECT_EQ(groups(*open("class")).size(), 4u);
  EXPECT_THAT(open("group/class")->classes(), ElementsAre("indoor", "outdoor"));
  EXPECT_EQ(groups(*open("group/class")), (std::set<std::string>{"cat", "dog"}));
  EXPECT_EQ(open("class")->listing().layout, "class");
}

TEST_F(FolderLayouts, AmbiguousKinds) {
  const std::vector<std::vector<std::string>> kinds = {
      {"color/n01/1.png", "color/n02/1.png", "color/n03/1.png", "grey/n01/1.png", "grey/n02/1.png", "grey/n03/1.png"},
      {"a/site1/1.png", "a/site2/1.png", "b/site1/1.png", "b/site2/1.png"},             // as many as classes
      {"fruit/apple/1.png", "fruit/pear/1.png", "leaf/kale/1.png", "leaf/leek/1.png"},  // classes or their kinds
      {"cat/images/1.png", "cat/masks/1.png", "dog/images/1.png", "dog/masks/1.png"},
      {"lyon/p1/0/1.png", "lyon/p2/0/1.png", "lyon/p2/1/1.png", "nice/p3/0/1.png", "nice/p3/1/1.png"},
      {"train/a/1.png", "test/a/1.png", "extra/a/1.png"},  // a folder beside parts
      {"p1/0/1.png", "p1/1/1.png", "p2/0/1.png", "p2/1/1.png", "p3/0/1.png", "p3/overview.png"}};
  for (const auto& paths : kinds) {
    const TemporaryFolder folder;
    for (const std::string& path : paths) folder.write(path, png(++pictures_));
    DataSpec spec;
    spec.path = folder.path();
    EXPECT_THAT(error_of([&] { open_source(spec, 0); }), HasSubstr("can be read in several ways")) << paths.front();
  }
}

TEST_F(FolderLayouts, ImagesAndMasksAreNoClasses) {
  write({"images/1.png", "images/2.png", "masks/1.png", "masks/2.png"});
  EXPECT_THAT(error(), HasSubstr("folders called images and masks are hardly classes"));
  EXPECT_THAT(open("class")->classes(), ElementsAre("images", "masks"));
}

TEST_F(FolderLayouts, AWrongLayoutIsTold) {
  write({"cat/1.png", "dog/1.png"});
  EXPECT_THAT(error_of([&] { open("any/class"); }),
              AllOf(HasSubstr("no class folders"), HasSubstr("read as any/class")));
  for (const char* text : {"", "part", "class/class", "part/part/class", "class/", "patient/class"})
    EXPECT_FALSE(layout_of(text).has_value()) << text;
  EXPECT_EQ(to_string(layout_of("any/part/group/class").value()), "any/part/group/class");
}

TEST_F(FolderLayouts, ASecondCopyIsLeftOutByContent) {
  for (int i = 0; i < 9; ++i)
    for (const char* label : {"0", "1"}) write({std::to_string(100 + i) + "/" + label + "/x.png"});
  for (const auto& patient : {"100", "101", "102", "103", "104", "105", "106", "107", "108"}) {
    fs::create_directories(folder_.path() / "all" / patient);
    fs::copy(folder_.path() / patient, folder_.path() / "all" / patient, fs::copy_options::recursive);
  }
  folder_.write("all/108/1/new.png", png(++pictures_));  // is nowhere else
  const auto source = open();
  EXPECT_EQ(source->listing().layout, "group/class");
  EXPECT_EQ(source->samples().size(), 19u);
  EXPECT_THAT(notes(*source), HasSubstr("18 images are second copies"));
  EXPECT_NO_THROW(load_dataset(spec(), 1, 1));

  std::string bytes = read_file(folder_.path() / "all/100/0/x.png", 1 << 20);
  bytes[bytes.size() - 1] = static_cast<char>(bytes[bytes.size() - 1] ^ 1);
  folder_.write("all/100/0/x.png", bytes);
  EXPECT_THAT(error_of([&] { load_dataset(spec(), 1, 1); }),
              HasSubstr("has the name and the size of " + (folder_.path() / "100/0/x.png").string()));
}

TEST_F(FolderLayouts, FoldersLikeTheirNeighboursAreNoCopiesIfTheirImagesDiffer) {
  for (const char* part : {"", "both/"})
    for (const char* name : {"cat", "dog"}) write({std::string(part) + name + "/1.png"});
  folder_.write("both/cat/1.png", test::png_bytes(picture(9, 9, 3, 1)));
  folder_.write("both/dog/1.png", test::png_bytes(picture(9, 9, 3, 2)));
  EXPECT_THAT(notes(*open()), testing::Not(HasSubstr("second cop")));
}

TEST_F(FolderLayouts, GroupsOfFoldersCountUnlessGroupByIsGiven) {
  cross({"patient1", "patient2", "patient3"}, {"0", "1"});
  write({"patient1/0/s7_x.png", "patient2/0/s7_y.png"});
  EXPECT_EQ(groups(*open()).size(), 3u);
  DataSpec with = spec();
  with.split.group_by = "^(s[0-9])_";
  EXPECT_EQ(groups(*open_source(with, 0)).size(), 7u);  // s7, and each other image by itself
}

TEST_F(FolderLayouts, WhatSystemsMakeIsPassedOver) {
  write({"cat/1.png", "cat/@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg", "dog/1.png", "__MACOSX/cat/1.png", "$RECYCLE.BIN/1.png",
         "lost+found/1.png", "#recycle/cat/2.png", "System Volume Information/1.png"});
  const auto source = open();
  EXPECT_EQ(source->samples().size(), 2u);
  EXPECT_THAT(source->classes(), ElementsAre("cat", "dog"));
  EXPECT_THAT(notes(*source), HasSubstr("6 folders that a system makes for itself are passed over"));
}

TEST_F(FolderLayouts, LinksThatDoubleWhatLiesBelowAreTold) {
  constexpr int levels = 40;
  const auto folder = [&](int i) { return folder_.path() / "p" / std::to_string(i); };
  for (int i = 0; i < levels; ++i) {
    fs::create_directories(folder(i));
    for (const char* way : {"a", "b"}) fs::create_directory_symlink(folder(i + 1), folder(i) / way);
  }
  folder_.write("p/40/1.png", png(1));
  DataSpec first = spec();
  first.path = folder(0);
  EXPECT_THAT(error_of([&] { open_source(first, 0); }),
              HasSubstr("symbolic links lead to this folder in more than 100"));
}

TEST_F(FolderLayouts, ImagesOutsideClassFoldersAreCounted) {
  write({"cat/1.png", "dog/1.png", "overview.png", "legend.png"});
  EXPECT_THAT(notes(*open()), AllOf(HasSubstr("2 images are left out, outside the class folders\n"),
                                    HasSubstr("= for example, `legend.png`")));
}

TEST_F(FolderLayouts, MasksBesideImages) {
  write({"benign/b (1).png", "benign/b (1)_mask.png", "benign/b (1)_mask_1.png", "benign/b (2).png",
         "benign/b (2)_mask.png", "normal/n (1).png", "normal/n (1)_mask.png"});
  const auto source = open();
  EXPECT_THAT(notes(*source), AllOf(HasSubstr("4 of 7 images have the name of another with `_mask` added"),
                                    HasSubstr("data.exclude: ['*_mask*']")));
  DataSpec with = spec();
  with.exclude = {"*_mask*"};
  const auto without = open_source(with, 0);
  EXPECT_EQ(without->samples().size(), 3u);
  EXPECT_THAT(notes(*without),
              AllOf(HasSubstr("4 images are left out by data.exclude `*_mask*`"), testing::Not(HasSubstr("added"))));
  with.exclude = {"*.tif"};
  EXPECT_THAT(notes(*open_source(with, 0)), HasSubstr("data.exclude `*.tif` leaves out no image"));
  with.exclude.clear();
  with.include = {"*(1)*"};
  EXPECT_THAT(notes(*open_source(with, 0)), HasSubstr("2 images are left out by data.include"));
}

TEST_F(FolderLayouts, NumberedImagesAreNoMasks) {
  write({"a/1.png", "a/1_2.png", "a/1_3.png", "b/1.png", "b/1_2.png"});
  EXPECT_EQ(notes(*open()), "");
}

TEST(PathPattern, NamesPathsAndFolders) {
  EXPECT_TRUE(matches_pattern("train/cat/a_mask.png", "*_mask.png"));
  EXPECT_TRUE(matches_pattern("train/masks/a.png", "masks"));
  EXPECT_TRUE(matches_pattern("train/masks/a.png", "train/masks"));
  EXPECT_TRUE(matches_pattern("a/b/c/d.png", "a/**/d.png"));
  EXPECT_TRUE(matches_pattern("a/d.png", "a/**/d.png"));
  EXPECT_TRUE(matches_pattern("a/b.png", "**"));
  EXPECT_TRUE(matches_pattern("a/b.png", "[ab]/?.png"));
  EXPECT_FALSE(matches_pattern("train/masks/a.png", "masks/*"));
  EXPECT_FALSE(matches_pattern("a/b/c.png", "a/*.png"));
  EXPECT_FALSE(matches_pattern("a/b.png", ""));
  EXPECT_FALSE(matches_pattern("a/b.png", "/"));
  EXPECT_FALSE(matches_pattern("a/bb.png", "b"));
}

// The classes' names stand beside the patients' too: whether one is a copy is looked at in one go.
TEST(FolderLayout, PatientsCalledAsTheirClassesTakeLinearTime) {
  const TemporaryFolder folder;
  const fs::path image = folder.write("image.png", png(1));
  const auto list = [&](std::size_t size) {
    DataSpec spec;
    spec.path = folder.path() / std::to_string(size);
    if (!fs::exists(spec.path))
      for (std::size_t i = 0; i < size; ++i)
        for (const char* label : {"0", "1"}) {
          const fs::path to = spec.path / std::to_string(i) / label;
          fs::create_directories(to);
          fs::create_hard_link(image, to / (std::to_string(i) + ".png"));
        }
    EXPECT_EQ(open_source(spec, 0)->samples().size(), 2 * size);
  };
  list(250);
  list(2'000);
  EXPECT_LT(test::growth(list, 2'000), test::kMoreThanLinear);
}

// As the breast patches are downloaded: patients with both classes, and all of it once more below another folder.
TEST(FolderLayout, ListingGrowsLinearly) {
  const TemporaryFolder folder;
  const std::string image = png(1);
  const auto list = [&](std::size_t size) {
    DataSpec spec;
    spec.path = folder.path() / std::to_string(size);
    if (!fs::exists(spec.path)) {
      folder.write("image.png", image);
      for (std::size_t i = 0; i < size; ++i)
        for (const char* copy : {"", "all/"}) {
          const fs::path to = spec.path / (copy + std::to_string(10'000 + i % 200)) / (i % 3 == 0 ? "1" : "0");
          fs::create_directories(to);
          fs::create_hard_link(folder.path() / "image.png", to / (std::to_string(i) + ".png"));
        }
    }
    EXPECT_EQ(open_source(spec, 0)->samples().size(), size);
  };
  list(400);
  list(3'200);
  EXPECT_LT(test::growth(list, 3'200), test::kMoreThanLinear);
}

}  // namespace
}  // namespace rxrun
