#include "data/split.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>
#include <regex>
#include <set>

#include "data/fault.h"
#include "diagnostics/render.h"
#include "experiment/split_rules.h"
#include "random/random.h"

namespace rxrun {
namespace {

std::string parts_of(const Listing& listing) {
  std::set<std::string> names;
  for (const Sample& sample : listing.samples)
    if (!sample.part.empty()) names.insert(sample.part);
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "the data has no parts of its own: use fractions" : "the data has the parts " + text;
}

const SplitPart& declared(const SplitSpec& split, Part part) {
  return part == Part::train ? split.train : part == Part::validation ? split.validation : split.test;
}

std::string key_of(Part part) { return std::string("split.") + to_string(part); }

// The samples of the part that `spec` names for `part`.
std::vector<std::int64_t> named_part(const Listing& listing, const DataSpec& spec, Part part, const std::string& name) {
  std::vector<std::int64_t> members;
  for (std::size_t i = 0; i < listing.samples.size(); ++i)
    if (!listing.samples[i].part.empty() && canonical_part(listing.samples[i].part) == canonical_part(name))
      members.push_back(static_cast<std::int64_t>(i));
  if (members.empty())
    bad_data(spec, key_of(part),
             "split." + std::string(to_string(part)) + " names the part `" + name + "`, which has no images",
             parts_of(listing));
  return members;
}

// Image by image, class by class: counts by largest remainder, what rounding owes a part is carried to the next class.
void draw_images(const Listing& listing, const std::vector<std::int64_t>& pool, const Shares& shares,
                 std::uint64_t seed, Parts& parts) {
  std::map<std::int64_t, std::vector<std::int64_t>> by_class;
  for (const std::int64_t i : pool) by_class[listing.samples[static_cast<std::size_t>(i)].label].push_back(i);
  Shares owed{};
  for (auto& [label, members] : by_class) {
    RandomStream(seed, Purpose::split, 1, static_cast<std::uint64_t>(label)).shuffle(members);
    std::array<std::int64_t, 4> counts{};
    std::int64_t left = static_cast<std::int64_t>(members.size());
    for (std::size_t p = 0; p < 4; ++p) {
      owed[p] += shares[p] * static_cast<double>(members.size());
      counts[p] = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(owed[p] + 1e-9)), 0, left);
      left -= counts[p];
    }
    for (; left > 0; --left) {
      std::size_t neediest = 0;
      for (std::size_t p = 1; p < 4; ++p)
        if (owed[p] - static_cast<double>(counts[p]) > owed[neediest] - static_cast<double>(counts[neediest]) + 1e-9)
          neediest = p;
      ++counts[neediest];
    }
    auto next = members.begin();
    for (std::size_t p = 0; p < 4; ++p) {
      owed[p] -= static_cast<double>(counts[p]);
      if (p < 3) parts[p].insert(parts[p].end(), next, next + counts[p]);
      next += counts[p];
    }
  }
}

void draw_groups(const Listing& listing, const std::map<std::string, std::vector<std::int64_t>>& groups,
                 const Shares& shares, std::uint64_t seed, Parts& parts) {
  std::vector<std::vector<std::int64_t>> counts;
  for (const auto& [name, members] : groups) {
    counts.emplace_back(listing.classes.size(), 0);
    for (const std::int64_t i : members)
      ++counts.back()[static_cast<std::size_t>(listing.samples[static_cast<std::size_t>(i)].label)];
  }
  const std::vector<int> part_of = assign_groups_to_parts(counts, shares, seed);
  std::size_t g = 0;
  for (const auto& [name, members] : groups) {
    const auto p = static_cast<std::size_t>(part_of[g++]);
    if (p < 3) parts[p].insert(parts[p].end(), members.begin(), members.end());
  }
}

// The shares of the pool, by split_rules.h; `train_named`: train is what the others leave.
Shares shares_of(const SplitSpec& split, bool train_named) {
  Shares shares{};
  double sum = 0.0;
  for (const Part part : all_parts) {
    const double* fraction = std::get_if<double>(&declared(split, part));
    if (fraction == nullptr) continue;
    shares[static_cast<std::size_t>(part)] = *fraction;
    sum += *fraction;
  }
  const double left = sum > 1.0 - split_tolerance ? 0.0 : 1.0 - sum;
  shares[train_named ? 0 : 3] = left;
  return shares;
}

}  // namespace

