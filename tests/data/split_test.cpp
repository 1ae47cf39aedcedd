#include "data/split.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "matchers.h"
#include "random/random.h"

namespace rxrun {
namespace {

using test::error_of;
using testing::HasSubstr;

Listing listing_of(const std::vector<int>& per_class, const std::string& part = "") {
  Listing listing;
  for (std::size_t c = 0; c < per_class.size(); ++c) {
    listing.classes.push_back(std::to_string(c));
    for (int i = 0; i < per_class[c]; ++i) {
      const std::string name = part + std::to_string(c) + "/" + std::to_string(i) + ".png";
      listing.samples.push_back({name, static_cast<std::int64_t>(c), name, part});
    }
  }
  return listing;
}

Listing joined(const std::vector<Listing>& listings) {
  Listing out = listings.front();
  for (std::size_t i = 1; i < listings.size(); ++i)
    out.samples.insert(out.samples.end(), listings[i].samples.begin(), listings[i].samples.end());
  return out;
}

std::map<std::int64_t, int> classes_in(const Listing& listing, const std::vector<std::int64_t>& part) {
  std::map<std::int64_t, int> counts;
  for (const std::int64_t i : part) ++counts[listing.samples[static_cast<std::size_t>(i)].label];
  return counts;
}

void expect_disjoint(const Parts& parts, std::size_t all) {
  std::set<std::int64_t> seen;
  std::size_t count = 0;
  for (const auto& part : parts) {
    seen.insert(part.begin(), part.end());
    count += part.size();
    EXPECT_TRUE(std::is_sorted(part.begin(), part.end()));
  }
  EXPECT_EQ(seen.size(), count);
  EXPECT_EQ(count, all);
}

TEST(Split, FractionsAreStratified) {
  const Listing listing = listing_of({200, 100, 37});
  const Parts parts = draw_split(listing, {}, 1);
  expect_disjoint(parts, 337);
  const auto train = classes_in(listing, parts[0]);
  EXPECT_EQ(train.at(0), 140);
  EXPECT_EQ(train.at(1), 70);
  EXPECT_NEAR(train.at(2), 25.9, 1.0);
  EXPECT_NEAR(static_cast<double>(parts[1].size()), 0.15 * 337, 1.0);
  EXPECT_NEAR(static_cast<double>(parts[2].size()), 0.15 * 337, 1.0);
}

TEST(Split, SeedDecidesAlone) {
  const Listing listing = listing_of({50, 50});
  DataSpec spec;
  EXPECT_EQ(draw_split(listing, spec, 1), draw_split(listing, spec, 1));
  EXPECT_NE(draw_split(listing, spec, 1), draw_split(listing, spec, 2));
  spec.split.seed = 9;
  EXPECT_EQ(draw_split(listing, spec, 1), draw_split(listing, spec, 2));
}

TEST(Split, WhatFractionsLeaveStaysUnused) {
  DataSpec spec;
  spec.split.train = 0.5;
  spec.split.validation = 0.1;
  spec.split.test = 0.1;
  const Parts parts = draw_split(listing_of({100, 100}), spec, 1);
  EXPECT_EQ(parts[0].size(), 100u);
  EXPECT_EQ(parts[1].size(), 20u);
  EXPECT_EQ(parts[2].size(), 20u);
}

TEST(Split, GroupsStayWholeAndSharesAreMet) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream draws(seed, Purpose::sample);
    Listing listing;
    listing.classes = {"0", "1"};
    for (int patient = 0; patient < 40; ++patient) {
      const int images = 5 + static_cast<int>(draws.below(40));
      const double share = draws.uniform();
      for (int i = 0; i < images; ++i)
        listing.samples.push_back({std::to_string(patient) + "_" + std::to_string(i), draws.chance(share) ? 1 : 0,
                                   std::to_string(patient), ""});
    }
    const Parts parts = draw_split(listing, {}, seed);
    expect_disjoint(parts, listing.samples.size());
    std::map<std::string, std::set<std::size_t>> where;
    for (std::size_t p = 0; p < 3; ++p)
      for (const std::int64_t i : parts[p]) where[listing.samples[static_cast<std::size_t>(i)].group].insert(p);
    for (const auto& [group, in] : where) EXPECT_EQ(in.size(), 1u) << group;
    const auto all = static_cast<double>(listing.samples.size());
    const double ones =
        classes_in(listing, parts[0]).at(1) + classes_in(listing, parts[1]).at(1) + classes_in(listing, parts[2]).at(1);
    EXPECT_NEAR(static_cast<double>(parts[0].size()) / all, 0.70, 0.02);
    EXPECT_NEAR(static_cast<double>(parts[1].size()) / all, 0.15, 0.02);
    EXPECT_NEAR(classes_in(listing, parts[1]).at(1) / ones, 0.15, 0.03);
    EXPECT_NEAR(classes_in(listing, parts[2]).at(1) / ones, 0.15, 0.03);
  }
}

