#include "experiment/split_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "experiment/node_values.h"

namespace rxrun {

namespace {

// "train", "val", "test" or "eval" for a word that means it, else empty.
std::string part_of_word(std::string_view word) {
  static const std::map<std::string_view, const char*> parts = {
      {"train", "train"},    {"training", "train"},  {"trn", "train"},      {"val", "val"},      {"valid", "val"},
      {"validation", "val"}, {"validate", "val"},    {"validating", "val"}, {"dev", "val"},      {"development", "val"},
      {"test", "test"},      {"testing", "test"},    {"tst", "test"},       {"holdout", "test"}, {"t10k", "test"},
      {"eval", "eval"},      {"evaluation", "eval"}, {"evaluate", "eval"}};
  const auto found = parts.find(word);
  return found == parts.end() ? "" : found->second;
}

bool means_nothing(std::string_view word) {
  static constexpr std::array<std::string_view, 14> words = {"set", "data",   "dataset", "images",  "image",
                                                             "img", "imgs",   "split",   "samples", "subset",
                                                             "seg", "folder", "dir",     "part"};
  const bool year = word.size() == 4 && word.find_first_not_of("0123456789") == std::string_view::npos;
  return word.empty() || year || std::find(words.begin(), words.end(), word) != words.end();
}

// "trainset" and "val2017" are two words each.
std::string part_of_joined(std::string_view word) {
  for (std::size_t end = word.size(); end > 0; --end)
    if (means_nothing(word.substr(end)))
      if (std::string part = part_of_word(word.substr(0, end)); !part.empty()) return part;
  return {};
}

std::string part_meant(const std::string& name) {
  std::string found, joined;
  bool several = false;
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find_first_of("_- .", at), name.size());
    std::string word;
    for (const char c : name.substr(at, end - at))
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    at = end + 1;
    joined += word;
    if (means_nothing(word)) continue;
    several = several || !found.empty();
    found = std::move(word);
  }
  return part_of_joined(several ? joined : found);  // "hold-out"
}

}  // namespace

bool is_part_name(const std::string& name) { return !part_meant(name).empty(); }

std::string canonical_part(const std::string& part) {
  std::string meant = part_meant(part);
  return meant.empty() ? part : meant;
}

bool is_test_part(const std::string& part) { return canonical_part(part) == "test"; }

std::vector<SplitFault> split_faults(const SplitSpec& split) {
  std::vector<SplitFault> faults;
  const std::pair<const char*, const SplitPart*> parts[] = {
      {"train", &split.train}, {"validation", &split.validation}, {"test", &split.test}};
  double sum = 0.0;
  for (const auto& [name, part] : parts) {
    const std::string* named = std::get_if<std::string>(part);
    if (!named) {
      sum += std::get<double>(*part);
      continue;
    }
    for (const auto& [earlier_name, earlier] : parts) {
      if (earlier == part) break;
      const std::string* other = std::get_if<std::string>(earlier);
      if (other && canonical_part(*other) == canonical_part(*named))
        faults.push_back({name, std::string("`") + name + "` is the same part as `" + earlier_name + "`",
                          "scores on images that were used for training or for picking weights mean little"});
    }
  }
  if (sum > 1.0 + split_tolerance)
    faults.push_back(
        {"", "the fractions of `split` sum to " + number_text(std::round(sum * 1e6) / 1e6) + ", more than 1", ""});
  else if (std::holds_alternative<std::string>(split.train) && sum >= 1.0 - split_tolerance)
    faults.push_back({"train", "the fractions drawn from `train` leave nothing of it",
                      "`validation` and `test` must sum to less than 1"});
  return faults;
}

}  // namespace rxrun