const char* to_string(Part part) {
  switch (part) {
    case Part::train:
      return "train";
    case Part::validation:
      return "validation";
    case Part::test:
      return "test";
  }
  return "?";
}

void assign_groups(Listing& listing, const DataSpec& spec) {
  if (spec.split.group_by.empty() || listing.grouped) return;
  std::int64_t matched = 0;
  std::string without;
  try {
    const std::regex pattern(spec.split.group_by, std::regex::ECMAScript | std::regex::optimize);
    for (Sample& sample : listing.samples) {
      const std::string file = sample.name.substr(sample.name.rfind('/') + 1);
      std::smatch match;
      if (std::regex_search(file, match, pattern) || std::regex_search(sample.name, match, pattern)) {
        sample.group = match.size() > 1 ? match[1].str() : match[0].str();
        ++matched;
      } else {
        sample.group = sample.name;  // and no longer that of a folder
        if (without.empty()) without = sample.name;
      }
    }
  } catch (const std::regex_error& error) {
    bad_data(spec, "split.group_by", "split.group_by is not a valid regular expression: " + std::string(error.what()),
             "");
  }
  const std::int64_t total = static_cast<std::int64_t>(listing.samples.size());
  if (matched == 0)
    bad_data(spec, "split.group_by",
             "split.group_by `" + spec.split.group_by + "` matches none of the names, such as `" + without + "`", "");
  if (matched < total)
    listing.warnings.push_back(data_warning(spec, "split.group_by",
                                            "split.group_by does not match " + std::to_string(total - matched) +
                                                " of " + std::to_string(total) + " names: those are drawn individually",
                                            "for example, `" + without + "`"));
}

Parts draw_split(const Listing& listing, const DataSpec& spec, std::uint64_t seed) {
  Parts parts;
  std::vector<bool> claimed(listing.samples.size(), false);
  bool any_fraction = false;
  for (const Part part : all_parts) {
    const std::string* name = std::get_if<std::string>(&declared(spec.split, part));
    if (name == nullptr) {
      any_fraction = true;
      continue;
    }
    auto& members = parts[static_cast<std::size_t>(part)];
    members = named_part(listing, spec, part, *name);
    for (const std::int64_t i : members) claimed[static_cast<std::size_t>(i)] = true;
  }
  if (any_fraction) {
    const bool train_named = std::holds_alternative<std::string>(spec.split.train);
    std::vector<std::int64_t> pool = std::move(parts[0]);
    parts[0].clear();
    if (!train_named)
      for (std::size_t i = 0; i < claimed.size(); ++i)
        if (!claimed[i]) pool.push_back(static_cast<std::int64_t>(i));
    const Shares shares = shares_of(spec.split, train_named);
    const std::uint64_t split_seed = spec.split.seed.value_or(seed);
    std::map<std::string, std::vector<std::int64_t>> groups;
    for (const std::int64_t i : pool) groups[listing.samples[static_cast<std::size_t>(i)].group].push_back(i);
    if (groups.size() == pool.size())
      draw_images(listing, pool, shares, split_seed, parts);
    else
      draw_groups(listing, groups, shares, split_seed, parts);
  }
  for (auto& part : parts) std::sort(part.begin(), part.end());
  return parts;
}

namespace {

// A split that heeds the parts that are there, as one would write it; empty where they suggest none.
std::string split_of_parts(const Listing& listing) {
  std::map<std::string, std::string> names;  // as the source spells them
  for (const Sample& sample : listing.samples)
    if (!sample.part.empty()) names[canonical_part(sample.part)] = sample.part;
  if (!names.contains("train") || names.size() < 2) return {};
  const std::string train = names.extract("train").mapped();
  const std::string watched = names.contains("val") ? names.extract("val").mapped() : "0.15";
  const std::string scored = names.contains("test") ? names.at("test") : names.empty() ? "0.15" : names.begin()->second;
  return "{train: " + train + ", validation: " + watched + ", test: " + scored + "}";
}

bool has_groups(const Listing& listing) {
  std::set<std::string> groups;
  for (const Sample& sample : listing.samples) groups.insert(sample.group);
  return groups.size() < listing.samples.size();
}

}  // namespace

