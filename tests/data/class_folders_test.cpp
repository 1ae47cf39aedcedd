#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/source.h"
#include "diagnostics/render.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;
using test::content_hash;
using test::error_of;
using test::picture;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

std::string png(int variant) { return test::png_bytes(picture(5, 5, 3, variant)); }

DataSpec folders(const fs::path& path) {
  DataSpec spec;
  spec.path = path;
  return spec;
}

std::vector<std::string> names(const Source& source) {
  std::vector<std::string> out;
  for (const Sample& sample : source.samples())
    out.push_back(sample.name + "=" + std::to_string(sample.label) + sample.part);
  return out;
}

TEST(ClassFolders, AnyDepthSortedWithoutHiddenAndForeignFiles) {
  const TemporaryFolder folder;
  folder.write("dog/b.png", png(0));
  folder.write("dog/deep/er/a.JPG", test::jpeg_bytes(picture(5, 5, 3)));
  folder.write("cat/z.bmp", test::bmp_bytes(picture(5, 5, 3)));
  folder.write("cat/.hidden.png", "x");
  folder.write(".cache/x.png", "x");
  folder.write("cat/notes.txt", "x");
  folder.write("manifest.csv", "x");
  const auto source = open_source(folders(folder.path()), 0);
  EXPECT_THAT(source->classes(), ElementsAre("cat", "dog"));
  EXPECT_THAT(names(*source), ElementsAre("cat/z.bmp=0", "dog/b.png=1", "dog/deep/er/a.JPG=1"));
  EXPECT_EQ(source->channels(), 3);
  ASSERT_EQ(source->warnings().size(), 1u);
  EXPECT_THAT(source->warnings()[0].message, HasSubstr("2 files"));
}

TEST(ClassFolders, OfImagesInAnotherFormatTheExtensionIsTold) {
  const TemporaryFolder folder;
  folder.write("a/1.dcm", "x");
  folder.write("a/2.dcm", "x");
  folder.write("b/1.dcm", "x");
  folder.write("b/notes.txt", "x");
  try {
    open_source(folders(folder.path()), 0);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(render_json(error.diagnostics()),
                testing::AllOf(HasSubstr("class `a` has no images"),
                               HasSubstr("4 files in " + folder.path().string() +
                                         " are ignored: their extensions, mostly `.dcm`, are not those of images")));
  }
}

TEST(ClassFolders, PartsOnTheFirstLevel) {
  const TemporaryFolder folder;
  folder.write("train/0/a.png", png(0));
  folder.write("train/1/b.png", png(1));
  folder.write("val/1/c.png", png(2));
  const auto source = open_source(folders(folder.path()), 0);
  EXPECT_THAT(source->classes(), ElementsAre("0", "1"));
  EXPECT_THAT(names(*source), ElementsAre("train/0/a.png=0train", "train/1/b.png=1train", "val/1/c.png=1val"));
}

TEST(ClassFolders, OneFolderThatIsNoPartMakesAllOfThemClasses) {
  const TemporaryFolder folder;
  folder.write("train/a.png", png(0));
  folder.write("bus/b.png", png(1));
  EXPECT_THAT(open_source(folders(folder.path()), 0)->classes(), ElementsAre("bus", "train"));
}

TEST(ClassFolders, GreyOnlyHasOneChannelMixedHasThree) {
  const TemporaryFolder folder;
  folder.write("a/x.png", test::png_bytes(picture(5, 5, 1)));
  folder.write("b/y.png", test::png_bytes(picture(5, 5, 1)));
  EXPECT_EQ(open_source(folders(folder.path()), 0)->channels(), 1);
  folder.write("b/y.png", png(0));
  EXPECT_EQ(open_source(folders(folder.path()), 0)->channels(), 3);
}

