#include <chrono>
#include <ctime>

#include <gtest/gtest.h>

#include "diagnostics/render.h"

namespace rxrun {
namespace {

const std::vector<std::string> keys = {"cardinality", "base_width", "lr", "epochs", "batch", "optimizer", "momentum"};

TEST(NearestName, FindsSlips) {
  const std::pair<const char*, const char*> slips[] = {
      {"cardinalty", "cardinality"}, {"carindality", "cardinality"}, {"base-width", "base_width"}, {"Epochs", "epochs"},
      {"epohcs", "epochs"},          {"bacth", "batch"},             {"optimiser", "optimizer"},   {"lrr", "lr"},
      {"momentun", "momentum"},      {"epochs", "epochs"}};
  for (const auto& [word, expected] : slips) EXPECT_EQ(nearest_name(word, keys), expected) << word;
}

TEST(NearestName, IsSilentWhereNothingIsNear) {
  for (const char* word : {"", "x", "z", "patience", "xyz", "learning_rate"}) EXPECT_EQ(nearest_name(word, keys), std::nullopt) << word;
  EXPECT_EQ(nearest_name("lr", {}), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(5000, 'a'), keys), std::nullopt);
}

TEST(NearestName, TakesTheNearestAndThenTheFirst) {
  const std::vector<std::string> near = {"abcdxx", "abcdex", "abcdey"};
  EXPECT_EQ(nearest_name("abcdef", near), "abcdex");
}

TEST(NearestName, StaysCheapAmongMany) {
  const std::vector<std::string> many(200'000, std::string(60, 'a'));
  const std::clock_t start = std::clock();
  nearest_name(std::string(60, 'b'), many);
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 1.0);
}

}  // namespace
}  // namespace rxrun