TEST(Split, FewGroupsOfOneClassEachStillTrainOnEveryClass) {
  // Two patients of class 0 and ten of class 1, as real slides come.
  Listing listing;
  listing.classes = {"0", "1"};
  for (int patient = 0; patient < 12; ++patient)
    for (int i = 0; i < (patient < 2 ? 800 : 160); ++i)
      listing.samples.push_back(
          {std::to_string(patient) + "_" + std::to_string(i), patient < 2 ? 0 : 1, std::to_string(patient), ""});
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Parts parts = draw_split(listing, {}, seed);
    EXPECT_EQ(classes_in(listing, parts[0]).size(), 2u);
    EXPECT_FALSE(parts[1].empty());
    EXPECT_FALSE(parts[2].empty());
  }
}

TEST(Split, PartsThatTheSourceNames) {
  const Listing listing =
      joined({listing_of({10, 10}, "train"), listing_of({4, 4}, "val"), listing_of({6, 6}, "test")});
  DataSpec spec;
  spec.split.train = "train";
  spec.split.validation = "validation";
  spec.split.test = "test";
  const Parts parts = draw_split(listing, spec, 1);
  EXPECT_EQ(parts[0].size(), 20u);
  EXPECT_EQ(parts[1].size(), 8u);
  EXPECT_EQ(parts[2].size(), 12u);
  EXPECT_EQ(listing.samples[static_cast<std::size_t>(parts[1][0])].part, "val");
}

TEST(Split, AFractionOfTheNamedTrainingPart) {
  const Listing listing = joined({listing_of({100, 100}, "train"), listing_of({30, 30}, "test")});
  DataSpec spec;
  spec.split.train = "train";
  spec.split.validation = 0.1;
  spec.split.test = "test";
  const Parts parts = draw_split(listing, spec, 1);
  expect_disjoint(parts, 260);
  EXPECT_EQ(parts[0].size(), 180u);
  EXPECT_EQ(parts[1].size(), 20u);
  EXPECT_EQ(parts[2].size(), 60u);
  for (const std::int64_t i : parts[1]) EXPECT_EQ(listing.samples[static_cast<std::size_t>(i)].part, "train");
}

TEST(Split, FractionsDrawFromAllThatNoPartClaims) {
  const Listing listing =
      joined({listing_of({100, 100}, "train"), listing_of({20, 20}, "val"), listing_of({30, 30}, "test")});
  DataSpec spec;
  expect_disjoint(draw_split(listing, spec, 1), 300);
  spec.split.train = 0.8;
  spec.split.validation = 0.2;
  spec.split.test = "test";
  const Parts parts = draw_split(listing, spec, 1);
  EXPECT_EQ(parts[0].size(), 192u);
  EXPECT_EQ(parts[1].size(), 48u);
  EXPECT_EQ(parts[2].size(), 60u);
}

