// `rxrun compare`: runs side by side.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "command_output.h"
#include "recording/connection.h"
#include "temporary_results.h"

namespace rxrun::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CompareTest : public TemporaryResults {
 protected:
  // Three epochs; from `odd_epoch` on, the validation accuracy is another one.
  void record(const std::string& name, std::uint64_t seed, const std::string& cardinality, std::int64_t odd_epoch = 0,
              std::int64_t epochs = 3) {
    Recorder recorder(database);
    RunRecord record = run_record(name, seed);
    set_parameter(record, "network.cardinality", cardinality);
    const std::int64_t run = recorder.begin(record, split_record());
    for (std::int64_t epoch = 1; epoch <= epochs; ++epoch)
      recorder.epoch(run,
                     epoch_record(epoch, odd_epoch > 0 && epoch >= odd_epoch ? std::nextafter(0.5, 1.0) : 0.5, true));
    recorder.end(run, end_record(0.9, epochs));
  }
  std::string compare(std::vector<std::string> runs, TableFormat format = TableFormat::text, bool all = false) {
    CompareOptions options;
    options.common = {.results = folder, .format = format};
    options.runs = std::move(runs);
    options.all = all;
    return output_of([&] { return run_compare(options); });
  }
};

TEST_F(CompareTest, MarksWhatDiffers) {
  record("a-1", 1, "8");
  record("a-2", 2, "32");
  const std::string page = compare({"1", "a-2"});
  EXPECT_THAT(page, HasSubstr("≠  network.cardinality      8     32\n"));
  EXPECT_THAT(page, HasSubstr("≠  seed"));
  EXPECT_THAT(page, Not(HasSubstr("base_width")));
  EXPECT_THAT(page, HasSubstr("   test_accuracy        0.9000  0.9000\n"));
  EXPECT_THAT(page, HasSubstr("run 1 and run 2 have different seeds"));
  EXPECT_THAT(page, HasSubstr("4 parameter values are equal; --all shows them"));
  EXPECT_THAT(compare({"1", "2"}, TableFormat::text, true), HasSubstr("   network.base_width"));
}

TEST_F(CompareTest, FindsTheEpochInWhichEqualSeedsPart) {
  record("a-1", 1, "8");
  record("a-2", 1, "8", 2);
  record("a-3", 1, "8");
  record("a-4", 1, "8", 0, 2);
  const std::string page = compare({"1", "2", "3", "4"});
  EXPECT_THAT(page, HasSubstr("run 1 and run 2 diverge in epoch 2: validation_accuracy 0.5 and 0.5000000000000001\n"))
      << "the last bit counts";
  EXPECT_THAT(page, HasSubstr("run 1 and run 3 are bit-identical in all 3 epochs\n"));
  EXPECT_THAT(page, HasSubstr("run 1 and run 4 are bit-identical up to epoch 2, where run 4 ends\n"));
}

TEST_F(CompareTest, ForMachines) {
  record("a-1", 1, "8");
  record("a-2", 1, "32", 3);
  const auto json = nlohmann::json::parse(compare({"1", "2"}, TableFormat::json));
  EXPECT_EQ(json["partings"][0]["first_epoch"], 3);
  EXPECT_EQ(json["partings"][0]["metrics"][0]["name"], "validation_accuracy");
  bool found = false;
  for (const auto& row : json["rows"]) {
    if (row["name"] != "network.cardinality") continue;
    found = true;
    EXPECT_EQ(row["differs"], true);
    EXPECT_EQ(row["run 2"], 32);
  }
  EXPECT_TRUE(found);
  EXPECT_THAT(compare({"1", "2"}, TableFormat::csv), HasSubstr("\nparameter,network.cardinality,true,8,32\n"));
  EXPECT_THAT(compare({"1", "2"}, TableFormat::markdown), HasSubstr("| ≠ | network.cardinality | 8 | 32 |"));
}

TEST_F(CompareTest, WantsTwoDifferentRuns) {
  record("a-1", 1, "8");
  CompareOptions options;
  options.common = {.results = folder};
  options.runs = {"1"};
  EXPECT_THAT(error_of([&] { return run_compare(options); }), HasSubstr("at least two runs"));
  options.runs = {"1", "a-1"};
  EXPECT_THAT(error_of([&] { return run_compare(options); }), HasSubstr("the same run"));
  options.runs = {"1", "7"};
  EXPECT_THAT(error_of([&] { return run_compare(options); }), HasSubstr("there is no run `7`"));
  record("a-2", 1, "8");
  Connection(database, Connection::Mode::read_write).execute("UPDATE runs SET removed = 'x' WHERE id = 2");
  options.runs = {"1", "2"};
  EXPECT_THAT(error_of([&] { return run_compare(options); }), HasSubstr("`rxrun restore 2` brings it back"));
}

}  // namespace
}  // namespace rxrun::testing
