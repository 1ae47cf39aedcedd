#include "diagnostics/in_order_of_place.h"

#include <algorithm>
#include <string>
#include <tuple>

namespace rxrun {

std::vector<Diagnostic> in_order_of_place(std::vector<Diagnostic> found) {
  std::vector<std::string> files;
  for (const Diagnostic& diagnostic : found)
    if (std::find(files.begin(), files.end(), diagnostic.where.file) == files.end())
      files.push_back(diagnostic.where.file);
  const auto place = [&](const Diagnostic& diagnostic) {
    const auto& where = diagnostic.where;
    return std::tuple(std::find(files.begin(), files.end(), where.file) - files.begin(), where.line, where.column);
  };
  std::stable_sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return found;
}

}  // namespace rxrun
