// What the engine and the shipped layers give, as a few numbers each, beside the revisions (identity/revisions.h) that
// say when they change: tests/golden/revisions.txt.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugin/catalog.h"

namespace rxrun::test {

// Of the engine, or of one layer.
struct Figures {
  std::int64_t revision = 1;
  std::map<std::string, std::string> defaults;         // key or option → its default as text
  std::map<std::string, std::vector<double>> outputs;  // what was computed → numbers
};

using AllFigures = std::map<std::string, Figures>;  // "engine", "layer conv"

AllFigures read_figures(const std::string& text);  // throws std::runtime_error
std::string write_figures(const AllFigures& figures);

// How `now` differs from what is recorded: what a raised revision would explain, and what only has to be recorded (a
// key, a layer or a case that is new or gone, a revision that was raised).
struct Comparison {
  std::vector<std::string> unexplained;
  std::vector<std::string> to_record;
};
Comparison compare(const AllFigures& recorded, const AllFigures& now);

// `now` as it is to be recorded: figures that agree stay as they were, to the digit.
AllFigures updated(const AllFigures& recorded, const AllFigures& now);

// 1e-4 of the number, for other processors and versions of LibTorch round otherwise.
bool agree(const std::vector<double>& a, const std::vector<double>& b);

Figures engine_figures();
// The keys that are not at their default in some case of engine_figures.
std::set<std::string> exercised_keys();
Figures layer_figures(const PluginInfo& plugin, const LayerInfo& layer);

// Size of the values, and their product with fixed weights in relation to it: two numbers that change when any of many
// does. The values are float32, rounded otherwise elsewhere; the numbers are robust against that.
void summarize_into(const float* values, std::size_t count, std::vector<double>& numbers);

// Normal numbers that depend on the count and `key` alone.
std::vector<float> fixed_values(std::size_t count, std::uint64_t key);

}  // namespace rxrun::test