TEST(Split, PartsThatAreNotHeededAreToldAndHowToKeepThem) {
  const Listing listing = joined({listing_of({40, 40}, "train"), listing_of({10, 10}, "test")});
  DataSpec spec;
  const auto warnings = split_warnings(listing, spec, draw_split(listing, spec, 1));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0].message, HasSubstr("the parts test, train, but data.split draws all images at random"));
  spec.split = {.train = std::string("train"), .validation = 0.15, .test = std::string("test")};
  EXPECT_TRUE(split_warnings(listing, spec, draw_split(listing, spec, 1)).empty());
  EXPECT_TRUE(split_warnings(listing_of({40, 40}), {}, draw_split(listing_of({40, 40}), {}, 1)).empty());
}

// Following it has to work.
TEST(Split, TheSplitThatIsSuggestedNamesPartsThatAreThere) {
  const auto told = [](const std::vector<std::string>& names) {
    std::vector<Listing> listings;
    for (const std::string& name : names) listings.push_back(listing_of({20, 20}, name));
    const Listing listing = joined(listings);
    return split_warnings(listing, {}, draw_split(listing, {}, 1)).at(0).message;
  };
  EXPECT_THAT(told({"train", "test"}), HasSubstr("{train: train, validation: 0.15, test: test}"));
  EXPECT_THAT(told({"train", "val"}), HasSubstr("{train: train, validation: val, test: 0.15}"));
  EXPECT_THAT(told({"train", "val", "test"}), HasSubstr("{train: train, validation: val, test: test}"));
  EXPECT_THAT(told({"fold1", "fold2"}), testing::Not(HasSubstr("as in")));
}

TEST(Split, RoundingIsNotTakenForGroups) {
  for (const int images : {5, 8, 13}) {
    const Listing listing = listing_of({images, images});
    EXPECT_TRUE(split_warnings(listing, {}, draw_split(listing, {}, 1)).empty()) << images;
  }
}

TEST(Split, AnErrorComesWithTheWarningsThatExplainIt) {
  Listing listing = listing_of({50, 50}, "train");
  for (Sample& sample : listing.samples) sample.group = std::to_string(sample.label);
  const Parts nothing_watched = {std::vector<std::int64_t>{0, 50}, {}, {1, 51}};
  std::vector<Diagnostic> warnings = split_warnings(listing, {}, nothing_watched);
  ASSERT_FALSE(warnings.empty());
  const std::string told =
      error_of([&] { check_parts(listing.classes, listing.samples, nothing_watched, {}, warnings); });
  EXPECT_THAT(told, HasSubstr("the split leaves no images for validation"));
  try {
    check_parts(listing.classes, listing.samples, nothing_watched, {}, warnings);
  } catch (const Error& error) {
    EXPECT_THAT(
        error.diagnostics(),
        testing::Contains(testing::Field(
            &Diagnostic::advice,
            "there are 100 images in 2 groups, and a group is kept whole: use more groups, or other fractions")));
  }
  EXPECT_THAT(told, HasSubstr("groups are kept whole"));
}

TEST(Split, SharesThatGroupsKeepFromBeingMetAreTold) {
  Listing listing = listing_of({50, 50});
  for (std::size_t i = 0; i < listing.samples.size(); ++i) listing.samples[i].group = std::to_string(i % 50 / 17);
  const DataSpec spec;
  const auto warnings = split_warnings(listing, spec, draw_split(listing, spec, 1));
  ASSERT_FALSE(warnings.empty());
  EXPECT_THAT(warnings.back().message, HasSubstr("% of the images, not the"));
}

TEST(Split, Faults) {
  const Listing listing = joined({listing_of({10, 10}, "train"), listing_of({6, 6}, "test")});
  DataSpec spec;
  spec.split.validation = "validation";
  EXPECT_THAT(error_of([&] { draw_split(listing, spec, 1); }),
              HasSubstr("split.validation names the part `validation`, which has no images"));
}

