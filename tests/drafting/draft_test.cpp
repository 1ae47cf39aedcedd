#include "drafting/draft.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <variant>

#include "../data/archive_files.h"
#include "../data/image_files.h"
#include "../data/matchers.h"
#include "experiment/folder_layout_text.h"
#include "experiment/read.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::picture;
using test::png_bytes;
using testing::Contains;
using testing::HasSubstr;

class Drafting : public testing::Test {
 protected:
  // So many images in that folder, no two alike.
  void images(const std::string& folder, int count, int height = 12, int width = 12, int channels = 3) {
    for (int i = 0; i < count; ++i)
      place_.write(folder + "/" + std::to_string(i) + ".png", png_bytes(picture(height, width, channels, made_++)));
  }

  // Drafts, and reads what was written as a run would.
  void draft(const fs::path& path) {
    asked_.path = path;
    draft_ = draft_experiment(asked_);
    const fs::path file = place_.write("drafted.yaml", draft_.text);
    Diagnostics diagnostics;
    read_ = read_experiment(file, {}, diagnostics).experiment;
    fs::remove(file);
    for (const Diagnostic& diagnostic : diagnostics.list()) ADD_FAILURE() << diagnostic.message << "\n" << draft_.text;
  }
  void draft() { draft(root()); }

  fs::path root() const { return place_.path() / "images"; }
  std::string part(const SplitPart& part) const {
    return std::holds_alternative<std::string>(part) ? std::get<std::string>(part) : "drawn";
  }
  std::string split() const {
    const SplitSpec& split = read_.data.split;
    return part(split.train) + "/" + part(split.validation) + "/" + part(split.test);
  }

  test::TemporaryFolder place_;
  int made_ = 0;
  DataSpec asked_;
  Draft draft_;
  Experiment read_;
};

TEST_F(Drafting, ClassFoldersOfSmallImages) {
  images("images/cat", 30);
  images("images/dog", 40);
  draft();
  EXPECT_EQ(read_.name, "images");
  EXPECT_EQ(read_.data.source, SourceKind::class_folders);
  EXPECT_EQ(read_.data.path, root());
  EXPECT_EQ(read_.data.image_size, 12);
  EXPECT_EQ(read_.data.classes, 2);
  EXPECT_EQ(read_.data.channels, 0);
  EXPECT_FALSE(read_.data.window);
  EXPECT_EQ(split(), "drawn/drawn/drawn");
  EXPECT_LE(read_.data.batch, 49);
  EXPECT_TRUE(read_.data.augment.horizontal_flip);
  EXPECT_THAT(draft_.data.found, HasSubstr("70 images of 2 classes: `cat` 30, `dog` 40"));
  EXPECT_THAT(draft_.text, HasSubstr("# all of 60 images looked at are 12x12"));
  EXPECT_THAT(draft_.look_at, Contains(HasSubstr("split one by one")));
}

TEST_F(Drafting, TheDataKeepsItsParts) {
  const auto with_parts = [&](const std::vector<std::string>& parts) {
    fs::remove_all(root());
    for (const std::string& part : parts)
      for (const char* name : {"/a", "/b"}) images("images/" + part + name, 20);
    draft();
    return split();
  };
  EXPECT_EQ(with_parts({"train", "val", "test"}), "train/val/test");
  EXPECT_EQ(with_parts({"train", "validation"}), "train/validation/drawn");
  EXPECT_THAT(draft_.data.split_reason, HasSubstr("a test part drawn from its train"));
  EXPECT_EQ(with_parts({"train", "test"}), "train/drawn/test");
  EXPECT_EQ(std::get<double>(read_.data.split.validation), 0.15);
}

