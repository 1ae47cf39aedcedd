// Experiment files drawn at random from the table of keys: every way in which each key may be written.
#pragma once

#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "experiment/key.h"

namespace rxrun {

class DrawnExperiments {
 public:
  explicit DrawnExperiments(std::uint64_t seed) : random_(seed) {}

  // The text of an experiment file. It breaks no rule of a key; it may break one between keys.
  std::string next();

  // A string of those that are hard to write, up to `longest` bytes.
  std::string hard_text(std::size_t shortest, std::size_t longest);

  // "data.channels as `auto`": the ways that were drawn so far, and all that the table has.
  const std::set<std::string>& drawn() const { return drawn_; }
  static std::set<std::string> all_ways();

 private:
  using Json = nlohmann::ordered_json;

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t number) { return below(number) == 0; }
  double share() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  template <typename Values>
  const auto& any_of(const Values& values) {
    return values[below(values.size())];
  }

  Json map_of(const std::vector<Key>& keys, const std::string& path);
  Json value_of(const Key& key, const std::string& path);
  Json number(const NumberForm& form);
  Json text(const TextForm& form, const std::string& path);
  Json list(const ListForm& form, const std::string& path);
  Json layer();
  Json stage(const std::vector<Key>& keys, const std::string& path);
  void add_open_values(Json& map);
  Json open_value();

  std::mt19937_64 random_;
  std::set<std::string> drawn_;
};

}  // namespace rxrun