TEST(Split, FaultsAreToldAtTheKeyThatIsWritten) {
  const Listing listing = joined({listing_of({10, 10}, "train"), listing_of({6, 6}, "test")});
  DataSpec spec;
  spec.path_where = {"x.yaml", 1, 1, 1, ""};
  spec.split.validation = "validation";
  const auto fault = [&] { return error_of([&] { draw_split(listing, spec, 1); }); };
  EXPECT_THAT(fault(), HasSubstr("x.yaml:1: split.validation names"));
  spec.written["split"] = {"x.yaml", 2, 1, 1, ""};
  EXPECT_THAT(fault(), HasSubstr("x.yaml:2: split.validation names"));
  spec.written["split.validation"] = {"x.yaml", 3, 1, 1, ""};
  EXPECT_THAT(fault(), HasSubstr("x.yaml:3: split.validation names"));

  spec.written["split.test"] = {"x.yaml", 4, 1, 1, ""};
  std::vector<Diagnostic> warnings;
  check_parts(listing.classes, listing.samples, {{{0, 10}, {1, 11}, {2}}}, spec, warnings);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].where.line, 4);

  spec.split.group_by = "patient([0-9]+)";
  spec.written["split.group_by"] = {"x.yaml", 5, 1, 1, ""};
  Listing grouped = listing;
  EXPECT_THAT(error_of([&] { assign_groups(grouped, spec); }), HasSubstr("x.yaml:5: split.group_by"));
}

TEST(Split, PartsAreChecked) {
  const Listing listing = listing_of({2, 2});
  std::vector<Diagnostic> warnings;
  const auto fault = [&](const Parts& parts) {
    return error_of([&] { check_parts(listing.classes, listing.samples, parts, {}, warnings); });
  };
  EXPECT_THAT(fault({{{0, 2}, {}, {1}}}), HasSubstr("no images for validation"));
  EXPECT_THAT(fault({{{0}, {1, 2}, {3}}}), HasSubstr("class `1` has no image in train"));
  warnings.clear();
  EXPECT_EQ(fault({{{0, 2}, {1}, {3}}}), "no error");
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_THAT(warnings[0].message, HasSubstr("class `0` has no image in test"));
  EXPECT_THAT(warnings[1].message, HasSubstr("class `1` has no image in validation"));
}

TEST(Groups, ByExpressionOnTheFileNameOrTheWholeName) {
  Listing listing;
  listing.samples = {
      {"0/8863_idx5_x1.png", 0, "a", ""}, {"1/8863_idx5_x2.png", 1, "b", ""}, {"1/9.png", 1, "1/9.png", ""}};
  DataSpec spec;
  spec.split.group_by = "^([0-9]+)_idx";
  assign_groups(listing, spec);
  EXPECT_EQ(listing.samples[0].group, "8863");
  EXPECT_EQ(listing.samples[1].group, "8863");
  EXPECT_EQ(listing.samples[2].group, "1/9.png");
  ASSERT_EQ(listing.warnings.size(), 1u);
  EXPECT_THAT(listing.warnings[0].message, HasSubstr("does not match 1 of 3 names: those are drawn individually"));
  EXPECT_EQ(listing.warnings[0].advice, "for example, `1/9.png`");
  spec.split.group_by = "^([01])/";
  assign_groups(listing, spec);
  EXPECT_EQ(listing.samples[2].group, "1");
  spec.split.group_by = "patient([0-9]+)";
  EXPECT_THAT(error_of([&] { assign_groups(listing, spec); }),
              HasSubstr("matches none of the names, such as `0/8863_idx5_x1.png`"));
  spec.split.group_by = "([";
  EXPECT_THAT(error_of([&] { assign_groups(listing, spec); }), HasSubstr("not a valid regular expression"));
}

}  // namespace
}  // namespace rxrun
