#include "network/summary.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "networks.h"

namespace rxrun {
namespace {

using test::build;
using test::resnet;
using test::resnext50;
using testing::HasSubstr;

const Shape imagenet = {3, 224, 224};

std::string shown_shape(const Shape& shape) {
  std::string text = "[-1";
  for (const std::int64_t side : shape) text += ", " + std::to_string(side);
  return text + "]";
}

std::string with_commas(std::int64_t number) {
  std::ostringstream text;
  struct Commas : std::numpunct<char> {
    char do_thousands_sep() const override { return ','; }
    std::string do_grouping() const override { return "\3"; }
  };
  text.imbue(std::locale(text.getloc(), new Commas));
  text << number;
  return text.str();
}

Network article() { return build(resnext50("width_rule: planes"), imagenet, 1000); }

TEST(Summary, IsTheArticlesTableRowForRow) {
  std::ifstream file(RXRUN_SOURCE_DIR "/tests/network/resnext50_summary.tsv");
  ASSERT_TRUE(file);
  std::string expected, line;
  std::getline(file, line);  // heading
  while (std::getline(file, line)) expected += line + "\n";

  std::string actual;
  const Summary summary = summarize(article());
  for (const SummaryRow& row : summary.rows) {
    actual += row.name + "\t" + shown_shape(row.output) + "\t" + with_commas(row.parameters) + "\n";
  }
  EXPECT_EQ(summary.rows.size(), 126u);
  EXPECT_EQ(actual, expected);
}

TEST(Summary, HasTheArticlesTotals) {
  const std::string table = render_table(summarize(article()), {}, 0);
  EXPECT_THAT(table, HasSubstr("Total params: 14,593,448\nTrainable params: 14,593,448\nNon-trainable params: 0\n"));
  EXPECT_THAT(table,
              HasSubstr("Input size (MB): 0.57\nForward/backward pass size (MB): 219.37\nParams size (MB): 55.67\n"
                        "Estimated Total Size (MB): 275.62\n"));
  EXPECT_THAT(table,
              HasSubstr("                 Conv2d-1        [-1, 64, 112, 112]           9,408       118,013,952\n"));
}

struct PaperRow {
  std::int64_t cardinality, base_width, parameters;
  double multiply_adds;  // 10^9, to four digits
};
class PaperTable : public testing::TestWithParam<PaperRow> {};

TEST_P(PaperTable, IsMetToTheUnit) {
  const PaperRow row = GetParam();
  const std::string options =
      "cardinality: " + std::to_string(row.cardinality) + "\n  base_width: " + std::to_string(row.base_width);
  const Summary summary = summarize(build(resnext50(options), imagenet, 1000));
  EXPECT_EQ(summary.parameters, row.parameters);
  EXPECT_NEAR(double(summary.multiply_adds) / 1e9, row.multiply_adds, 0.0005);
}

INSTANTIATE_TEST_SUITE_P(PreservedComplexity, PaperTable,
                         testing::Values(PaperRow{1, 64, 25'557'032, 4.089}, PaperRow{2, 40, 25'425'000, 4.125},
                                         PaperRow{4, 24, 25'292'968, 4.160}, PaperRow{8, 14, 25'603'016, 4.267},
                                         PaperRow{32, 4, 25'028'904, 4.230}));

TEST(Summary, FixedWidthChangesSizeWithCardinality) {
  EXPECT_EQ(summarize(build(resnext50("cardinality: 8"), imagenet, 1000)).parameters, 9'906'216);
  EXPECT_EQ(summarize(build(resnext50("cardinality: 16"), imagenet, 1000)).parameters, 14'947'112);
}

TEST(Summary, CountsTorchvisionsResNets) {
  EXPECT_EQ(summarize(build(resnet("basic_block", "2222"), imagenet, 1000)).parameters, 11'689'512);
  EXPECT_EQ(summarize(build(resnet("basic_block", "3463"), imagenet, 1000)).parameters, 21'797'672);
  EXPECT_EQ(summarize(build(resnet("bottleneck", "3463"), imagenet, 1000)).parameters, 25'557'032);
}

TEST(Summary, FoldsBlocksIntoOneRow) {
  const Summary summary = summarize(article());
  const std::vector<SummaryRow> rows = fold(summary.rows, 1);
  ASSERT_EQ(rows.size(), 4u + 16u + 2u);
  EXPECT_EQ(rows[4].name, "ResNeXtBottleneck-13");
  EXPECT_EQ(rows[4].parameters, 4096 + 128 + 1152 + 128 + 16384 + 512 + 16384 + 512);
  std::int64_t parameters = 0, multiply_adds = 0;
  for (const SummaryRow& row : rows) parameters += row.parameters, multiply_adds += row.multiply_adds;
  EXPECT_EQ(parameters, summary.parameters);
  EXPECT_EQ(multiply_adds, summary.multiply_adds);
  EXPECT_EQ(fold(summary.rows, 2).size(), summary.rows.size());
}

TEST(Summary, RowsInsideRowsInsideRows) {
  const std::string text =
      "  plugins: [convnet, resnet]\n"
      "  stages: [{block: basic_block, depth: 1, planes: 8, squeeze_excitation: 4, drop_path: 0.1}]\n"
      "  head: [global_average_pool, flatten, linear]";
  const Summary summary = summarize(build(text, {8, 9, 9}, 3));
  std::string rows;
  for (const SummaryRow& row : summary.rows) rows += std::to_string(row.depth) + " " + row.path + "\n";
  EXPECT_EQ(rows,
            "2 layer1.0.conv1\n2 layer1.0.bn1\n2 layer1.0.conv2\n2 layer1.0.bn2\n"
            "3 layer1.0.se.fc1\n3 layer1.0.se.fc2\n2 layer1.0.se\n1 layer1.0\n1 global_average_pool\n1 fc\n");
  const std::vector<SummaryRow> folded = fold(summary.rows, 2);
  ASSERT_EQ(folded.size(), 8u);
  EXPECT_EQ(folded[4].path, "layer1.0.se");
  EXPECT_EQ(folded[4].parameters, (8 * 2 + 2) + (2 * 8 + 8));
}

TEST(Summary, JsonHoldsTheSame) {
  const auto json = nlohmann::json::parse(render_json(summarize(article(), {.batch = 64}), {.batch = 64}, 0));
  EXPECT_EQ(json.at("parameters"), 14'593'448);
  EXPECT_EQ(json.at("layers").size(), 126u);
  EXPECT_EQ(json.at("layers")[125].at("path"), "fc");
  EXPECT_EQ(json.at("layers")[125].at("output"), nlohmann::json({1000}));
  EXPECT_EQ(json.at("input"), nlohmann::json({3, 224, 224}));
  EXPECT_EQ(json.at("batch"), 64);
}

TEST(Summary, StepGrowsWithBatchAndShrinksWithPrecision) {
  const Network network = build(resnext50("width_rule: planes"), {3, 64, 64}, 2);
  const std::int64_t one = summarize(network, {.batch = 1}).step_bytes;
  const std::int64_t two = summarize(network, {.batch = 2}).step_bytes;
  const std::int64_t three = summarize(network, {.batch = 3}).step_bytes;
  EXPECT_GT(two, one);
  EXPECT_EQ(three - two, two - one);
  EXPECT_LT(summarize(network, {.batch = 3, .activation_bytes = 2}).step_bytes, three);
  const Summary summary = summarize(network, {.batch = 3, .optimizer_slots = 0});
  EXPECT_EQ(three - summary.step_bytes, 2 * 4 * summary.parameters);
}

TEST(Summary, HostileSizesDoNotWrap) {
  const Summary summary = summarize(article(), {.batch = std::int64_t{1} << 62});
  EXPECT_EQ(summary.step_bytes, std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace rxrun
