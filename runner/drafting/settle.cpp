#include "drafting/settle.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "diagnostics/render.h"
#include "experiment/split_rules.h"

namespace rxrun {
namespace {

constexpr std::int64_t usual_size = 224;  // what networks for photographs are made for

std::string shape(const ImageLook& look) { return fmt::format("{}x{}", look.width, look.height); }

// The nearest of the usual ones.
std::int64_t rounded_size(std::int64_t side) { return side < 48 ? 32 : side < 96 ? 64 : side < 176 ? 128 : usual_size; }

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

// "left", "right" as a word of their own in a class's name.
bool names_a_side(const std::string& name) {
  std::string word;
  for (const char c : lower_case(name) + " ") {
    if (c >= 'a' && c <= 'z') {
      word += c;
      continue;
    }
    if (word == "left" || word == "right") return true;
    word.clear();
  }
  return false;
}

bool is_character_or_number(const std::string& name) {
  return name.size() == 1 || name.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

void settle_size(const SampledImages& sampled, DraftedData& data) {
  DataSpec& spec = data.spec;
  const std::vector<ImageLook>& looks = sampled.looks;
  std::map<std::pair<int, int>, std::size_t> sizes;
  std::vector<int> short_sides;
  double longest = 1.0;  // the most that a long side is longer than the short one
  for (const ImageLook& look : looks) {
    ++sizes[{look.width, look.height}];
    const auto [low, high] = std::minmax(look.width, look.height);
    short_sides.push_back(low);
    longest = std::max(longest, static_cast<double>(high) / low);
  }
  const auto common =
      std::max_element(sizes.begin(), sizes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto [width, height] = common->first;
  const bool one_size = sizes.size() == 1;
  const bool usable =
      width == height && width >= 8 && width <= usual_size && common->second * 10 >= looks.size() * 9;  // nine of ten
  std::nth_element(short_sides.begin(), short_sides.begin() + static_cast<std::ptrdiff_t>(looks.size() / 2),
                   short_sides.end());
  spec.image_size = usable ? width : rounded_size(short_sides[looks.size() / 2]);
  constexpr double little = 1.5;  // distorts no more than augmentation does
  spec.resize = longest <= little ? "stretch" : "pad";

  const auto smaller = [](const ImageLook& a, const ImageLook& b) { return a.width * a.height < b.width * b.height; };
  const auto [least, most] = std::minmax_element(looks.begin(), looks.end(), smaller);
  data.size_reason = one_size
                         ? fmt::format("all of {} looked at are {}x{}", counted(looks.size(), "image"), width, height)
                         : fmt::format("{} looked at are {} to {}, {} of them {}x{}", counted(looks.size(), "image"),
                                       shape(*least), shape(*most), common->second, width, height);
  if (!one_size || width != spec.image_size || height != spec.image_size)
    data.size_reason += fmt::format("; {} to {}x{}",
                                    spec.resize == "pad" ? "long ones are padded with black, not distorted, and resized"
                                    : longest > 1.0      ? "stretched"
                                                         : "resized",
                                    spec.image_size, spec.image_size);
}

void settle_channels(const SampledImages& sampled, int source_channels, DraftedData& data) {
  if (data.spec.channels != 0) return;  // asked for
  const std::vector<ImageLook>& looks = sampled.looks;
  const auto grey_files = std::count_if(looks.begin(), looks.end(), [](const ImageLook& l) { return l.channels == 1; });
  const bool all_grey = std::all_of(looks.begin(), looks.end(), [](const ImageLook& look) { return look.is_grey; });
  const auto all = static_cast<std::ptrdiff_t>(looks.size());
  if (grey_files < all && all_grey) {
    data.spec.channels = 1;
    data.channels_reason = "stored in colour, but no image looked at has any: the network sees grey";
  } else if (grey_files > 0 && grey_files < all) {
    data.spec.channels = 3;
    data.channels_reason =
        fmt::format("{} of {} looked at are grey and the others colour: the network sees colour", grey_files, all);
  } else if (grey_files == all && source_channels != 1) {
    data.spec.channels = source_channels;
    data.channels_reason = "the images looked at are grey, but others are in colour: the network sees colour";
  }
}

void settle_window(const SampledImages& sampled, DraftedData& data) {
  std::size_t wide = 0;
  Levels levels{.lowest = 65535, .highest = -32768};
  for (const ImageLook& look : sampled.looks) {
    if (!look.wide) continue;
    ++wide;
    levels.lowest = std::min(levels.lowest, look.wide->lowest);
    levels.highest = std::max(levels.highest, look.wide->highest);
  }
  if (wide == 0 || levels.lowest == levels.highest) return;
  data.spec.window = GreyWindow{.low = static_cast<double>(levels.lowest), .high = static_cast<double>(levels.highest)};
  data.window_reason =
      fmt::format("{} of {} looked at {} 16 bits, with values from {} to {}: these become black and white", wide,
                  counted(sampled.looks.size(), "image"), wide == 1 ? "has" : "have", levels.lowest, levels.highest);
}

void settle_split(const Listing& listing, DraftedData& data) {
  std::map<std::string, std::pair<std::string, std::int64_t>> parts;  // by meaning: as the source spells it, images
  std::set<std::string> other;
  std::int64_t without = 0;
  for (const Sample& sample : listing.samples) {
    if (sample.part.empty()) {
      ++without;
      continue;
    }
    const std::string meaning = canonical_part(sample.part);
    if (!is_part_name(meaning)) {
      other.insert(sample.part);
      continue;
    }
    auto& [name, images] = parts.try_emplace(meaning, sample.part, 0).first->second;
    ++images;
  }
  // Either of two, where it is not said which.
  if (parts.contains("eval")) {
    auto eval = parts.extract("eval");
    eval.key() = parts.contains("test") ? "val" : "test";
    if (!parts.contains(eval.key())) parts.insert(std::move(eval));
  }
  SplitSpec& split = data.spec.split;
  const auto own = [&](const std::string& meaning) { return parts.contains(meaning); };
  const auto unused = [&] {
    std::string text;
    for (const std::string& name : other) text += (text.empty() ? "" : ", ") + ("`" + printable(name) + "`");
    if (!text.empty()) text = "; not used: " + text;
    return text;
  };
  constexpr std::int64_t many = 20'000;
  if (!own("train") || parts.size() < 2) {
    const bool large = static_cast<std::int64_t>(listing.samples.size()) >= many;
    const double rest = large ? 0.1 : 0.15;
    split.train = large ? 0.8 : 0.7;
    split.validation = split.test = rest;
    data.split_reason = data.groups > 0 ? "drawn at random, groups kept whole" : "drawn at random, class by class";
    if (!other.empty() || !parts.empty())
      data.split_reason += "; the data's own parts are not heeded: name them here if they are meant";
    return;
  }
  const auto& [train, images] = parts.at("train");
  const double drawn = images >= many ? 0.05 : 0.15;
  split.train = train;
  split.validation = own("val") ? SplitPart(parts.at("val").first) : SplitPart(drawn);
  split.test = own("test") ? SplitPart(parts.at("test").first) : SplitPart(drawn);
  data.split_reason = "the data's own parts";
  if (!own("val")) data.split_reason += ", with a validation part drawn from its train";
  if (!own("test")) data.split_reason += ", with a test part drawn from its train";
  if (data.groups > 0 && !(own("val") && own("test"))) data.split_reason += ", groups kept whole";
  data.split_reason += unused();
  if (without > 0)
    data.split_reason +=
        fmt::format("; {} of no part {} not used", counted(without, "image"), without == 1 ? "is" : "are");
}

bool settle_mirroring(DraftedData& data) {
  constexpr std::size_t alphabet = 10;
  const std::vector<std::string>& classes = data.classes;
  const auto side = std::find_if(classes.begin(), classes.end(), names_a_side);
  if (side != classes.end()) {
    data.augment_reason = "not mirrored: the class " + printable(*side) + " names a side";
    return false;
  }
  if (classes.size() >= alphabet && std::all_of(classes.begin(), classes.end(), is_character_or_number)) {
    data.augment_reason =
        "not mirrored: the classes may be digits or letters; horizontal_flip: true for images whose mirror image is of "
        "the same class";
    return false;
  }
  data.augment_reason =
      "mirrored at random: take horizontal_flip out for digits, letters, left and right; add vertical_flip and "
      "rotate_90 "
      "for images without up and down (tissue, views from above)";
  return true;
}

std::string group_suggestion(const Listing& listing) {
  std::map<std::string, std::set<std::int64_t>> labels;  // by beginning
  for (const Sample& sample : listing.samples) {
    const std::string file = sample.name.substr(sample.name.rfind('/') + 1);
    const std::size_t end = file.find_first_of("_-");
    if (end == std::string::npos || end == 0) return {};
    labels[file.substr(0, end)].insert(sample.label);
  }
  constexpr std::size_t fewest_groups = 3, images_a_group = 3;
  const bool divides = labels.size() >= fewest_groups && labels.size() > listing.classes.size() &&
                       labels.size() * images_a_group <= listing.samples.size();
  return divides ? "^([^_-]+)[_-]" : "";
}

}  // namespace rxrun
