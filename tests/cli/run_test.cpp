// The main job from the file to the row.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "../data/image_files.h"
#include "files/files.h"
#include "program.h"
#include "recording/connection.h"
#include "recording/query.h"

namespace rxrun::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Table ask(const Workplace& place, const std::string& sql) { return query(place.results() / "results.db", sql); }

std::string weights_of(const Workplace& place, const std::string& run) {
  return sha256_of_file(place.results() / "checkpoints" / run / "best.safetensors");
}

std::string only_run(const Workplace& place) {
  return std::get<std::string>(ask(place, "SELECT name FROM runs").rows.at(0).at(0));
}

TEST(Run, TrainsAndAnswersTheQuestion) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(2));
  const Finished run = place.rxrun({"tiny.yaml"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("Epoch: 2, Train_acc:"));
  EXPECT_THAT(run.out, testing::ContainsRegex("Test accuracy: [^\n]*\nTest AUC [01]\\.[0-9]{3}, balanced "
                                              "accuracy [01]\\.[0-9]{3}, loss [0-9.]+\n"));
  EXPECT_THAT(run.out, HasSubstr("Weights: results/checkpoints/" + only_run(place) +
                                 "/best.safetensors; see the run with: rxrun show 1\n"));
  EXPECT_THAT(run.out, Not(HasSubstr("Val_auc"))) << "it decides nothing";
  const Table best = ask(place, "SELECT validation_accuracy FROM v_best ORDER BY validation_accuracy DESC LIMIT 1");
  ASSERT_EQ(best.rows.size(), 1u);
  const double accuracy = std::get<double>(best.rows[0][0]);
  EXPECT_GE(accuracy, 0.0);
  EXPECT_LE(accuracy, 1.0);
  EXPECT_EQ(ask(place, "SELECT epoch FROM epochs").rows.size(), 2u);

  const Finished again = place.rxrun({"tiny.yaml"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.out, HasSubstr("Nothing to do"));
  EXPECT_THAT(again.out, HasSubstr("rxrun best"));
  EXPECT_THAT(place.rxrun({"tiny.yaml", "-q"}).out,
              testing::AllOf(HasSubstr("Nothing to do"), Not(HasSubstr("rxrun best"))));
  EXPECT_EQ(ask(place, "SELECT id FROM runs").rows.size(), 1u);
}

// The line of events of that kind.
nlohmann::json event_of(const std::string& events, const std::string& kind) {
  std::istringstream lines(events);
  for (std::string line; std::getline(lines, line);)
    if (nlohmann::json event = nlohmann::json::parse(line); event["event"] == kind) return event;
  ADD_FAILURE() << "no event " << kind << " in " << events;
  return {};
}

TEST(Run, EventsHaveTheImagesOfEachClassAndTheTestPartsInterval) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(2));
  const Finished run = place.rxrun({"tiny.yaml", "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const nlohmann::json start = event_of(run.out, "start"), end = event_of(run.out, "end");
  nlohmann::json images;
  for (const auto& row : ask(place, "SELECT part, images FROM v_classes WHERE run = 1 ORDER BY position").rows)
    images[std::get<std::string>(row[0])].push_back(std::get<std::int64_t>(row[1]));
  ASSERT_EQ(images.size(), 3u);
  EXPECT_EQ(start["class_images"], images);
  EXPECT_EQ(event_of(place.rxrun({"check", "tiny.yaml", "--json"}).out, "checked")["class_images"], images);

  const auto measured = ask(place, "SELECT low, high FROM v_measures WHERE part = 'test' AND name = 'accuracy'");
  EXPECT_EQ(end["test_accuracy_low"].get<double>(), std::get<double>(measured.rows.at(0)[0]));
  EXPECT_EQ(end["test_accuracy_high"].get<double>(), std::get<double>(measured.rows[0][1]));
  const auto best =
      ask(place, "SELECT epoch, validation_accuracy FROM v_curves ORDER BY validation_accuracy DESC, epoch").rows.at(0);
  EXPECT_EQ(end["best_validation_accuracy_epoch"].get<std::int64_t>(), std::get<std::int64_t>(best[0]));
  EXPECT_EQ(end["best_validation_accuracy"].get<double>(), std::get<double>(best[1]));
}

TEST(Run, CountsTheLooksAtATestPart) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  const Finished first = place.rxrun({"tiny.yaml", "--json"});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(event_of(first.out, "end")["looks"], 1);
  // Another run on the same part is a look too, and a look at the validation part is none.
  EXPECT_EQ(event_of(place.rxrun({"tiny.yaml", "lr=1e-3", "--json"}).out, "end")["looks"], 2);
  EXPECT_EQ(place.rxrun({"evaluate", "1", "--part", "validation"}).code, 0);
  const Finished third = place.rxrun({"tiny.yaml", "lr=1e-4"});
  EXPECT_THAT(third.out, HasSubstr("Note: this test part has been scored 3 times in these results: "));
  const Finished fourth = place.rxrun({"evaluate", "1", "--json"});
  EXPECT_EQ(nlohmann::json::parse(fourth.out).at(0)["looks"], 4);
  EXPECT_THAT(fourth.err, HasSubstr("note: this test part has been scored 4 times"));
}

