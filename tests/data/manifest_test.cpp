#include <gtest/gtest.h>

#include "data/source.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::error_of;
using test::TemporaryFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

struct Manifest {
  TemporaryFolder folder;
  DataSpec spec;

  explicit Manifest(const std::string& text) {
    for (const char* name : {"a.png", "sub/b.png", "c, d.png"})
      folder.write(name, test::png_bytes(test::picture(4, 4, 3, name[0])));
    spec.source = SourceKind::manifest;
    spec.path = folder.write("list.csv", text);
  }
  std::string fault() const {
    return error_of([this] { open_source(spec, 0); });
  }
};

TEST(Manifest, NamesSplitsAndGroups) {
  const Manifest manifest(
      "path,label,split,group\na.png,tumour,train,p1\nsub/b.png,normal,test,p2\n\"c, d.png\",tumour,train,\n");
  const auto source = open_source(manifest.spec, 0);
  EXPECT_THAT(source->classes(), ElementsAre("normal", "tumour"));
  ASSERT_EQ(source->samples().size(), 3u);
  EXPECT_EQ(source->samples()[0].label, 1);
  EXPECT_EQ(source->samples()[1].part, "test");
  EXPECT_EQ(source->samples()[0].group, "p1");
  EXPECT_EQ(source->samples()[2].group, "c, d.png");
  EXPECT_EQ(source->decode(1).height, 4);
}

TEST(Manifest, NumbersAreLabelsAndGroupByNamesAColumn) {
  Manifest manifest("label,slide,path\n10,s1,a.png\n9,s1,sub/b.png\n");
  manifest.spec.split.group_by = "slide";
  EXPECT_THAT(manifest.fault(), HasSubstr("class `0` has no images"));
  manifest.folder.write("list.csv", "label,slide,path\n1,s1,a.png\n0,s1,sub/b.png\n");
  const auto source = open_source(manifest.spec, 0);
  EXPECT_EQ(source->samples()[0].label, 1);
  EXPECT_EQ(source->samples()[1].group, "s1");
}

TEST(Manifest, AWrongNumberTellsOfTwentyClassesAndCountsTheRest) {
  const Manifest manifest("path,label\na.png,0\nsub/b.png,99999\n");
  try {
    open_source(manifest.spec, 0);
    FAIL() << "no error";
  } catch (const Error& error) {
    ASSERT_EQ(error.diagnostics().size(), 21u);
    EXPECT_THAT(error.diagnostics()[19].message, HasSubstr("class `20` has no images"));
    EXPECT_EQ(error.diagnostics()[20].message, "and 99978 more classes have none");
    EXPECT_THAT(error.diagnostics()[20].advice, HasSubstr("99999"));
  }
}

TEST(Manifest, GroupByIsAnExpressionWhenNoColumnHasThatName) {
  Manifest manifest("path,label\na.png,0\nsub/b.png,1\n");
  manifest.spec.split.group_by = "([a-z])\\.png";
  EXPECT_EQ(open_source(manifest.spec, 0)->samples()[1].group, "b");
}

TEST(Manifest, AMisspeltColumnToGroupByIsAnsweredWithTheColumns) {
  Manifest manifest("path,label,patient\na.png,0,p1\nsub/b.png,1,p2\n");
  manifest.spec.split.group_by = "patientt";
  EXPECT_THAT(manifest.fault(), HasSubstr("list.csv:1: no column `patientt`; the columns are path, label, patient"));
}

TEST(Manifest, FaultsNameFileAndLine) {
  EXPECT_THAT(Manifest("file,label\na.png,0\n").fault(),
              HasSubstr("list.csv:1: no column `path`; the columns are file, label"));
  EXPECT_THAT(Manifest("path,label\na.png,0\nnone.png,0\na.png,1\nsub/b.png\nsub/b.png,\n").fault(),
              AllOf(HasSubstr("list.csv:3: no file at"), HasSubstr("list.csv:4: `a.png` is already in line 2"),
                    HasSubstr("list.csv:5: 1 field, but the header has 2"), HasSubstr("list.csv:6: no label")));
  EXPECT_THAT(Manifest("path,label\n").fault(), HasSubstr("lists no images"));
  DataSpec folder_itself;
  const Manifest there("path,label\na.png,0\n");
  folder_itself.source = SourceKind::manifest;
  folder_itself.path = there.folder.path();
  EXPECT_THAT(error_of([&] { open_source(folder_itself, 0); }), HasSubstr("is a folder, but source manifest expects"));
  EXPECT_THAT(Manifest("").fault(), HasSubstr("lists no images"));
  EXPECT_THAT(Manifest("path,label\na.png,99999999\n").fault(),
              HasSubstr("list.csv:2: label 99999999 is out of range"));
}

TEST(Manifest, FaultsBeyondTheToldOnesAreCounted) {
  std::string text = "path,label\n";
  for (int i = 0; i < 25; ++i) text += "none" + std::to_string(i) + ".png,0\n";
  const Manifest manifest(text);
  try {
    open_source(manifest.spec, 0);
    FAIL();
  } catch (const Error& error) {
    const auto& told = error.diagnostics();
    ASSERT_EQ(told.size(), 21u);
    EXPECT_EQ(told[0].advice, "paths in a manifest are relative to its folder, " + manifest.folder.path().string());
    EXPECT_EQ(told[1].advice, "");
    EXPECT_EQ(told[20].message, "and 5 more errors");
    EXPECT_EQ(told[20].advice, "in all, 25 files are missing");
  }
}

}  // namespace
}  // namespace rxrun
