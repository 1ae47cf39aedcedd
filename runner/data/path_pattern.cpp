#include "data/path_pattern.h"

#include <fnmatch.h>

#include <algorithm>
#include <vector>

namespace rxrun {
namespace {

std::vector<std::string> names_in(std::string_view path) {
  std::vector<std::string> names;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) names.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return names;
}

bool matches_name(const std::string& name, const std::string& pattern) {
  return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

}  // namespace

bool matches_pattern(std::string_view path, std::string_view pattern) {
  const std::vector<std::string> names = names_in(path), wanted = names_in(pattern);
  if (wanted.empty()) return false;
  if (pattern.find('/') == std::string_view::npos)
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return matches_name(name, wanted.front()); });
  // reached[i]: the patterns so far can stand for the first i names.
  std::vector<bool> reached(names.size() + 1, false);
  reached[0] = true;
  for (const std::string& one : wanted) {
    std::vector<bool> next(names.size() + 1, false);
    bool any_before = false;
    for (std::size_t i = 0; i <= names.size(); ++i) {
      any_before = any_before || reached[i];
      next[i] = one == "**" ? any_before : i > 0 && reached[i - 1] && matches_name(names[i - 1], one);
    }
    reached = std::move(next);
  }
  // At a folder above is enough: all that is in it is meant.
  return std::find(reached.begin(), reached.end(), true) != reached.end();
}

}  // namespace rxrun