TEST(Run, LeavesTheTestPartAloneUntilItIsAskedTo) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  const auto tested = [&] { return ask(place, "SELECT run FROM v_evaluations WHERE part = 'test'").rows.size(); };
  const Finished run = place.rxrun({"tiny.yaml", "--no-test"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("\nThe test part was not scored; to score it: rxrun evaluate 1\n"));
  EXPECT_THAT(run.out, Not(HasSubstr("Test accuracy")));
  const nlohmann::json again = event_of(place.rxrun({"rerun", "1", "--no-test", "--json"}).out, "end");
  EXPECT_EQ(again["status"], "finished");
  for (const char* member : {"test_accuracy", "test_accuracy_low", "looks"}) EXPECT_FALSE(again.contains(member));
  EXPECT_EQ(tested(), 0u);

  const Finished existing = place.rxrun({"resume", "1"});
  EXPECT_THAT(existing.out, HasSubstr("Nothing to do"));
  EXPECT_THAT(existing.out, HasSubstr("\nIts test part was never scored; to score it: rxrun evaluate 1\n"));
  EXPECT_EQ(event_of(place.rxrun({"resume", "1", "--json"}).out, "exists")["test_scored"], false);
  EXPECT_EQ(place.rxrun({"evaluate", "1"}).code, 0);
  EXPECT_EQ(tested(), 1u);
  EXPECT_THAT(place.rxrun({"resume", "1"}).out, Not(HasSubstr("never scored")));
  EXPECT_EQ(event_of(place.rxrun({"resume", "1", "--json"}).out, "exists")["test_scored"], true);
}

TEST(Run, TellsTheMetricsThatItGoesBy) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(2));
  const Finished run = place.rxrun(
      {"tiny.yaml", "keep_best.metric=validation_auc", "early_stopping={metric: validation_f1, patience: 5}"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out,
              testing::ContainsRegex("Val_loss:[0-9.]+, Val_auc:[01]\\.[0-9]{3}, Val_f1:[01]\\.[0-9]{3}, Lr:"));
  EXPECT_THAT(run.out, testing::ContainsRegex("best weights of epoch [12], Val_auc:[01]\\.[0-9]{3}, Val_f1:"));
}