TEST_F(Drafting, PartsGroupsAndClassesAreReadFromTheFolders) {
  for (const char* part : {"Training", "Testing"})
    for (const char* name : {"/cat", "/dog"}) images(std::string("images/") + part + name, 20);
  draft();
  EXPECT_EQ(split(), "Training/drawn/Testing");
  EXPECT_EQ(draft_.data.layout, "part/class");
  EXPECT_EQ(to_string(read_.data.layout), "part/class");
  EXPECT_EQ(read_.data.classes, 2);
  fs::remove_all(root());
  for (int patient = 10250; patient < 10270; ++patient)
    for (const char* name : {"/0", "/1"}) images("images/" + std::to_string(patient) + name, 2);
  draft();
  EXPECT_EQ(to_string(read_.data.layout), "group/class");
  EXPECT_EQ(draft_.data.groups, 20);
  EXPECT_EQ(draft_.data.group_suggestion, "");
  EXPECT_THAT(draft_.look_at, testing::Not(Contains(HasSubstr("split one by one"))));
  EXPECT_THAT(draft_.text, HasSubstr("groups kept whole"));
}

TEST_F(Drafting, WhatNamesDoNotTellIsAsked) {
  for (const char* outer : {"alpha", "beta", "gamma"})
    for (const char* inner : {"/one", "/two", "/three"}) images(std::string("images/") + outer + inner, 10);
  EXPECT_THAT(error_of([&] { draft(); }), HasSubstr("can be read in several ways"));
  asked_.layout = {FolderRole::class_name};
  asked_.exclude = {"two"};
  draft();
  EXPECT_EQ(draft_.data.classes, (std::vector<std::string>{"alpha", "beta", "gamma"}));
  EXPECT_EQ(draft_.data.images, 60);
  EXPECT_EQ(read_.data.exclude, asked_.exclude);
  EXPECT_EQ(read_.data.layout, asked_.layout);
}

