#include <gmock/gmock.h>

#include "plugin/catalog.h"
#include "plugin/layer_table.h"

namespace rxrun::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

OptionInfo option(const std::string& name, OptionType type, OptionValue value = {}) {
  OptionInfo info;
  info.name = name;
  info.type = type;
  info.default_value = std::move(value);
  return info;
}

PluginInfo shapes_plugin() {
  LayerInfo conv;
  conv.name = "conv";
  conv.options = {option("channels", OptionType::integer), option("kernel", OptionType::extent, Extent{3, 3}),
                  option("stride", OptionType::extent, Extent{1, 1}),
                  option("groups", OptionType::integer, std::int64_t{1}), option("bias", OptionType::boolean, false)};
  conv.options[0].minimum = conv.options[1].minimum = conv.options[3].minimum = 1;
  LayerInfo block;
  block.name = "bottleneck";
  block.block = true;
  block.options = {option("stride", OptionType::extent, Extent{1, 1}),
                   option("groups", OptionType::integer, std::int64_t{1}),
                   option("rule", OptionType::string, std::string("paper")), option("drop", OptionType::real, 0.0)};
  block.options[2].choices = {"paper", "planes"};
  block.options[3].maximum = 1;
  block.options[3].exclusive_maximum = true;
  LayerInfo linear;
  linear.name = "linear";
  linear.weight_prefix = "fc";
  linear.options = {option("features", OptionType::integer)};
  linear.options[0].number_of_classes = true;
  PluginInfo plugin;
  plugin.library = "/x/libshapes.so";
  plugin.manifest.plugin = "shapes";
  plugin.layers = {conv, block, linear};
  return plugin;
}

// "key: value" pairs in the given order, on consecutive columns of the layer's line.
LayerSpec layer(const std::string& name, int line, const std::vector<std::pair<std::string, Node>>& options = {}) {
  LayerSpec spec;
  spec.layer = name;
  spec.where = {"a.yaml", line, 5, 1, ""};
  int column = 10;
  for (const auto& [key, value] : options) {
    Node::Entry entry;
    entry.key = key;
    entry.key_where = {"a.yaml", line, column, 1, ""};
    entry.value = value;
    entry.value.where = {"a.yaml", line, column + 5, 1, ""};
    spec.options.push_back(entry);
    column += 10;
  }
  return spec;
}

Node yaml(const std::string& text) { return scalar(text, false, {}); }
Node list(const std::vector<std::string>& texts) {
  Node node;
  node.kind = Node::Kind::list;
  for (const std::string& text : texts) node.items.push_back(yaml(text));
  return node;
}

class CheckNetworkTest : public ::testing::Test {
 protected:
  CheckNetworkTest() { catalog_.add(shapes_plugin()); }
  CheckedNetwork check() { return check_network(network_, catalog_, diagnostics_); }
  // "line:column message / advice"
  std::vector<std::string> faults() {
    check();
    std::vector<std::string> texts;
    for (const Diagnostic& d : diagnostics_.list()) {
      texts.push_back(std::to_string(d.where.line) + ":" + std::to_string(d.where.column) + " " + d.message + " / " +
                      d.advice);
    }
    return texts;
  }
  void share(const std::string& key, const std::string& value) {
    network_.shared.push_back(layer("", 1, {{key, yaml(value)}}).options.front());
  }

  NetworkSpec network_;
  Catalog catalog_;
  Diagnostics diagnostics_;
};

TEST_F(CheckNetworkTest, FillsInDefaultsInTheTablesOrder) {
  network_.stem = {layer("conv", 1, {{"kernel", list({"3", "5"})}, {"channels", yaml("8")}})};
  network_.head = {layer("linear", 2)};
  const CheckedNetwork checked = check();
  EXPECT_FALSE(diagnostics_.has_errors());
  EXPECT_THAT(checked.stem[0].options, ElementsAre(std::pair<std::string, OptionValue>("channels", std::int64_t{8}),
                                                   std::pair<std::string, OptionValue>("kernel", Extent{3, 5}),
                                                   std::pair<std::string, OptionValue>("stride", Extent{1, 1}),
                                                   std::pair<std::string, OptionValue>("groups", std::int64_t{1}),
                                                   std::pair<std::string, OptionValue>("bias", false)));
  EXPECT_EQ(checked.stem[0].weight_prefix, "conv");
  EXPECT_EQ(checked.head[0].weight_prefix, "fc");
  EXPECT_THAT(checked.head[0].classes_options, ElementsAre("features"));
}

TEST_F(CheckNetworkTest, OneNumberIsBothSidesOfAnExtent) {
  network_.stem = {layer("conv", 1, {{"channels", yaml("8")}, {"kernel", yaml("7")}})};
  EXPECT_EQ(check().stem[0].options[1].second, OptionValue(Extent{7, 7}));
}