TEST(Run, ThatHasFinishedSaysHowToRepeatItFromAnyCommand) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"resume", "1"}, {"tiny.yaml"}}) {
    const Finished existing = place.rxrun(words);
    EXPECT_EQ(existing.code, 0) << existing.err;
    EXPECT_THAT(existing.out, HasSubstr("run it again with: rxrun rerun 1;"));
    EXPECT_THAT(existing.out, Not(HasSubstr("name")));
  }
  const Finished renamed = place.rxrun({"tiny.yaml", "name=other"});
  EXPECT_EQ(renamed.code, 0) << renamed.err;
  EXPECT_THAT(renamed.out, HasSubstr("Another name alone (`other`, then `tiny`) makes no new run"));
  EXPECT_THAT(renamed.out, HasSubstr("--again"));
  EXPECT_EQ(place.rxrun({"rerun", "1"}).code, 0);
}

// Its images are just being decoded by another process: a stop is not to wait for that.
TEST(Run, ASignalBeforeTrainingEndsItAtOnce) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  ASSERT_EQ(place.rxrun({"tiny.yaml", "data.memory=1kB"}).code, 0);
  std::filesystem::path lock;
  for (const auto& entry : std::filesystem::directory_iterator(place.results() / "cache"))
    if (entry.path().extension() == ".images")
      std::filesystem::remove(entry.path());
    else
      lock = entry.path();
  const int other = open(lock.c_str(), O_RDWR);
  ASSERT_EQ(flock(other, LOCK_EX | LOCK_NB), 0);
  const pid_t child = place.start({"tiny.yaml", "data.memory=1kB", "epochs=2"});
  const auto waits = [&] {
    std::ifstream out(place.folder() / "out");
    return std::string(std::istreambuf_iterator<char>(out), {}).find("waiting for it") != std::string::npos;
  };
  while (!waits()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  kill(child, SIGTERM);
  const Finished stopped = place.wait(child);
  close(other);
  EXPECT_EQ(stopped.code, 128 + SIGTERM);
  EXPECT_THAT(stopped.err, HasSubstr("stopped by signal 15 while images were read"));
  EXPECT_EQ(ask(place, "SELECT id FROM runs").rows.size(), 1u) << "nothing is recorded";
}

TEST(Run, QuietPrintsTheResultAlone) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  const Finished run = place.rxrun({"tiny.yaml", "-q"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, testing::MatchesRegex("Test accuracy: [^\n]*\n"));
}

// What is warned of in the data was said when the run was computed.
TEST(Run, NothingToDoWarnsOfNothing) {
  Workplace place;
  std::string text = tiny_experiment(1);
  text.replace(text.find("source: histology"), 17, "source: class_folders\n  path: images");
  place.write("tiny.yaml", text);
  for (const char* folder : {"images/even", "images/odd"}) std::filesystem::create_directories(place.folder() / folder);
  for (int i = 0; i < 40; ++i)
    place.write(std::string("images/") + (i % 2 == 0 ? "even/" : "odd/") + std::to_string(i) + ".png",
                png_bytes(picture(16, 16, 3, i)));
  place.write("images/even/notes.txt", "x");
  const Finished first = place.rxrun({"tiny.yaml"});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("1 file in"));
  EXPECT_EQ(place.rxrun({"tiny.yaml"}).err, "");
}

