#include "plugin/catalog.h"

#include <gmock/gmock.h>

#include "bad_plugins.h"

namespace rxrun::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string fault(const std::string& name) {
  return error_of([&] { read_plugin(bad_plugin(name)); });
}

// ---- the table in the library ----
TEST(Table, Malformed) {
  EXPECT_THAT(fault("malformed_table"), AllOf(HasSubstr("malformed_table.so"), HasSubstr("malformed table of layers")));
}
TEST(Table, Garbage) { EXPECT_THAT(fault("garbage_table"), HasSubstr("malformed table of layers")); }
TEST(Table, OfTheFuture) { EXPECT_THAT(fault("future_table"), HasSubstr("unknown version 2")); }
TEST(Table, DefaultOutOfRange) {
  EXPECT_THAT(fault("bad_default_table"), AllOf(HasSubstr("`groups`"), HasSubstr("at least 1, not 0")));
}

TEST(Table, GoesToJsonAndBack) {
  LayerInfo layer;
  layer.name = "thing";
  layer.type_name = "Thing";
  layer.doc = "does \"things\"";
  layer.block = true;
  layer.revision = 3;
  OptionInfo flag{"flag", OptionType::boolean, true};
  OptionInfo count{"count", OptionType::integer, std::int64_t{3}};
  count.minimum = 1;
  OptionInfo rate{"rate", OptionType::real, 0.1};
  rate.minimum = 0;
  rate.exclusive_minimum = true;
  rate.maximum = 1;
  OptionInfo rule{"rule", OptionType::string, std::string("a")};
  rule.choices = {"a", "b"};
  OptionInfo size{"size", OptionType::extent, Extent{3, 5}};
  OptionInfo width{"width", OptionType::integer, {}};
  width.number_of_classes = width.optional = true;
  layer.options = {flag, count, rate, rule, size, width, OptionInfo{"needed", OptionType::real, {}}};
  EXPECT_EQ(layers_from_json(layers_to_json({layer}), "x.so"), std::vector<LayerInfo>{layer});
}

// ---- a catalog of several ----
TEST(Catalog, TwoPluginsWithTheSameLayer) {
  Catalog catalog;
  catalog.add(read_plugin(bad_plugin("offers_conv")));
  EXPECT_THAT(error_of([&] { catalog.add(read_plugin(bad_plugin("offers_conv_too"))); }),
              AllOf(HasSubstr("`conv`"), HasSubstr("offers_conv.so"), HasSubstr("offers_conv_too.so")));
}

TEST(Catalog, TheSameLibraryTwiceCountsOnce) {
  Catalog catalog;
  catalog.add(read_plugin(bad_plugin("offers_conv")));
  catalog.add(read_plugin(bad_plugin("offers_conv")));
  EXPECT_EQ(catalog.plugins().size(), 1u);
}

}  // namespace
}  // namespace rxrun::testing