TEST_F(CheckNetworkTest, RealsTakeIntegers) {
  network_.stages = {{layer("bottleneck", 1, {{"drop", yaml("0")}}), 2}};
  const CheckedNetwork checked = check();
  EXPECT_EQ(checked.stages[0].block.options[3].second, OptionValue(0.0));
  EXPECT_TRUE(checked.stages[0].block.stride_first_only);
  EXPECT_EQ(checked.stages[0].depth, 2);
}

TEST_F(CheckNetworkTest, HandsNetworkWideValuesToWhoHasTheOption) {
  share("groups", "4");
  network_.stem = {layer("conv", 2, {{"channels", yaml("8")}, {"groups", yaml("2")}})};
  network_.stages = {{layer("bottleneck", 3), 1}};
  const CheckedNetwork checked = check();
  EXPECT_FALSE(diagnostics_.has_errors());
  EXPECT_EQ(checked.stem[0].options[3].second, OptionValue(std::int64_t{2}));
  EXPECT_EQ(checked.stages[0].block.options[1].second, OptionValue(std::int64_t{4}));
}

TEST_F(CheckNetworkTest, TellsAllFaultsWithTheirPlaces) {
  share("gruops", "4");
  network_.stem = {layer("konv", 2), layer("conv", 3),
                   layer("conv", 4, {{"channels", yaml("2.5")}, {"kernel", yaml("0")}}),
                   layer("conv", 5, {{"chanels", yaml("8")}, {"channels", yaml("8")}, {"bias", yaml("yes")}})};
  network_.stages = {
      {layer("bottleneck", 6, {{"rule", yaml("plannes")}, {"drop", yaml("1")}, {"stride", list({"1", "2", "3"})}}), 1}};
  EXPECT_THAT(
      faults(),
      ElementsAre("2:5 unknown layer `konv` / did you mean `conv`?",
                  HasSubstr("3:5 layer `conv` needs option `channels` (integer)"),
                  HasSubstr("4:15 option `channels` of layer `conv` takes an integer, not"),
                  "4:25 option `kernel` of layer `conv` must be at least 1, not 0 / ",
                  "5:10 layer `conv` has no option `chanels` / did you mean `channels`?",
                  ::testing::AllOf(HasSubstr("5:35 option `bias` of layer `conv` takes true or false, not"),
                                   HasSubstr("write true")),
                  HasSubstr("6:35 option `stride` of layer `bottleneck` takes an integer or [height, width], not"),
                  "6:15 option `rule` of layer `bottleneck` must be one of paper | planes, not `plannes` / did you "
                  "mean `planes`?",
                  "6:25 option `drop` of layer `bottleneck` must be less than 1, not 1 / ",
                  "1:10 no layer of this network has an option `gruops` / did you mean `groups`?"));
}

TEST_F(CheckNetworkTest, AMisspeltDepthIsAKeyOfTheStage) {
  network_.stages = {{layer("bottleneck", 2, {{"deth", yaml("3")}}), 1}};
  network_.head = {layer("linear", 3, {{"deth", yaml("3")}})};
  EXPECT_THAT(faults(), ElementsAre("2:10 layer `bottleneck` has no option `deth` / did you mean `depth`?",
                                    "3:10 layer `linear` has no option `deth` / its options: features"));
}

TEST_F(CheckNetworkTest, TellsAFaultOfANetworkWideValueOnce) {
  share("groups", "0.5");
  network_.stem = {layer("conv", 2, {{"channels", yaml("8")}}), layer("conv", 3, {{"channels", yaml("8")}})};
  EXPECT_THAT(faults(), ElementsAre(HasSubstr("1:15 option `groups` of layer `conv` takes an integer")));
}

TEST_F(CheckNetworkTest, IsSilentOnWhatCouldNotBeFilledIn) {
  network_.stem = {layer("conv", 1, {{"channels", yaml("${network.chanels}")}, {"kernel", list({"3", "${x}"})}})};
  EXPECT_EQ(faults().size(), 1u) << "such a text may be meant";
  diagnostics_ = Diagnostics();
  diagnostics_.error({"a.yaml", 1, 15, 1, ""}, "there is no key `network.chanels`");
  EXPECT_THAT(faults(), ElementsAre("1:15 there is no key `network.chanels` / "));
}

TEST_F(CheckNetworkTest, IsSilentOnLayersThatAnUnreadablePluginMayOffer) {
  catalog_.set_incomplete();
  network_.stem = {layer("theirs", 2)};
  EXPECT_THAT(faults(), ElementsAre());
}

TEST(RangeText, SaysWhatIsAllowed) {
  OptionInfo info = option("x", OptionType::real, 0.5);
  EXPECT_EQ(range_text(info), "");
  info.minimum = 0;
  info.exclusive_minimum = true;
  EXPECT_EQ(range_text(info), "> 0");
  info.maximum = 1;
  EXPECT_EQ(range_text(info), "> 0, <= 1");
  info.exclusive_minimum = false;
  EXPECT_EQ(range_text(info), "0 to 1");
  EXPECT_EQ(range_fault(info, 1.5), "must be at most 1, not 1.5");
  EXPECT_EQ(range_fault(info, std::nan("")), "must be a finite number, not nan");
}

}  // namespace
}  // namespace rxrun::testing