TEST(Run, ASectionSweepIsSaidToBeLeftOut) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1) + "sweep: {seed: [1, 2]}\n");
  const Finished run = place.rxrun({"tiny.yaml"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("note: the section `sweep` is left out: `rxrun sweep tiny.yaml` runs its points"));
  std::ifstream file(place.results() / "checkpoints" / only_run(place) / "run.log");
  const std::string log((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(log, HasSubstr(" info note: the section `sweep`"));
  EXPECT_THAT(log, HasSubstr(" warning warning: these are images of the GENERATED"));

  const Finished quiet = place.rxrun({"tiny.yaml", "seed=8", "-q"});
  EXPECT_EQ(quiet.code, 0) << quiet.err;
  EXPECT_THAT(quiet.err, Not(HasSubstr("note:")));
  EXPECT_THAT(quiet.err, HasSubstr("warning: these are images of the GENERATED"));
}

// Who is sent a log is not told of patients; who reads the terminal has to find the image.
TEST(Run, ItsLogNamesNoImage) {
  Workplace place;
  for (int i = 0; i < 60; ++i) {
    const std::string folder = std::string("images/") + (i % 2 == 0 ? "even" : "odd");
    std::filesystem::create_directories(place.folder() / folder);
    place.write(folder + "/smith_" + std::to_string(i) + ".png", png_bytes(picture(16, 16, 3, i)));
  }
  const std::string pages = test::tiff_bytes(picture(16, 16, 3, 71), {.pages = 2});
  place.write("images/even/smith_pages.tif", pages);
  std::filesystem::create_directories(place.folder() / "images/odd/@eaDir/smith.png");
  place.write("images/even/smith_cut.png", png_bytes(picture(16, 16, 3, 70)).substr(0, 60));
  std::string text = tiny_experiment(1);
  text.replace(text.find("source: histology"), 17, "source: class_folders\n  path: images\n  on_bad_image: skip");
  text.replace(text.find("  sample:"), text.find("  image_size:") - text.find("  sample:"), "");
  place.write("tiny.yaml", text);
  const Finished run = place.rxrun({"tiny.yaml"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, AllOf(HasSubstr("1 bad image is skipped\n"), HasSubstr("= even/smith_cut.png: ")));
  std::ifstream file(place.results() / "checkpoints" / only_run(place) / "run.log");
  const std::string log((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(run.err, HasSubstr("for example, `even/smith_pages.tif`"));
  EXPECT_THAT(log,
              AllOf(HasSubstr("1 bad image is skipped"), HasSubstr("more than one page"), Not(HasSubstr("smith"))));
}

TEST(Run, ItsWindowOfSixteenBitsIsPredictsToo) {
  Workplace place;
  for (int i = 0; i < 60; ++i) {
    std::vector<std::uint8_t> rows;
    for (int k = 0; k < 256; ++k) {
      const int value = (k * (i % 2 == 0 ? 7 : 61) + i * 97) % 4096;
      rows.insert(rows.end(), {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)});
    }
    const std::string folder = std::string("images/") + (i % 2 == 0 ? "even" : "odd");
    std::filesystem::create_directories(place.folder() / folder);
    place.write(folder + "/" + std::to_string(i) + ".png",
                png_bytes(16, 16, rows, {.colour_type = 0, .depth = 16, .exif = {}, .palette = {}}));
  }
  std::string text = tiny_experiment(2);
  text.replace(text.find("source: histology"), 17, "source: class_folders\n  path: images");
  place.write("tiny.yaml", text);
  const Finished plain = place.rxrun({"tiny.yaml", "--quiet"}),
                 run = place.rxrun({"tiny.yaml", "data.window=[0, 4095]"});
  ASSERT_EQ(plain.code, 0) << plain.err;
  EXPECT_THAT(plain.err, HasSubstr("60 images have 16 bits, of which 8 are kept"));
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, testing::Not(HasSubstr("16 bits")));
  const Table scored = ask(
      place, "SELECT sample, probability FROM v_predictions WHERE run = 2 AND part = 'test' ORDER BY position LIMIT 1");
  const std::string sample = std::get<std::string>(scored.rows.at(0)[0]);
  const Finished predicted = place.rxrun({"predict", "2", "images/" + sample, "--json"});
  ASSERT_EQ(predicted.code, 0) << predicted.err;
  const double probability = nlohmann::json::parse(predicted.out).at(0)["probability"];
  EXPECT_NEAR(probability, std::get<double>(scored.rows[0][1]), 1e-4) << predicted.out;
}

TEST(Run, SaysAtItsEndWhatItsFigureRestsOn) {
  Workplace place;
  for (const char* folder : {"train/a", "train/b", "validation/a", "validation/b", "test/b"}) {
    std::filesystem::create_directories(place.folder() / "images" / folder);
    for (int i = 0; i < 6; ++i)
      place.write(std::string("images/") + folder + "/" + std::string(folder).substr(0, 2) + std::to_string(i / 3) +
                      "_" + std::to_string(i) + ".png",
                  png_bytes(picture(16, 16, 3, static_cast<int>(std::string(folder).size()) * 100 + i)));
  }
  std::string text = tiny_experiment(1);
  text.replace(text.find("source: histology"), 17, "source: class_folders\n  path: images");
  place.write("tiny.yaml", text);
  const Finished run = place.rxrun(
      {"tiny.yaml", "data.split={train: train, validation: validation, test: test, group_by: '([a-z]+[0-9]+)_'}"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("test has images of one class only, `b`"));
  EXPECT_THAT(run.out, HasSubstr("6 images counted as independent; they come from 2 groups); compare runs with"));
}

TEST(Run, GivesTheSameBitsTwiceAndWithMoreLoaderThreads) {
  Workplace one, other;
  for (const Workplace* place : {&one, &other}) place->write("tiny.yaml", tiny_experiment(2));
  ASSERT_EQ(one.rxrun({"tiny.yaml"}).code, 0);
  ASSERT_EQ(other.rxrun({"tiny.yaml", "loader_threads=4"}).code, 0);
  EXPECT_EQ(only_run(one), only_run(other)) << "loader threads are no part of the identity";
  EXPECT_EQ(weights_of(one, only_run(one)), weights_of(other, only_run(other)));
  const std::string metrics =
      "SELECT epoch, name, value FROM v_metrics WHERE name <> 'images_per_second' ORDER BY epoch, name";
  EXPECT_EQ(ask(one, metrics).rows, ask(other, metrics).rows);
}

TEST(Run, BeginsWithTheWeightsOfAFile) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  const auto best = place.results() / "checkpoints" / only_run(place) / "best.safetensors";
  const auto weights = place.folder() / "start.safetensors";
  std::filesystem::copy_file(best, weights);
  const std::vector<std::string> tuned = {"tiny.yaml", "training.initial_weights={file: start.safetensors}"};
  ASSERT_EQ(place.rxrun(tuned).code, 0);
  EXPECT_THAT(place.rxrun(tuned).out, HasSubstr("Nothing to do")) << "the same weights: the same run";
  EXPECT_EQ(ask(place, "SELECT DISTINCT value FROM metrics WHERE epoch = 1 AND name = 'train_loss'").rows.size(), 2u);
  EXPECT_EQ(ask(place, "SELECT value FROM properties WHERE name = 'environment.initial_weights'").rows.size(), 1u);

  // Other weights under the same name are another run.
  const auto second = ask(place, "SELECT folder FROM runs WHERE id = 2");
  std::filesystem::copy_file(place.results() / std::get<std::string>(second.rows.at(0).at(0)) / "best.safetensors",
                             weights, std::filesystem::copy_options::overwrite_existing);
  ASSERT_EQ(place.rxrun(tuned).code, 0);
  EXPECT_EQ(ask(place, "SELECT id FROM runs").rows.size(), 3u);

  const Finished wrong = place.rxrun({"check", "tiny.yaml", "stem.0.conv.channels=8", tuned[1]});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("tensor `bn1.bias` has shape [4]"));
  EXPECT_THAT(wrong.err, HasSubstr("command line:"));
}

TEST(Run, AnotherSeedIsAnotherRun) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  ASSERT_EQ(place.rxrun({"tiny.yaml", "seed=8"}).code, 0);
  EXPECT_EQ(ask(place, "SELECT DISTINCT identity FROM runs").rows.size(), 2u);
}

TEST(Run, StopsAtASignalAndGoesOnToTheSameResult) {
  Workplace whole, stopped;
  for (const Workplace* place : {&whole, &stopped}) place->write("tiny.yaml", tiny_experiment(60));
  ASSERT_EQ(whole.rxrun({"tiny.yaml"}).code, 0);

  const pid_t child = stopped.start({"tiny.yaml"});
  const auto epochs = [&] {
    try {
      return ask(stopped, "SELECT epoch FROM epochs").rows.size();
    } catch (const std::exception&) {
      return std::size_t{0};  // the database is not there yet
    }
  };
  while (epochs() < 3) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  kill(child, SIGTERM);
  const Finished interrupted = stopped.wait(child);
  ASSERT_EQ(interrupted.code, 128 + SIGTERM) << interrupted.out << interrupted.err;
  EXPECT_THAT(interrupted.out, testing::ContainsRegex("Interrupted (after|in) epoch [0-9]+"));
  EXPECT_EQ(std::get<std::string>(ask(stopped, "SELECT status FROM runs").rows[0][0]), "interrupted");

  const Finished resumed = stopped.rxrun({"resume", "1"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(weights_of(whole, only_run(whole)), weights_of(stopped, only_run(stopped)));
  const std::string metrics =
      "SELECT epoch, name, value FROM v_metrics WHERE name <> 'images_per_second' ORDER BY epoch, name";
  EXPECT_EQ(ask(whole, metrics).rows, ask(stopped, metrics).rows);
}

TEST(Run, TellsWhatCannotBeWritten) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  place.write("results", "a file where the folder should be");
  const Finished run = place.rxrun({"tiny.yaml"});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("results"));
}

TEST(Run, AMissingExperimentFileIsWrittenAgainFromTheDatabase) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  std::filesystem::path file;
  for (const auto& run : std::filesystem::directory_iterator(place.results() / "checkpoints"))
    file = run.path() / "experiment.yaml";
  const auto text = [&] {
    std::ifstream stream(file);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  const std::string before = text();
  for (const std::vector<std::string>& words : {std::vector<std::string>{"evaluate", "1"}, {"resume", "1"}}) {
    ASSERT_TRUE(std::filesystem::remove(file));
    const Finished done = place.rxrun(words);
    EXPECT_EQ(done.code, 0) << words[0] << "\n" << done.err;
    EXPECT_EQ(text(), before) << words[0];
  }
}

// A run that was interrupted while the same experiment was run anew and finished.
TEST(Run, ResumeContinuesTheRunThatItIsGiven) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(2));
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  Connection(place.results() / "results.db", Connection::Mode::read_write)
      .execute("UPDATE runs SET status = 'interrupted'; DELETE FROM epochs WHERE epoch = 2");
  ASSERT_EQ(place.rxrun({"tiny.yaml", "--again"}).code, 0);
  const Finished resumed = place.rxrun({"resume", "1"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(resumed.out, HasSubstr("Continuing run 1"));
  EXPECT_EQ(ask(place, "SELECT id FROM runs WHERE status = 'finished'").rows.size(), 2u);
  EXPECT_THAT(place.rxrun({"resume", "1"}).out, HasSubstr("as run 1"));
}

// A run that was begun elsewhere, with its images and its machine there.
TEST(Run, ResumeTakesThePlaceOfTheImagesAndTellsAnotherMachine) {
  Workplace place;
  for (int i = 0; i < 60; ++i) {
    const std::string folder = std::string("images/") + (i % 2 == 0 ? "even" : "odd");
    std::filesystem::create_directories(place.folder() / folder);
    place.write(folder + "/" + std::to_string(i) + ".png", png_bytes(picture(16, 16, 3, i)));
  }
  std::string text = tiny_experiment(2);
  text.replace(text.find("source: histology"), 17, "source: class_folders\n  path: images");
  place.write("tiny.yaml", text);
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  const auto change = [&](const char* sql) {
    Connection(place.results() / "results.db", Connection::Mode::read_write).execute(sql);
  };
  change(
      "UPDATE runs SET status = 'interrupted'; DELETE FROM epochs WHERE epoch = 2;"
      "UPDATE properties SET value = 'cuda:0' WHERE name = 'environment.device'");
  std::filesystem::rename(place.folder() / "images", place.folder() / "elsewhere");
  const Finished resumed = place.rxrun({"resume", "1", "data.path=elsewhere"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(resumed.out, HasSubstr("Continuing run 1"));
  EXPECT_THAT(resumed.err, HasSubstr("run 1 was started elsewhere (device was cuda:0, is cpu)"));
  EXPECT_EQ(ask(place, "SELECT status FROM runs").rows[0][0], Value("finished"));

  const Finished rerun = place.rxrun({"rerun", "1", "data.path=elsewhere", "loader_threads=2"});
  ASSERT_EQ(rerun.code, 0) << rerun.err;
  EXPECT_THAT(std::get<std::string>(ask(place, "SELECT resolved FROM runs WHERE id = 2").rows[0][0]),
              HasSubstr("path: " + (place.folder() / "elsewhere").string()));
  EXPECT_EQ(place.rxrun({"evaluate", "2"}).code, 0) << "a run of its own, which knows where its images are";

  change(
      "UPDATE runs SET status = 'interrupted' WHERE id = 1; UPDATE properties SET value = 'older' WHERE name = "
      "'environment.precision'");
  EXPECT_EQ(place.rxrun({"resume", "1", "data.path=elsewhere"}).code, 0) << "its identity is what counts";
  change("UPDATE runs SET status = 'interrupted', identity = 'x' WHERE id = 1");
  const Finished other = place.rxrun({"resume", "1", "data.path=elsewhere"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("run 1 cannot be continued with what is here now: precision was older, is "));
  EXPECT_THAT(other.err, Not(HasSubstr("data.path"))) << "its images are not what has changed";
  EXPECT_THAT(other.err, HasSubstr("rxrun rerun 1"));
}

TEST(Run, ANameThatIsTakenIsNotInTheWay) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(1));
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  const std::string name = only_run(place);
  ASSERT_EQ(place.rxrun({"rename", "1", name + "-2"}).code, 0);  // and its folder is still `name`
  const Finished again = place.rxrun({"tiny.yaml", "--again"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(ask(place, "SELECT folder FROM runs WHERE id = 2").rows[0][0], Value("checkpoints/" + name + "-3"));
  EXPECT_FALSE(std::filesystem::exists(place.results() / "checkpoints" / (name + "-2")));
}

TEST(Run, TheLogHoldsWarningsAndPlaces) {
  Workplace place;
  std::string text = tiny_experiment(1);
  text.replace(text.find("patience: 1"), 11, "patience: 1, warm_up: 9");
  place.write("tiny.yaml", text);
  const Finished run = place.rxrun({"tiny.yaml"});
  ASSERT_EQ(run.code, 0) << run.err;
  std::ifstream file(place.results() / "checkpoints" / only_run(place) / "run.log");
  const std::string log((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  for (const std::string& told : {run.err, log}) {
    EXPECT_THAT(told, HasSubstr("tiny.yaml:17:")) << "the file and the line";
    EXPECT_THAT(told, HasSubstr("lasts longer than the run"));
    EXPECT_THAT(told, HasSubstr("GENERATED"));
  }
}

TEST(Run, GoingOnFromAnOlderCheckpointIsInTheLog) {
  Workplace place;
  place.write("tiny.yaml", tiny_experiment(3));
  ASSERT_EQ(place.rxrun({"tiny.yaml"}).code, 0);
  const std::filesystem::path folder = place.results() / "checkpoints" / only_run(place);
  std::filesystem::remove(folder / "last.safetensors");
  Connection(place.results() / "results.db", Connection::Mode::read_write)
      .execute("UPDATE runs SET status = 'interrupted'");
  const Finished resumed = place.rxrun({"resume", "1"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  std::ifstream file(folder / "run.log");
  const std::string log((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_THAT(log, HasSubstr("continuing from the one before it"));
  EXPECT_THAT(resumed.err, HasSubstr("continuing from the one before it"));
}

}  // namespace
}  // namespace rxrun::test