TEST(ClassFolders, Faults) {
  const TemporaryFolder folder;
  DataSpec spec = folders(folder.path() / "none");
  spec.path_where.file = "x.yaml";
  spec.path_where.line = 7;
  EXPECT_THAT(error_of([&] { open_source(spec, 0); }), HasSubstr("x.yaml:7: no data at"));
  EXPECT_THAT(error_of([&] { open_source(folders(folder.path()), 0); }), HasSubstr("no class folders"));
  folder.write("a/x.png", png(0));
  fs::create_directory(folder.path() / "b");
  EXPECT_THAT(error_of([&] { open_source(folders(folder.path()), 0); }), HasSubstr("class `b` has no images"));
  folder.write("b/x.png", png(0));
  spec = folders(folder.path());
  spec.classes = 3;
  EXPECT_THAT(error_of([&] { open_source(spec, 0); }), HasSubstr("2 classes, but data.classes is 3"));
  spec.written["classes"] = {"x.yaml", 9, 3, 1, ""};
  EXPECT_THAT(error_of([&] { open_source(spec, 0); }), HasSubstr("x.yaml:9: the data has 2 classes"));
  EXPECT_THAT(error_of([&] { open_source(folders(folder.write("file", "x")), 0); }), HasSubstr("cannot be read"));
}

TEST(ClassFolders, OneClassIsNothingToLearn) {
  const TemporaryFolder folder;
  folder.write("only/x.png", png(0));
  EXPECT_THAT(error_of([&] { open_source(folders(folder.path()), 0); }),
              HasSubstr("only one class, `only`, in " + folder.path().string()));
}

TEST(ClassFolders, LinksAreFollowedLoopsAreTold) {
  const TemporaryFolder folder, elsewhere;
  elsewhere.write("x.png", png(0));
  folder.write("a/y.png", png(1));
  fs::create_directory_symlink(elsewhere.path(), folder.path() / "b");
  EXPECT_THAT(names(*open_source(folders(folder.path()), 0)), ElementsAre("a/y.png=0", "b/x.png=1"));
  fs::create_directory_symlink(folder.path() / "a", folder.path() / "a" / "again");
  EXPECT_THAT(error_of([&] { open_source(folders(folder.path()), 0); }),
              HasSubstr("a/again:0: a symbolic link leads back"));
}

TEST(ClassFolders, ClassesThatDifferOnlyInCaseOrBlanksAreOneMistyped) {
  for (const auto& [name, difference] :
       {std::pair<std::string, std::string>{"Cat", "case"}, {"cat ", "blanks at the ends"}}) {
    const TemporaryFolder folder;
    for (const std::string& one : {std::string("cat"), name, std::string("dog")}) folder.write(one + "/x.png", png(1));
    DataSpec spec = folders(folder.path());
    EXPECT_THAT(error_of([&] { open_source(spec, 0); }), HasSubstr("differ only in " + difference));
    spec.classes = 3;
    EXPECT_THAT(open_source(spec, 0)->warnings().at(0).message, HasSubstr("differ only in " + difference));
  }
}

TEST(ClassFolders, FolderWithoutPermission) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads every folder";
  const TemporaryFolder folder;
  folder.write("a/y.png", png(1));
  folder.write("b/y.png", png(1));
  chmod((folder.path() / "b").c_str(), 0);
  EXPECT_THAT(error_of([&] { open_source(folders(folder.path()), 0); }), HasSubstr("b:0: folder cannot be read"));
  chmod((folder.path() / "b").c_str(), 0700);
}

TEST(ClassFolders, TwentyThousandFilesInAClass) {
  const TemporaryFolder folder;
  folder.write("b/y.png", png(1));
  folder.write("a/first.png", png(1));
  for (int i = 0; i < 20'000; ++i)
    fs::create_hard_link(folder.path() / "a/first.png", folder.path() / ("a/" + std::to_string(i) + ".png"));
  EXPECT_EQ(open_source(folders(folder.path()), 0)->samples().size(), 20'002u);
}

TEST(ContentHash, DependsOnContentNotOnThePlace) {
  const TemporaryFolder one, two;
  for (const TemporaryFolder* folder : {&one, &two}) {
    folder->write("a/x.png", png(0));
    folder->write("b/y.png", png(1));
  }
  const std::string hash = content_hash(*open_source(folders(one.path()), 0));
  EXPECT_EQ(hash.size(), 64u);
  EXPECT_EQ(content_hash(*open_source(folders(two.path()), 0)), hash);
  two.write("b/y.png", png(2));
  EXPECT_NE(content_hash(*open_source(folders(two.path()), 0)), hash);
  two.write("b/y.png", png(1));
  fs::rename(two.path() / "b/y.png", two.path() / "b/z.png");
  EXPECT_NE(content_hash(*open_source(folders(two.path()), 0)), hash);
}

}  // namespace
}  // namespace rxrun
