#include "recording/record_file.h"

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include "child.h"
#include "diagnostics/diagnostic.h"
#include "history_text.h"
#include "recording/connection.h"
#include "recording/merge_runs.h"
#include "recording/run_rows.h"
#include "recording/tend_runs.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
const std::string kNoUtf8 =
    "Gr\xf6\xdf"
    "e\xed\xa0\x80";
const std::string kAwkward = "a \"b\" \\ c\nd\te\x01\x7f Größe 癌 🧫 </script> {}";

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }
void append(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::app) << bytes; }

EvaluationRecord look(const std::string& part, bool at_end) {
  EvaluationRecord evaluation = test_evaluation(0.5);
  evaluation.part = part;
  evaluation.outputs[0].position = part == "train" ? 0 : part == "validation" ? 1 : 2;  // of split_record()
  evaluation.at_end = at_end;
  evaluation.made = "2030-01-01T00:00:00.000Z";
  return evaluation;
}

// Each kind of value at least once, each of an unusual kind.
RunHistory awkward_history() {
  RunHistory history;
  history.run = run_record(kAwkward, std::numeric_limits<std::uint64_t>::max());
  history.run.resolved = kAwkward + "\n\n";
  history.run.file = kNoUtf8;
  history.run.command = std::string(100'000, 'x') + "'";
  history.run.checkpoint_key = "key";
  history.run.generated_data = true;
  history.run.params = {{"", ""}, {kAwkward, kAwkward}, {"number", "007"}};
  history.run.environment = {{"cpu", kNoUtf8}, {"line\nfeed", ""}, {kNoUtf8, "x"}};
  history.run.classes = {"", kAwkward, kNoUtf8};
  history.run.skipped_images = kLargest;
  history.run.parameters = kSmallest;
  history.run.started = "2030-01-01T00:00:00.000Z";
  history.split = {{kAwkward, 2, "", "train"}, {"", 1, "\n", "validation"}, {kNoUtf8, 0, kNoUtf8, "test"}};
  history.epochs = {{.epoch = 1,
                     .learning_rate = kNaN,
                     .seconds = kInfinity,
                     .images_per_second = -kInfinity,
                     .best = true,
                     .metrics = {{"", kNaN}, {"a", kInfinity}, {"b", -kInfinity}, {kAwkward, -0.0}},
                     .written = "now"},
                    {.epoch = kLargest,
                     .learning_rate = 0.1 + 0.2,
                     .seconds = std::numeric_limits<double>::denorm_min(),
                     .images_per_second = std::numeric_limits<double>::max(),
                     .best = false,
                     .metrics = {},
                     .written = ""}};
  EvaluationRecord other = look("all", false);
  other.own = false;
  other.data = kAwkward;
  other.content = "";
  other.measures = {{.name = "accuracy", .value = kNaN, .interval = {{-kInfinity, kInfinity, kAwkward}}, .unit = ""},
                    {.name = kAwkward, .value = 1.0 / 3, .interval = {}, .unit = "group"},
                    {.name = "", .value = -kInfinity, .interval = {{kNaN, 0.0, ""}}}};
  other.outputs = {
      {.position = 0,
       .sample = kAwkward,
       .label = -1,
       .predicted = 2,
       .probability = static_cast<double>(0.1F),
       .probabilities = {std::nextafter(1.0F, 0.0F), 0.1F, 16777217.0F / 3, 7.038531e-26F,
                         std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::max(), std::nanf(""),
                         -std::numeric_limits<float>::infinity(), 0.0F, 1.0F}},
      {.position = kLargest, .sample = kNoUtf8, .label = 0, .predicted = 1, .probability = kNaN, .probabilities = {}}};
  EvaluationRecord bare = look("test", true);
  bare.measures.clear();
  bare.outputs.clear();
  history.evaluations = {other, bare};
  history.end = RunEnd{.status = RunStatus::failed,
                       .best_epoch = 2,
                       .seconds = kNaN,
                       .evaluations = {},
                       .artifacts = {{kAwkward, ""}, {"b", "c"}},
                       .reason = kNoUtf8,
                       .at = "later"};
  history.words = {.name = "another", .tags = {"a", kAwkward}, .note = kNoUtf8, .removed = "when"};
  return history;
}

class RecordFileTest : public TemporaryResults {
 protected:
  RecordFileTest() : run(folder / "a"), file(run / kRecordFile) { fs::create_directories(run); }

  void begin() { begin_record(run, run_record("a-1"), split_record()); }
  std::string read() const { return text_of(read_record(run)); }
  std::string error() const {
    return error_text([&] { read_record(run); });
  }

  const fs::path run, file;
};

TEST_F(RecordFileTest, EveryEventComesBack) {
  RunHistory history = awkward_history();
  std::swap(history.evaluations[0], history.evaluations[1]);
  begin_record(run, history.run, history.split);
  for (const EpochRecord& epoch : history.epochs) record(run, epoch);
  record(run, history.evaluations[0], 1);
  record(run, history.evaluations[1], 2);
  record(run, *history.end);
  record(run, history.words);
  history.run.folder.clear();
  EXPECT_EQ(read(), text_of(history));
}

TEST_F(RecordFileTest, WrittenAsAWholeItIsTheSame) {
  begin();
  record(run, epoch_record(7, 0.5, true));
  const RunHistory history = awkward_history();
  write_record(run, history);
  EXPECT_EQ(read(), text_of(history));
  const std::string bytes = bytes_of(file);
  write_record(run, read_record(run));
  EXPECT_EQ(bytes_of(file), bytes);
}

// Decimal digits of which the nearest double rounds to the float beside the one that was meant.
TEST_F(RecordFileTest, AProbabilityIsReadBackToItsLastBit) {
  EvaluationRecord evaluation = look("test", false);
  std::vector<float>& values = evaluation.outputs[0].probabilities;
  values = {7.038531e-26F};
  for (int i = 0; i < 20'000; ++i)
    values.push_back(std::ldexp(1.0F + static_cast<float>(i * 419) * 0x1p-23F, -i % 140));
  begin();
  record(run, evaluation, 1);
  EXPECT_EQ(read_record(run).evaluations.at(0).outputs.at(0).probabilities, values);
}

TEST_F(RecordFileTest, ALineThatWasCutOffDoesNotCountAndGoesWithTheNext) {
  begin();
  record(run, epoch_record(1, 0.5, true));
  const std::string before = bytes_of(file), read_before = read();
  record(run, epoch_record(2, 0.6, false));
  const std::string after = bytes_of(file), read_after = read();
  ASSERT_NE(read_before, read_after);
  for (std::size_t size = before.size(); size < after.size(); ++size) {
    write(file, after.substr(0, size));
    ASSERT_EQ(read(), read_before) << size;
    record(run, epoch_record(2, 0.6, false));
    ASSERT_EQ(bytes_of(file), after) << size;
  }
  // Bytes that were never written are zeros after a power cut.
  write(file, before + std::string(5000, '\0'));
  record(run, epoch_record(2, 0.6, false));
  EXPECT_EQ(bytes_of(file), after);
}

TEST_F(RecordFileTest, WithoutItsFirstLineItIsOfNoRun) {
  begin();
  const std::string whole = bytes_of(file);
  write(file, whole.substr(0, whole.size() - 1));
  EXPECT_THAT(error(), HasSubstr(file.string() + " does not say which run it is of"));
  write(file, "");
  EXPECT_THAT(error(), HasSubstr(file.string() + " is empty (0 bytes)"));
}

TEST_F(RecordFileTest, ASplitIsThereAndOfKnownPartsAndClasses) {
  const fs::path split = run / "split.jsonl";
  begin();
  const std::string whole = bytes_of(split);
  const std::vector<std::pair<std::string, std::string>> faulty = {
      {"", split.string() + " is empty (0 bytes)"},
      {R"({"sample": "a", "label": 0, "group": "", "part": "val"})"
       "\n",
       "split.jsonl:1: there is no part `val`"},
      {R"({"sample": "a", "label": 0, "group": "", "part": ""})"
       "\n",
       "there is no part ``"},
      {whole + R"({"sample": "a", "label": 2, "group": "", "part": "test"})"
               "\n",
       "split.jsonl:4: there is no class 2"},
      {R"({"sample": "a", "label": -1, "group": "", "part": "test"})"
       "\n",
       "there is no class -1"},
      {R"({"sample": "a", "label": 0, "group": ""})"
       "\n",
       "split.jsonl:1: not a line of a run's record: `part` is missing"},
      {R"({"sample": 7, "label": 0, "group": "", "part": "test"})"
       "\n",
       "split.jsonl:1: not a line of a run's record: expected string, found number"},
      {R"(7)"
       "\n",
       "expected an object or a list, found number"}};
  for (const auto& [text, expected] : faulty) {
    write(split, text);
    EXPECT_THAT(error(), HasSubstr(expected));
    EXPECT_THAT(error(), ::testing::Not(HasSubstr("json.exception")));
  }
}

TEST_F(RecordFileTest, WhatIsToldOfImagesIsOfThoseOfItsPart) {
  EvaluationRecord evaluation = look("test", true);
  for (const auto& [position, expected] :
       {std::pair<int, const char*>{0, "it is in another one"}, {7, "has 3 images"}}) {
    begin();
    evaluation.outputs[0].position = position;
    record(run, evaluation, 1);
    EXPECT_THAT(error(), HasSubstr(expected));
  }
  begin();
  evaluation.own = false;  // of other data any number will do
  record(run, evaluation, 1);
  EXPECT_EQ(read_record(run).evaluations.at(0).outputs, evaluation.outputs);
  evaluation.own = true;
  evaluation.part = "val";
  record(run, evaluation, 1);
  EXPECT_THAT(error(), HasSubstr("record.jsonl:3: there is no part `val`"));
}

TEST_F(RecordFileTest, WhatIsNoFileIsTold) {
  begin();
  fs::rename(file, run / "moved");
  fs::create_symlink(run / "moved", file);
  EXPECT_THAT(error(), HasSubstr("is a symbolic link"));
  fs::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  EXPECT_THAT(error(), HasSubstr("not a regular file"));
}

TEST_F(RecordFileTest, GoingOnVoidsWhatCameAfter) {
  begin();
  for (int epoch = 1; epoch <= 3; ++epoch) record(run, epoch_record(epoch, 0.1 * epoch, true));
  record(run, look("validation", false), 1);
  record(run, look("test", true), 2);
  record(run, RunEnd{.status = RunStatus::finished, .best_epoch = 3});
  record(run, RunWords{.name = "b", .tags = {"kept"}});
  ASSERT_TRUE(read_record(run).end);
  record_continuation(run, 1);
  RunHistory history = read_record(run);
  ASSERT_EQ(history.epochs.size(), 1u);
  EXPECT_EQ(history.epochs[0].epoch, 1);
  ASSERT_EQ(history.evaluations.size(), 1u);
  EXPECT_EQ(history.evaluations[0].part, "validation");
  EXPECT_FALSE(history.end);
  EXPECT_EQ(history.words.tags, std::vector<std::string>{"kept"}) << "the user said so";
  record(run, epoch_record(2, 0.9, true));
  record(run, look("train", true), 2);
  history = read_record(run);
  ASSERT_EQ(history.epochs.size(), 2u);
  EXPECT_EQ(history.epochs[1].metrics.at("validation_accuracy"), 0.9);
  ASSERT_EQ(history.evaluations.size(), 2u);
  EXPECT_EQ(history.evaluations[1].part, "train");
}

TEST_F(RecordFileTest, AnEpochToldAgainReplacesItselfAndWhatCameAfter) {
  begin();
  for (int epoch = 1; epoch <= 3; ++epoch) record(run, epoch_record(epoch, 0.1 * epoch, true));
  record(run, epoch_record(2, 0.9, true));
  const RunHistory history = read_record(run);
  ASSERT_EQ(history.epochs.size(), 2u);
  EXPECT_EQ(history.epochs[1].metrics.at("validation_accuracy"), 0.9);
}

TEST_F(RecordFileTest, TheLastWordsCount) {
  begin();
  record(run, RunWords{.name = "b", .tags = {"x", "y"}, .note = "n"});
  record(run, RunWords{.name = "c", .tags = {"y"}});
  EXPECT_EQ(read_record(run).words, (RunWords{.name = "c", .tags = {"y"}}));
}

TEST_F(RecordFileTest, AnotherVersionIsRefused) {
  begin();
  std::string text = bytes_of(file);
  const std::string version = "\"version\":1";
  text.replace(text.find(version), version.size(), "\"version\":2");
  write(file, text);
  EXPECT_THAT(error(), HasSubstr(file.string() + ":1: it has version 2 of the format; this rxrun reads version 1"));
}

// Each names the file and the line.
TEST_F(RecordFileTest, AFaultyLineIsNamed) {
  const std::vector<std::pair<std::string, std::string>> faulty = {
      {R"({"event": "dance"})", "unknown event `dance`"},
      {R"({"event": 1})", ""},
      {R"({"epoch": 1})", "event"},
      {R"([1, 2])", ""},
      {"null", ""},
      {R"({"event": "continue")", "not JSON"},
      {"\xff\xfe", "not JSON"},
      {"", "not JSON"},
      {R"({"event": "continue"})", "epochs"},
      {R"({"event": "continue", "epochs": "3"})", "`3` is not a whole number"},
      {R"({"event": "continue", "epochs": 1e300})", "whole number"},
      {R"({"event": "continue", "epochs": 1.5})", ""},
      {R"({"event": "continue", "epochs": true})", ""},
      {R"({"event": "continue", "epochs": 18446744073709551615})", ""},
      {R"({"event": "end", "status": "running", "best_epoch": 1, "seconds": 1, "artifacts": [], "reason": "", "at": ""})",
       "running"},
      {R"({"event": "end", "status": "well", "best_epoch": 1, "seconds": 1, "artifacts": [], "reason": "", "at": ""})",
       "`well`"},
      {R"({"event": "end", "status": "failed", "best_epoch": 1, "seconds": "long", "artifacts": [], "reason": "", "at": ""})",
       "`long` is not a number"},
      {R"({"event": "end", "status": "failed", "best_epoch": 1, "seconds": true, "artifacts": [], "reason": "", "at": ""})",
       "`true` is not a number"}};
  for (const auto& [line, expected] : faulty) {
    begin();
    record(run, epoch_record(1, 0.5, true));
    append(file, line + "\n");
    const std::string text = error();
    EXPECT_THAT(text, HasSubstr(file.string() + ":3: ")) << line;
    EXPECT_THAT(text, HasSubstr(expected)) << line;
  }
}

TEST_F(RecordFileTest, TheOtherFilesAreReadAsStrictly) {
  begin();
  record(run, look("test", false), 1);
  const fs::path split = run / "split.jsonl", outputs = run / "outputs-1.jsonl";
  append(split, "{}\n");
  EXPECT_THAT(error(), HasSubstr(split.string() + ":4: "));
  begin();
  record(run, look("test", false), 1);
  append(outputs, "no\n");
  EXPECT_THAT(error(), HasSubstr(outputs.string() + ":2: not JSON"));
  EXPECT_THAT(error(), HasSubstr(file.string() + ":2: "));
}

TEST_F(RecordFileTest, TheOtherFilesAreWholeOrDamaged) {
  begin();
  record(run, look("test", false), 1);
  const std::string outputs = bytes_of(run / "outputs-1.jsonl"), split = bytes_of(run / "split.jsonl");
  write(run / "outputs-1.jsonl", outputs.substr(0, outputs.size() - 1));
  EXPECT_THAT(error(), HasSubstr("ends in the midst of a line"));
  write(run / "outputs-1.jsonl", "");
  EXPECT_THAT(error(), HasSubstr("outputs-1.jsonl is empty"));
  for (const auto& [from, to] :
       {std::pair("\"predicted\":", "\"predicted\":77"), {"\"position\":", "\"position\":-5"}}) {
    std::string text = outputs;
    text.insert(text.find(from), to + std::string(",\"was_"));
    text.erase(text.find("was_\"") + 4, 1);
    write(run / "outputs-1.jsonl", text);
    EXPECT_THAT(error(), HasSubstr("outputs-1.jsonl:1: there is no "));
  }
  write(run / "outputs-1.jsonl", outputs);
  write(run / "split.jsonl", split.substr(0, split.size() - 1));
  EXPECT_THAT(error(), HasSubstr("ends in the midst of a line"));
  write(run / "split.jsonl", split);
  EXPECT_NO_THROW(read_record(run));
}

TEST_F(RecordFileTest, AMissingFileIsNamed) {
  EXPECT_THAT(error(), HasSubstr(file.string()));
  EXPECT_FALSE(has_record(run));
  begin();
  EXPECT_TRUE(has_record(run));
  record(run, look("test", false), 1);
  fs::remove(run / "outputs-1.jsonl");
  EXPECT_THAT(error(), HasSubstr((run / "outputs-1.jsonl").string()));
  begin();
  fs::remove(run / "split.jsonl");
  EXPECT_THAT(error(), HasSubstr((run / "split.jsonl").string()));
}

// The number of one that a kill kept from the database is given again.
TEST_F(RecordFileTest, ALaterEvaluationOfTheSameNumberReplacesTheEarlier) {
  begin();
  record(run, look("train", false), 1);
  record(run, look("validation", false), 2);
  EvaluationRecord again = look("test", false);
  again.outputs.clear();
  record(run, again, 1);
  const RunHistory history = read_record(run);
  ASSERT_EQ(history.evaluations.size(), 2u);
  EXPECT_EQ(history.evaluations[0], again);
  EXPECT_EQ(history.evaluations[1], look("validation", false));
}

TEST_F(RecordFileTest, WhenARunBeganIsKnownWithoutItsOutputs) {
  EXPECT_EQ(when_begun(run), "");
  RunRecord began = run_record("a-1");
  began.started = "2030-01-01T00:00:00.000Z";
  begin_record(run, began, split_record());
  record(run, look("test", false), 1);
  fs::remove(run / "outputs-1.jsonl");
  EXPECT_EQ(when_begun(run), began.started);
  append(file, "no\n");
  EXPECT_EQ(when_begun(run), "");
}

TEST_F(RecordFileTest, OutputsOfAnotherNameAreNotOpened) {
  begin();
  record(run, look("test", false), 1);
  const std::string text = bytes_of(file), own = "\"outputs-1.jsonl\"";
  write(folder / "outside.jsonl", bytes_of(run / "outputs-1.jsonl"));
  write(run / "outputs-2.jsonl", bytes_of(run / "outputs-1.jsonl"));
  for (const std::string name : {"outputs-2.jsonl", "../outside.jsonl", "outputs-1.jsonl/../../outside.jsonl",
                                 "./outputs-1.jsonl", "outputs-01.jsonl"}) {
    std::string changed = text;
    changed.replace(changed.find(own), own.size(), '"' + name + '"');
    write(file, changed);
    EXPECT_THAT(error(), HasSubstr("`" + name + "` is not the name of a file of outputs"));
  }
  write(file, text);
  EXPECT_EQ(read_record(run).evaluations.size(), 1u);
}

TEST_F(RecordFileTest, NothingIsWrittenThroughALink) {
  begin();
  fs::rename(file, folder / "elsewhere");
  fs::create_symlink(folder / "elsewhere", file);
  const std::string before = bytes_of(file);
  EXPECT_FALSE(has_record(run));
  EXPECT_THROW(record(run, epoch_record(1, 0.5, true)), Error);
  EXPECT_EQ(bytes_of(folder / "elsewhere"), before);
}

TEST_F(RecordFileTest, NothingIsReadThroughALink) {
  for (const char* name : {"outputs-1.jsonl", "split.jsonl", kRecordFile}) {
    begin();
    record(run, look("test", false), 1);
    EXPECT_NO_THROW(read_record(run));
    fs::rename(run / name, folder / "elsewhere");
    fs::create_symlink(folder / "elsewhere", run / name);
    EXPECT_THAT(error(), HasSubstr((run / name).string() + " is a symbolic link")) << name;
    fs::remove(run / name);
  }
}

TEST_F(RecordFileTest, ARecordThatIsNotThereIsNotBegunByAnEpoch) {
  EXPECT_THAT(error_text([&] { record(run, epoch_record(1, 0.5, true)); }), HasSubstr("cannot write " + file.string()));
  EXPECT_FALSE(fs::exists(file));
}

// ---- the database and the folder ----

class TwoPlacesTest : public TemporaryResults {
 protected:
  std::string rows_of(const fs::path& from) const {
    Connection connection(from, Connection::Mode::read_only);
    return text_in_common(history_of(connection, 1));
  }
  std::string rows() const { return rows_of(database); }
  std::string told() const { return text_in_common(read_record(folder / "checkpoints" / "a-1")); }
};

TEST_F(TwoPlacesTest, SayTheSameAtEveryStep) {
  const auto same = [this](const char* step) { EXPECT_EQ(rows(), told()) << step; };
  Recorder recorder(database);
  const std::int64_t run = recorder.begin(run_record("a-1", std::uint64_t{1} << 63), split_record());
  same("begin");
  for (int epoch = 1; epoch <= 3; ++epoch) {
    EpochRecord record = epoch_record(epoch, epoch == 2 ? kNaN : 0.1 * epoch, epoch != 2);
    record.metrics["train_loss"] = kInfinity;
    recorder.epoch(run, record);
    same("epoch");
  }
  recorder.confirm(run);
  same("confirm");
  RunEnd interrupted = ended(RunStatus::interrupted, "stopped by signal 15");
  interrupted.best_epoch = 3;
  interrupted.seconds = 8.0;
  recorder.end(run, interrupted);
  same("interrupted");
  recorder.resume(run, 1);
  same("resume");
  recorder.epoch(run, epoch_record(2, 0.8, true));
  same("epoch after that");
  RunEnd end = end_record(0.9, 2);
  end.artifacts = {{"checkpoints/a-1/best.safetensors", std::string(64, 'a')}};
  recorder.end(run, end);
  same("end");
  for (const bool own : {true, false}) {
    EvaluationRecord evaluation = look(own ? "validation" : "all", false);
    evaluation.own = own;
    if (!own) evaluation.outputs[0].sample = "x.png";
    record_evaluation(database, run, evaluation);
    same("evaluate");
  }
  tag_run(database, "1", {"b", "a"}, {});
  same("tag");
  tag_run(database, "1", {"c"}, {"b"});
  same("other tags");
  note_run(database, "1", "a \"note\"");
  same("note");
  rename_run(database, "1", "another");
  same("rename");
  remove_runs(database, {"1"}, false);
  same("remove");
  restore_runs(database, {"1"});
  same("restore");
  const RunHistory history = read_record(folder / "checkpoints" / "a-1");
  EXPECT_EQ(history.epochs.size(), 2u);
  EXPECT_EQ(history.evaluations.size(), 3u);
  EXPECT_EQ(history.words, (RunWords{.name = "another", .tags = {"a", "c"}, .note = "a \"note\""}));

  // From the folder alone.
  const std::string before = rows();
  fs::remove(database);
  import_runs(folder, database);
  EXPECT_EQ(rows(), before);
  EXPECT_EQ(told(), before);
}

// What a run that was stopped does not tell is known from its epochs, in both.
TEST_F(TwoPlacesTest, AnInterruptedRunIsFilledFromItsFolderAsItWas) {
  {
    Recorder recorder(database);
    const std::int64_t run = recorder.begin(run_record("a-1"), split_record());
    recorder.epoch(run, epoch_record(1, 0.7, true));
    recorder.epoch(run, epoch_record(2, 0.6, false));
    recorder.end(run, ended(RunStatus::interrupted, "stopped"));
  }
  const std::string before = rows();
  import_runs(folder / "checkpoints", folder / "copy" / "results.db");
  EXPECT_EQ(rows_of(folder / "copy" / "results.db"), before);
}

}  // namespace
}  // namespace rxrun::testing