std::vector<Diagnostic> split_warnings(const Listing& listing, const DataSpec& spec, const Parts& parts) {
  std::vector<Diagnostic> warnings;
  const bool any_named = std::any_of(all_parts.begin(), all_parts.end(), [&](Part part) {
    return std::holds_alternative<std::string>(declared(spec.split, part));
  });
  const bool has_parts = std::any_of(listing.samples.begin(), listing.samples.end(),
                                     [](const Sample& sample) { return !sample.part.empty(); });
  if (has_parts && !any_named) {
    const std::string example = split_of_parts(listing);
    warnings.push_back(data_warning(spec, "split",
                                    parts_of(listing) +
                                        ", but data.split draws all images at random; to keep a part, name it" +
                                        (example.empty() ? "" : ", as in `split: " + example + "`")));
  }
  // Image by image only rounding keeps a part from its share.
  if (!has_groups(listing)) return warnings;

  // What the fractions are of.
  const bool train_named = std::holds_alternative<std::string>(spec.split.train);
  std::size_t pool = train_named ? parts[0].size() : listing.samples.size();
  for (const Part part : {Part::validation, Part::test}) {
    const bool named = std::holds_alternative<std::string>(declared(spec.split, part));
    const std::size_t size = parts[static_cast<std::size_t>(part)].size();
    if (train_named && !named) pool += size;
    if (!train_named && named) pool -= size;
  }
  for (const Part part : all_parts) {
    const double* wanted = std::get_if<double>(&declared(spec.split, part));
    if (!wanted || *wanted <= 0.0 || pool == 0) continue;
    const double share = static_cast<double>(parts[static_cast<std::size_t>(part)].size()) / static_cast<double>(pool);
    if (std::abs(share - *wanted) <= std::max(0.02, 0.25 * *wanted)) continue;
    char text[120];
    std::snprintf(text, sizeof text,
                  "%s has %.1f %% of the images, not the %.1f %% of the split, because groups are kept whole",
                  to_string(part), 100.0 * share, 100.0 * *wanted);
    warnings.push_back(data_warning(spec, key_of(part), text));
  }
  return warnings;
}

namespace {

std::string advice_for_empty_part(const std::vector<Sample>& samples) {
  std::set<std::string> groups;
  for (const Sample& sample : samples) groups.insert(sample.group);
  const std::string there = (samples.size() == 1 ? "there is " : "there are ") + counted(samples.size(), "image");
  if (groups.size() == samples.size()) return there + ": use more images or other fractions";
  return there + " in " + counted(groups.size(), "group") +
         ", and a group is kept whole: use more groups, or other fractions";
}

}  // namespace

ClassImages class_images(const std::vector<std::string>& classes, const std::vector<Sample>& samples,
                         const Parts& parts) {
  ClassImages images;
  for (const Part part : all_parts) {
    auto& count = images[static_cast<std::size_t>(part)];
    count.assign(classes.size(), 0);
    for (const std::int64_t i : parts[static_cast<std::size_t>(part)])
      ++count[static_cast<std::size_t>(samples[static_cast<std::size_t>(i)].label)];
  }
  return images;
}

void check_parts(const std::vector<std::string>& classes, const std::vector<Sample>& samples, const Parts& parts,
                 const DataSpec& spec, std::vector<Diagnostic>& warnings) {
  Diagnostics faults;
  for (const Diagnostic& warning : warnings) faults.add(warning);  // they may be what explains an error
  const ClassImages counts = class_images(classes, samples, parts);
  for (const Part part : all_parts)
    if (parts[static_cast<std::size_t>(part)].empty())
      faults.error(place_of_key(spec, key_of(part)), "the split leaves no images for " + std::string(to_string(part)),
                   advice_for_empty_part(samples));
  for (std::size_t c = 0; c < classes.size(); ++c) {
    if (counts[0][c] == 0) {
      faults.error(place_of_key(spec, key_of(Part::train)), "class `" + classes[c] + "` has no image in train");
      continue;
    }
    for (const std::size_t p : {std::size_t{1}, std::size_t{2}})
      if (counts[p][c] == 0 && !parts[p].empty())
        warnings.push_back(data_warning(spec, key_of(all_parts[p]),
                                        "class `" + classes[c] + "` has no image in " + to_string(all_parts[p])));
  }
  faults.throw_errors();
}

}  // namespace rxrun