TEST_F(Drafting, PackedFormatsAreRecognised) {
  test::write_zip(place_.path() / "images.npz", test::medmnist_members(30, true));
  draft(place_.path() / "images.npz");
  EXPECT_EQ(read_.data.source, SourceKind::medmnist);
  EXPECT_EQ(split(), "train/val/test");

  fs::create_directories(root());
  fs::rename(place_.path() / "images.npz", root() / "x.npz");
  draft();
  EXPECT_EQ(read_.data.source, SourceKind::medmnist);
  EXPECT_EQ(read_.data.path, root() / "x.npz");
  fs::remove(root() / "x.npz");

  std::string labels;
  for (int i = 0; i < 30; ++i) labels += static_cast<char>(i % 2);
  place_.write("images/train-images-idx3-ubyte", test::idx_bytes({30, 8, 8}, test::counting(30 * 64)));
  place_.write("images/train-labels-idx1-ubyte", test::idx_bytes({30}, labels));
  place_.write("images/t10k-images-idx3-ubyte.gz",
               test::gzipped(test::idx_bytes({30, 8, 8}, test::counting(30 * 64, 7))));
  place_.write("images/t10k-labels-idx1-ubyte.gz", test::gzipped(test::idx_bytes({30}, labels)));
  draft();
  EXPECT_EQ(read_.data.source, SourceKind::idx);
  EXPECT_EQ(split(), "train/drawn/test");
  fs::remove_all(root());

  for (const char* file :
       {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"}) {
    std::string records;
    for (int i = 0; i < 20; ++i) records += static_cast<char>(i % 10) + test::counting(3072, made_++);
    place_.write(std::string("images/") + file + ".bin", records);
  }
  draft();
  EXPECT_EQ(read_.data.source, SourceKind::cifar);
  EXPECT_EQ(read_.data.image_size, 32);
}

TEST_F(Drafting, AListOfTheImagesIsAManifest) {
  images("images/all", 40);
  std::string rows = "path,label\n";
  for (int i = 0; i < 40; ++i) rows += "all/" + std::to_string(i) + ".png," + (i % 2 == 0 ? "even" : "odd") + "\n";
  place_.write("images/list.csv", rows);
  draft(root() / "list.csv");
  EXPECT_EQ(read_.data.source, SourceKind::manifest);
  draft();  // the folders have a single class
  EXPECT_EQ(read_.data.source, SourceKind::manifest);
  EXPECT_EQ(read_.data.path, root() / "list.csv");
}

TEST_F(Drafting, SizesThatDiffer) {
  images("images/a", 27, 50, 50);
  images("images/b", 28, 50, 50);
  place_.write("images/b/edge.png", png_bytes(picture(50, 34, 3)));
  draft();
  EXPECT_EQ(read_.data.image_size, 50) << "nearly all";
  EXPECT_EQ(read_.data.resize, "stretch");
  EXPECT_THAT(draft_.data.size_reason, HasSubstr("34x50 to 50x50, 55 of them 50x50"));

  images("images/b", 30, 90, 70);
  draft();
  EXPECT_EQ(read_.data.image_size, 64) << draft_.data.size_reason;

  images("images/a", 30, 400, 300);
  images("images/b", 30, 400, 1000);
  draft();
  EXPECT_EQ(read_.data.image_size, 224);
  EXPECT_EQ(read_.data.resize, "pad");
  EXPECT_THAT(draft_.data.size_reason, HasSubstr("padded"));
}

TEST_F(Drafting, GreyInColourFilesIsGrey) {
  for (int i = 0; i < 40; ++i) {
    const Image grey = picture(12, 12, 1, i);
    Image colour{12, 12, 3, {}};
    for (const std::uint8_t value : grey.pixels) colour.pixels.insert(colour.pixels.end(), 3, value);
    place_.write("images/" + std::to_string(i % 2) + "/" + std::to_string(i) + ".png", png_bytes(colour));
  }
  draft();
  EXPECT_EQ(read_.data.channels, 1);
  EXPECT_THAT(draft_.assumed, Contains(HasSubstr("the network sees grey")));
  images("images/0", 20);
  for (int i = 0; i < 20; ++i)
    place_.write("images/1/g" + std::to_string(i) + ".png", png_bytes(picture(12, 12, 1, 100 + i)));
  draft();
  EXPECT_EQ(read_.data.channels, 3);
}

TEST_F(Drafting, SixteenBitsHaveAWindow) {
  for (int i = 0; i < 40; ++i) {
    std::vector<std::uint16_t> values(64, static_cast<std::uint16_t>(100 + i));
    values[0] = 4000;
    place_.write("images/" + std::to_string(i % 2) + "/" + std::to_string(i) + ".tif",
                 test::wide_tiff_bytes(8, 8, 1, values));
  }
  draft();
  ASSERT_TRUE(read_.data.window);
  EXPECT_EQ(read_.data.window->low, 100);
  EXPECT_EQ(read_.data.window->high, 4000);
  EXPECT_THAT(draft_.look_at, Contains(HasSubstr("data.window")));
}

TEST_F(Drafting, WhatHasASideIsNotMirrored) {
  images("images/left_kidney", 20);
  images("images/right_kidney", 20);
  draft();
  EXPECT_FALSE(read_.data.augment.horizontal_flip);
  EXPECT_EQ(read_.training.test_time_augmentation, TestTimeAugmentation::none);
  fs::remove_all(root());
  for (char c = '0'; c <= '9'; ++c) images(std::string("images/") + c, 10);
  draft();
  EXPECT_FALSE(read_.data.augment.horizontal_flip);
  fs::remove_all(root());
  images("images/copyright", 20);
  images("images/0", 20);
  draft();
  EXPECT_TRUE(read_.data.augment.horizontal_flip);
}

TEST_F(Drafting, NamesThatBeginAlikeSuggestGroups) {
  for (int i = 0; i < 60; ++i)
    place_.write(
        "images/" + std::to_string(i % 2) + "/" + std::to_string(8863 + i / 6) + "_idx5_x" + std::to_string(i) + ".png",
        png_bytes(picture(12, 12, 3, i)));
  draft();
  EXPECT_THAT(draft_.text, HasSubstr("group_by: '^([^_-]+)[_-]'"));
  EXPECT_EQ(read_.data.split.group_by, "") << "suggested, not taken";
  fs::remove_all(root());
  for (int i = 0; i < 60; ++i)
    place_.write(std::string("images/") + (i % 2 == 0 ? "cat/cat_" : "dog/dog_") + std::to_string(i) + ".png",
                 png_bytes(picture(12, 12, 3, i)));
  draft();
  EXPECT_EQ(draft_.data.group_suggestion, "") << "the beginnings are the classes";
}

TEST_F(Drafting, UnequalClassesAreTold) {
  images("images/rare", 20);
  images("images/common", 200);
  draft();
  EXPECT_TRUE(read_.training.loss.balanced);
  EXPECT_EQ(read_.training.keep_best.metric, "validation_balanced_accuracy");
}

TEST_F(Drafting, ABadImageIsToldAndAllBadOnesAreAnError) {
  images("images/a", 20);
  images("images/b", 20);
  place_.write("images/a/0.png", "no image");
  draft();
  EXPECT_THAT(draft_.look_at, Contains(HasSubstr("1 of 40 images looked at cannot be read")));
  for (const char* name : {"a/", "b/"})
    for (int i = 0; i < 20; ++i) place_.write(std::string("images/") + name + std::to_string(i) + ".png", "no image");
  EXPECT_THAT(error_of([&] { draft(); }), HasSubstr("not an image"));
}

TEST_F(Drafting, NamesOfAllKindsAreWrittenAsTheyAre) {
  for (const char* name : {"with space", "${env:HOME}", "a: #b", "\xc3\xa4\xc3\xb6", "'quoted\"", "1e5", "-x"}) {
    images(std::string(name) + "/a", 20);
    images(std::string(name) + "/b", 20);
    draft(place_.path() / name);
    EXPECT_EQ(read_.data.path, place_.path() / name);
    fs::remove_all(place_.path() / name);
  }
  images("x/a\nb: c", 20);
  images("x/\x1b[31m", 20);
  draft(place_.path() / "x/");
  EXPECT_EQ(read_.data.path, place_.path() / "x");
  EXPECT_THAT(error_of([&] { draft("\xff"); }), HasSubstr("is not UTF-8"));
}

TEST_F(Drafting, WhatCannotBeTrainedOnIsAnError) {
  const auto fault = [&] { return error_of([&] { draft(); }); };
  EXPECT_THAT(fault(), HasSubstr("there is no such folder or file"));
  fs::create_directories(root());
  EXPECT_THAT(fault(), HasSubstr("no class folders"));
  images("images/only", 20);
  EXPECT_THAT(fault(), HasSubstr("only one class"));
  place_.write("images/list.csv", "something,else\n1,2\n");
  EXPECT_THAT(fault(), HasSubstr("only one class")) << "the folders are meant";
  fs::remove_all(root());
  images("images/a", 1);
  images("images/b", 1);
  EXPECT_THAT(fault(), HasSubstr("the split leaves no images"));
  place_.write("other/a.csv", "path,label\n");
  place_.write("other/b.csv", "path,label\n");
  EXPECT_THAT(error_of([&] { draft(place_.path() / "other"); }), HasSubstr("0 .npz files and 2 .csv files"));
  place_.write("images.zip", "PK");
  EXPECT_THAT(error_of([&] { draft(place_.path() / "images.zip"); }), HasSubstr("neither a folder nor"));
}

TEST_F(Drafting, TheTextIsTheSameEachTime) {
  images("images/a", 100);
  images("images/b", 100);
  draft();
  const std::string first = draft_.text;
  draft();
  EXPECT_EQ(draft_.text, first);
}

}  // namespace
}  // namespace rxrun
