#include <gtest/gtest.h>

#include "data/source.h"
#include "diagnostics/render.h"
#include "image_files.h"
#include "matchers.h"

namespace rxrun {
namespace {

using test::error_of;
using test::picture;
using test::TemporaryFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

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
  // What is advised at the first error.
  std::string advice() const {
    try {
      open_source(spec, 0);
    } catch (const Error& error) {
      for (const Diagnostic& diagnostic : error.diagnostics())
        if (diagnostic.severity == Severity::error) return diagnostic.advice;
    }
    return "no error";
  }
};

std::string warnings_of(const Source& source) {
  std::string text;
  for (const Diagnostic& warning : source.warnings())
    text += std::to_string(warning.where.line) + ": " + warning.message + "\n";
  return text;
}

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
  EXPECT_THAT(Manifest("place,label\na.png,0\n").fault(),
              HasSubstr("list.csv:1: no column `path`; the columns are place, label"));
  EXPECT_THAT(Manifest("path|label\na.png|0\n").fault(), HasSubstr("`path`; the only column is path|label"));
  EXPECT_THAT(Manifest("path|label\na.png|0\n").advice(), HasSubstr("separated by commas, semicolons or tabs"));
  EXPECT_THAT(Manifest("path,label\na.png,0\nnone.png,0\na.png,1\nsub/b.png\nsub/b.png,\n").fault(),
              AllOf(HasSubstr("list.csv:3: no file at"), HasSubstr("list.csv:4: `a.png` is already in line 2"),
                    HasSubstr("list.csv:5: 1 field, but the header has 2"), HasSubstr("list.csv:6: no label")));
  EXPECT_THAT(Manifest("path,label\na.png,0\n./sub/../a.png,1\n").fault(),
              HasSubstr("list.csv:3: `./sub/../a.png` is already in line 2"));
  EXPECT_THAT(Manifest("path,label\na.png,b\nsub/b.png,b\xff\n").fault(), HasSubstr("the class name `b\\xFF` in"));
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

TEST(Manifest, TheUsualNamesOfColumnsAreUnderstoodAndTold) {
  const Manifest skin("Image_ID;lesion_id;dx;age;Patient.ID;fold\na.png;l1;mel;3;p1;0\nsub/b.png;l2;nv;4;p1;1\n");
  const auto source = open_source(skin.spec, 0);
  EXPECT_THAT(source->classes(), ElementsAre("mel", "nv"));
  EXPECT_EQ(source->samples()[1].name, "sub/b.png");
  EXPECT_EQ(source->samples()[1].group, "p1");
  EXPECT_EQ(source->samples()[1].part, "1");
  EXPECT_EQ(warnings_of(*source),
            "1: the manifest is read by its columns `Image_ID` (path), `dx` (label), `fold` "
            "(split), `Patient.ID` (group)\n");

  const auto plain = open_source(Manifest("filename,path,label,patient_id\nx,a.png,0,p\ny,sub/b.png,1,p\n").spec, 0);
  EXPECT_EQ(plain->samples()[0].name, "a.png") << "the documented name comes first";
  EXPECT_EQ(plain->samples()[0].group, "p");

  Manifest ungrouped("path,label,patient_id\na.png,0,p\nsub/b.png,1,p\n");
  ungrouped.spec.split.group_by = "path";
  EXPECT_EQ(open_source(ungrouped.spec, 0)->samples()[0].group, "a.png");

  const Manifest either("path,diagnosis,target\na.png,mel,0\nsub/b.png,nv,1\n");
  EXPECT_THAT(either.fault(), HasSubstr("list.csv:1: the columns `diagnosis` and `target` may both hold the label"));
  EXPECT_EQ(either.advice(), "call the one that is meant `label`");
}

TEST(Manifest, AnEmptyGroupIsToldWithItsNumber) {
  Manifest manifest("path,label,patient\na.png,0,p1\nsub/b.png,1,\n\"c, d.png\",1, \n");
  for (const char* group_by : {"", "patient"}) {
    manifest.spec.split.group_by = group_by;
    EXPECT_THAT(warnings_of(*open_source(manifest.spec, 0)),
                AllOf(HasSubstr("3: 2 of 3 images have no `patient`: each is drawn into a part by itself"),
                      Not(HasSubstr("sub/b.png"))))
        << "who they are stays out of the log";
  }
}

TEST(Manifest, BlanksAtTheEndsAreLeftOutWithANote) {
  const Manifest manifest("path, label\na.png, cat\nsub/b.png,cat\xc2\xa0\n\"c, d.png \",dog\n");
  const auto source = open_source(manifest.spec, 0);
  EXPECT_THAT(source->classes(), ElementsAre("cat", "dog"));
  EXPECT_EQ(source->samples()[2].name, "c, d.png");
  EXPECT_EQ(warnings_of(*source), "2: 3 cells have blanks at the ends, which are left out\n");
  EXPECT_EQ(source->warnings().at(0).advice, "for example, ` cat`");
}

TEST(Manifest, ClassesThatDifferOnlyInCaseAreOneMistyped) {
  Manifest manifest("path,label\na.png,cat\nsub/b.png,Cat\n\"c, d.png\",dog\n");
  EXPECT_THAT(manifest.fault(),
              HasSubstr("list.csv:2: the classes `Cat` (1 image, first in line 3) and `cat` (1 image, "
                        "first in line 2) differ only in case"));
  EXPECT_EQ(manifest.advice(), "give them one name; or, if they are two classes, set data.classes=3");
  manifest.spec.classes = 3;
  EXPECT_THAT(warnings_of(*open_source(manifest.spec, 0)), HasSubstr("differ only in case"));
  EXPECT_THAT(Manifest("path,label\na.png,caf\xc3\xa9\nsub/b.png,cafe\xcc\x81\n").fault(),
              HasSubstr("differ only in how accents are composed (Unicode's NFC and NFD)"));
  EXPECT_THAT(Manifest("path,label\na.png,cat\nsub/b.png,cat\xe2\x80\x8b\n").fault(),
              HasSubstr("differ only in characters that are not shown"));
}

TEST(Manifest, LabelsFromOneAreToldOrTaken) {
  Manifest manifest("path,label\na.png,1\nsub/b.png,3\n\"c, d.png\",2\n");
  EXPECT_THAT(manifest.fault(), testing::EndsWith("has the label 0: the labels are 1 to 3\n"));
  EXPECT_EQ(manifest.advice(), "labels count from 0; if these count from 1, set data.classes=3");
  manifest.spec.classes = 3;
  const auto source = open_source(manifest.spec, 0);
  EXPECT_THAT(source->classes(), ElementsAre("1", "2", "3"));
  EXPECT_EQ(source->samples()[1].label, 2);
  manifest.spec.classes = 2;
  EXPECT_THAT(manifest.fault(), HasSubstr("the labels are 1 to 3"));
}

TEST(Manifest, OfAMissingFileTheNearlyEqualOneIsNamed) {
  const struct {
    std::string name, advice;
  } cases[] = {
      {"sub\\b.png", "did you mean `sub/b.png`? It differs in `/` for `\\`"},
      {"C:\\data\\b.png", "did you mean `sub/b.png`? It differs in `/` for `\\` and its folder"},
      {"SUB/B.PNG", "did you mean `sub/b.png`? It differs in case"},
      {"sub/b.jpg", "did you mean `sub/b.png`? It differs in its extension"},
      {"Sub\\b.jpeg", "did you mean `sub/b.png`? It differs in `/` for `\\` and case and its extension"},
      {"b.png", "did you mean `sub/b.png`? It differs in its folder"},
      {"images/a.png", "did you mean `a.png`? It differs in its folder"},
      {"caf\xc3\xa9.png",
       "did you mean `cafe\xcc\x81.png`? It differs in how accents are composed (Unicode's NFC and NFD)"},
  };
  for (const auto& [name, advice] : cases) {
    const Manifest manifest("path,label\n" + name + ",0\n");
    manifest.folder.write("cafe\xcc\x81.png", "");
    EXPECT_EQ(manifest.advice(), advice) << name;
  }
  const Manifest none("path,label\nsub/c.png,0\n");
  EXPECT_THAT(none.advice(), HasSubstr("paths in a manifest are relative to its folder"));
  const Manifest windows("path,label\nelsewhere\\c.png,0\n");
  EXPECT_THAT(windows.advice(), HasSubstr("folders are separated by `/`, not by `\\`"));
  const Manifest dangling("path,label\nlink.png,0\n");
  std::filesystem::create_symlink("nowhere", dangling.folder.path() / "link.png");
  EXPECT_THAT(dangling.advice(), HasSubstr("paths in a manifest are relative to its folder"));
}

TEST(Manifest, IdsOfImagesNeedNoExtension) {
  const TemporaryFolder folder;
  folder.write("ISIC_1.jpg", test::jpeg_bytes(picture(5, 5, 3)));
  folder.write("ISIC_2.PNG", test::png_bytes(picture(5, 5, 3)));
  DataSpec spec;
  spec.source = SourceKind::manifest;
  spec.path = folder.write("m.csv", "image_id,dx\nISIC_1,nv\nISIC_2,mel\n");
  const auto source = open_source(spec, 0);
  EXPECT_EQ(source->samples()[0].name, "ISIC_1.jpg");
  EXPECT_EQ(source->samples()[1].name, "ISIC_2.PNG");
  EXPECT_THAT(render(source->warnings()), HasSubstr("2 paths lack an extension"));
  folder.write("ISIC_1.png", test::png_bytes(picture(5, 5, 3)));  // which of the two?
  EXPECT_THAT(error_of([&] { open_source(spec, 0); }), HasSubstr("no file at"));
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
