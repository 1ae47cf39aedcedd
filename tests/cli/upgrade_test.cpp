// rxrun upgrade: what it shows, what it writes, and what it leaves alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "program.h"

namespace rxrun::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
namespace fs = std::filesystem;

constexpr const char* old_text =
    "name: a  # test\ndata: {split: {test: 0.2, validation: 0.1}}\ntraining: {keep_best: {metric: test_auc}}\n";
constexpr const char* new_text =
    "name: a  # test\ndata: {split: {validation: 0.2, test: 0.1}}\ntraining: {keep_best: {metric: validation_auc}}\n";
constexpr const char* shares = "data: {split: {test: 0.2}}\n";

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(UpgradeCommand, ShowsWhatChangesAndWritesNothing) {
  const Workplace place;
  place.write("a.yaml", old_text);
  const Finished shown = place.rxrun({"upgrade", "a.yaml"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_EQ(shown.out,
            "a.yaml: goes by the names until rxrun 0.1 (line 3: `test_auc` chooses); 2 lines to change\n"
            "     2 - data: {split: {test: 0.2, validation: 0.1}}\n"
            "       + data: {split: {validation: 0.2, test: 0.1}}\n"
            "     3 - training: {keep_best: {metric: test_auc}}\n"
            "       + training: {keep_best: {metric: validation_auc}}\n"
            "Nothing has been written yet: with --write the same command changes 1 file.\n");
  EXPECT_EQ(text_of(place.folder() / "a.yaml"), old_text);
}

TEST(UpgradeCommand, WritesOnce) {
  const Workplace place;
  place.write("a.yaml", old_text);
  const fs::path file = place.folder() / "a.yaml";
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
  EXPECT_EQ(place.rxrun({"upgrade", "a.yaml", "a.yaml", "--write"}).code, 0);
  EXPECT_EQ(text_of(file), new_text);
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);

  const Finished again = place.rxrun({"upgrade", "a.yaml", "--write", "--from-old-names"});
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.out, "a.yaml: goes by the present names (line 3: `validation_auc` chooses); left as it is\n");
  EXPECT_EQ(text_of(file), new_text);
}

TEST(UpgradeCommand, FollowsALinkAndLeavesItOne) {
  const Workplace place;
  fs::create_directory(place.folder() / "shared");
  place.write("shared/a.yaml", old_text);
  fs::create_symlink("shared/a.yaml", place.folder() / "link.yaml");
  EXPECT_EQ(place.rxrun({"upgrade", "link.yaml", "--write"}).code, 0);
  EXPECT_TRUE(fs::is_symlink(place.folder() / "link.yaml"));
  EXPECT_EQ(text_of(place.folder() / "shared/a.yaml"), new_text);
}

TEST(UpgradeCommand, AsksWhereNothingTells) {
  const Workplace place;
  place.write("a.yaml", shares);
  const Finished asked = place.rxrun({"upgrade", "a.yaml", "--write"});
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, HasSubstr("a.yaml:1:16: error: nothing tells"));
  EXPECT_THAT(asked.err, HasSubstr("`rxrun upgrade a.yaml --from-old-names`"));
  EXPECT_EQ(text_of(place.folder() / "a.yaml"), shares);

  const Finished told = place.rxrun({"upgrade", "a.yaml", "--write", "--from-old-names"});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(text_of(place.folder() / "a.yaml"), "data: {split: {validation: 0.2}}\n");
}

TEST(UpgradeCommand, OneFilesErrorsDoNotStopTheOthers) {
  const Workplace place;
  place.write("broken.yaml", "data: {split: {test: 0.2}\n");
  place.write("shares.yaml", shares);
  place.write("a.yaml", old_text);
  place.write("none.yaml", "name: test\n");
  fs::create_directory(place.folder() / "folder");
  const Finished done = place.rxrun(
      {"upgrade", "broken.yaml", "missing.yaml", "folder", "shares.yaml", "a.yaml", "none.yaml", "--write"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("broken.yaml:1:7: error: `{` is never closed"));
  EXPECT_THAT(done.err, HasSubstr("missing.yaml"));
  EXPECT_THAT(done.err, HasSubstr("it is a folder"));
  EXPECT_THAT(done.err, HasSubstr("shares.yaml:1:16"));
  EXPECT_THAT(done.out, HasSubstr("none.yaml: names neither `test` nor `validation`; left as it is"));
  EXPECT_EQ(text_of(place.folder() / "a.yaml"), new_text);
  EXPECT_EQ(text_of(place.folder() / "shares.yaml"), shares);
}

TEST(UpgradeCommand, PrintsJson) {
  const Workplace place;
  place.write("a.yaml", old_text);
  place.write("shares.yaml", shares);
  const Finished shown = place.rxrun({"upgrade", "a.yaml", "shares.yaml", "--json"});
  EXPECT_EQ(shown.code, 2);
  EXPECT_THAT(shown.err, IsEmpty());
  const auto list = nlohmann::json::parse(shown.out);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["file"], "a.yaml");
  EXPECT_EQ(list[0]["names"], "reversed");
  EXPECT_EQ(list[0]["written"], false);
  EXPECT_EQ(list[0]["changes"].size(), 2u);
  EXPECT_EQ(list[0]["changes"][1]["line"], 3);
  EXPECT_EQ(list[0]["changes"][1]["after"], "training: {keep_best: {metric: validation_auc}}");
  EXPECT_EQ(list[1]["diagnostics"][0]["line"], 1);
}

TEST(UpgradeCommand, IsNamedWhereAnOldFileIsRead) {
  const Workplace place;
  std::string text = tiny_experiment(2);
  const std::string metric = "keep_best: {metric: validation_accuracy}";
  text.replace(text.find(metric), metric.size(), "keep_best: {metric: test_accuracy}");
  place.write("old.yaml", text);
  const Finished refused = place.rxrun({"old.yaml"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("error: `metric` cannot be `test_accuracy`"));
  EXPECT_THAT(refused.err, HasSubstr("write `validation_accuracy`"));
  EXPECT_THAT(refused.err, HasSubstr("`rxrun upgrade FILE` rewrites"));
  const Finished word = place.rxrun({"old.yaml", "keep_best.metric=test_auc"});
  EXPECT_THAT(word.err, HasSubstr("command line:1:18"));
  EXPECT_THAT(word.err, Not(HasSubstr("rxrun upgrade")));
}

}  // namespace
}  // namespace rxrun::test
