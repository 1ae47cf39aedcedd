// What leaves a folder of results for somebody else names no image, no group and no place; what is measured stays.
#include "recording/hidden_names.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "cli/commands.h"
#include "command_output.h"
#include "files/files.h"
#include "recording/connection.h"
#include "recording/merge_runs.h"
#include "recording/tend_runs.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kResolved =
    "name: a\ndescription: about lungs\nseed: 365\nnetwork:\n  plugins: [convnet, /home/smith/libmine.so]\n"
    "  head: [linear]\ndata:\n  source: class_folders\n  path: /data/smith_john\n"
    "training:\n  initial_weights: {file: /data/smith_john/w.safetensors, except: []}\n";

// Of patients smith_john and doe_jane. Every text that names one holds either.
class HiddenNamesTest : public TemporaryResults {
 protected:
  void SetUp() override {
    Recorder recorder(database);
    RunRecord run = run_record("a-1");
    run.resolved = kResolved;
    run.file = "/home/smith_john/a.yaml";
    run.command = "rxrun a.yaml data.path=/data/smith_john";
    run.params = {{"data.path", "/data/smith_john"},
                  {"network.plugins", "[convnet, /home/smith/libmine.so]"},
                  {"training.initial_weights.file", "/data/smith_john/w.safetensors"},
                  {"network.cardinality", "32"}};
    recorder.begin(run, {{"0/smith_john_1.png", 0, "smith_john", "train"},
                         {"0/smith_john_2.png", 0, "smith_john", "train"},
                         {"1/doe_jane_1.png", 1, "doe_jane", "validation"},
                         {"1/x.png", 1, "", "test"}});
    recorder.epoch(1, epoch_record(1, 0.5, true));
    RunEnd end = ended(RunStatus::failed, "cannot read /data/smith_john/1.png");
    recorder.end(1, end);
    EvaluationRecord other = test_evaluation(0.8);
    other.own = false;
    other.part = "all";
    other.data = "/data/doe_jane";
    other.outputs = {{.position = 0, .sample = "1/doe_jane_1.png", .label = 1, .predicted = 1, .probability = 0.75}};
    record_evaluation(database, 1, other);
    note_run(database, "1", "smith_john looks odd");
    tag_run(database, "1", {"paper"}, {});
    write("run.log", "smith_john");
    write("best.safetensors", "weights");
    write("preprocessing.json", "{}");
    write("experiment.yaml", kResolved);
    write("outputs-7.jsonl", "smith_john");
    fs::create_directories(folder / "checkpoints/a-1/mine");
    write("mine/smith_john.safetensors", "weights");
    write("mine/list.csv", "doe_jane");
  }
  void write(const fs::path& name, const std::string& text) {
    std::ofstream(folder / "checkpoints/a-1" / name) << text;
  }
  std::string exported(const fs::path& to, bool pseudonyms = true, const fs::path& key = {}) {
    return output_of([&] {
      return run_export({.common = {.results = folder},
                         .runs = {"1"},
                         .to = to,
                         .pseudonyms = pseudonyms,
                         .no_names = !pseudonyms,
                         .key = key});
    });
  }
  // All bytes of all files there.
  static std::string all_of(const fs::path& results) {
    std::string all;
    for (const auto& entry : fs::recursive_directory_iterator(results)) {
      std::ifstream file(entry.is_directory() ? fs::path("/dev/null") : entry.path(), std::ios::binary);
      all += entry.path().filename().string() + std::string(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }
  static std::string names_in(const fs::path& results) {
    return one(results / "results.db", "SELECT group_concat(sample || ' of ' || group_name, ', ') FROM v_splits");
  }

  const fs::path other = folder / "other", third = folder / "third";
};

TEST_F(HiddenNamesTest, NothingThatIsExportedNamesAPatient) {
  ASSERT_THAT(all_of(folder / "checkpoints"), AllOf(HasSubstr("smith"), HasSubstr("doe_jane")));
  for (const bool pseudonyms : {true, false}) {
    const fs::path to = pseudonyms ? other : third;
    EXPECT_THAT(exported(to, pseudonyms),
                HasSubstr("mine/list.csv, mine/smith_john.safetensors, run.log left behind, which may name images"));
    const std::string all = all_of(to);
    for (const char* name : {"smith", "doe_jane", "x.png", "/data", "/home"}) EXPECT_THAT(all, Not(HasSubstr(name)));
    EXPECT_THAT(all, HasSubstr("about lungs"));
    EXPECT_FALSE(fs::exists(to / "pseudonyms.key"));
    EXPECT_EQ(one(to / "results.db", "SELECT tags || validation_accuracy FROM v_runs"), "paper0.5");
    EXPECT_EQ(one(to / "results.db", "SELECT count(*) || sum(label) || max(part) FROM v_splits"), "42validation");
    EXPECT_TRUE(fs::exists(to / "checkpoints/a-1/best.safetensors"));
    EXPECT_TRUE(fs::exists(to / "checkpoints/a-1/preprocessing.json"));
    // What came is a run's folder that can be handed on.
    const Table table = import_runs(to / "checkpoints/a-1", folder / "fourth/results.db");
    EXPECT_EQ(cell(table, 0, "outcome"), "copied");
    EXPECT_EQ(names_in(folder / "fourth"), names_in(to));
    fs::remove_all(folder / "fourth");
  }
}

TEST_F(HiddenNamesTest, ANameHasOnePseudonymByAKeyInEveryExport) {
  exported(other);
  const std::string names = names_in(other);
  EXPECT_EQ(one(other / "results.db", "SELECT count(DISTINCT group_name) || count(DISTINCT sample) FROM v_splits"),
            "34")
      << "smith_john, doe_jane and none; four images";
  EXPECT_EQ(one(other / "results.db",
                "SELECT count(*) FROM v_predictions p JOIN v_splits s ON s.sample = p.sample WHERE p.own = 0"),
            "1")
      << "the image of the other data is one of the split's";
  exported(third);
  EXPECT_EQ(names_in(third), names);
  exported(folder / "fifth", true, folder / "another.key");
  EXPECT_NE(names_in(folder / "fifth"), names);
  exported(folder / "sixth", true, folder / "pseudonyms.key");
  EXPECT_EQ(names_in(folder / "sixth"), names);
  const PseudonymKey key = pseudonym_key(folder / "pseudonyms.key");
  EXPECT_FALSE(key.made);
  EXPECT_THAT(names, HasSubstr(hmac_sha256_hex(key.bytes, "smith_john").substr(0, 20)));
  EXPECT_EQ(HiddenNames::pseudonyms(key)(""), "");
}

TEST_F(HiddenNamesTest, WithoutNamesThereAreNoGroupsEither) {
  exported(other, false);
  EXPECT_EQ(names_in(other), " of ,  of ,  of ,  of ");
}

TEST_F(HiddenNamesTest, TheKeyIsTheOwnersAlone) {
  const fs::path key = folder / "pseudonyms.key";
  exported(other);
  struct stat status {};
  ASSERT_EQ(::stat(key.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto fault = [&](const fs::path& file, const fs::path& to = {}) {
    return error_of([&] { return exported(to.empty() ? third : to, true, file), 0; });
  };
  fs::permissions(key, fs::perms::group_read, fs::perm_options::add);
  EXPECT_THAT(fault(key), AllOf(HasSubstr("can be read by others"), HasSubstr("chmod 600 " + key.string())));
  for (const std::string& bytes :
       {std::string(), std::string("secret\n"), std::string(64, 'x'), std::string(100, 'a')}) {
    std::ofstream(folder / "bad.key") << bytes;
    fs::permissions(folder / "bad.key", fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_THAT(fault(folder / "bad.key"), HasSubstr("bad.key"));
  }
  EXPECT_THAT(fault(folder / "none/a.key"), HasSubstr("cannot make the key"));
  EXPECT_THAT(fault(third / "a.key"), HasSubstr("would lie in the exported folder"));
  EXPECT_FALSE(fs::exists(third));
}

// The names that came first would stay in it.
TEST_F(HiddenNamesTest, ARunThatIsThereByItsNamesIsNotTakenForHidden) {
  merge_runs(database, other / "results.db", {"1"});
  EXPECT_THAT(error_of([&] { return exported(other), 0; }), HasSubstr("calls its images by other names"));
  exported(third);
  EXPECT_THAT(exported(third), HasSubstr("there already"));
  EXPECT_THAT(error_of([&] { return exported(third, false), 0; }), HasSubstr("calls its images by other names"));
}

TEST_F(HiddenNamesTest, Faults) {
  const auto fault = [&](ExportOptions options) {
    options.common.results = folder;
    options.to = other;
    return error_of([&] { return run_export(options); });
  };
  EXPECT_THAT(fault({.runs = {"1"}, .pseudonyms = true, .no_names = true}), HasSubstr("exclude each other"));
  EXPECT_THAT(fault({.runs = {"1"}, .key = folder / "k"}), HasSubstr("add --pseudonyms"));
  EXPECT_THAT(fault({.runs = {"7"}, .pseudonyms = true}), HasSubstr("there is no run `7`"));
  EXPECT_FALSE(fs::exists(folder / "pseudonyms.key")) << "none is made for a run that is not there";
  Connection(database, Connection::Mode::read_write).execute("UPDATE runs SET resolved = '{'");
  EXPECT_THAT(fault({.runs = {"1"}, .no_names = true}), HasSubstr("its stored experiment cannot be read"));
  EXPECT_FALSE(fs::exists(other));
}

}  // namespace
}  // namespace rxrun::testing
