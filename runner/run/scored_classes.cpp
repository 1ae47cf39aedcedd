#include "run/scored_classes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "data/relabelled.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

bool has(const std::vector<std::string>& classes, const std::string& name) {
  return std::find(classes.begin(), classes.end(), name) != classes.end();
}

std::string listed(const std::vector<std::string>& classes) {
  return printable(fmt::format("{}", fmt::join(classes, ", ")));
}

[[noreturn]] void refuse(const std::string& word, const std::vector<std::string>& theirs,
                         const std::vector<std::string>& ours) {
  const std::string left = word.substr(0, word.find('='));
  const bool joined = word.find('=') != std::string::npos;
  const std::string right = joined ? word.substr(left.size() + 1) : "";
  const bool left_is_wrong = !has(theirs, left);
  const auto nearest = left_is_wrong ? nearest_name(left, theirs) : nearest_name(right, ours);
  throw Error(Failure::usage,
              !joined ? fmt::format("--map-classes expects THEIRS=OURS, found `{}`", printable(word))
              : left_is_wrong
                  ? fmt::format("--map-classes {}: the data has no class `{}`", printable(word), printable(left))
                  : fmt::format("--map-classes {}: the run has no class `{}`", printable(word), printable(right)),
              nearest && joined ? fmt::format("did you mean `{}`?", printable(*nearest))
                                : fmt::format("the data has {}; the run has {}", listed(theirs), listed(ours)));
}

// Names of classes may have a `=` in them.
std::map<std::string, std::string> renaming(const std::vector<std::string>& words,
                                            const std::vector<std::string>& theirs,
                                            const std::vector<std::string>& ours) {
  std::map<std::string, std::string> renamed;
  for (const std::string& word : words) {
    std::size_t at = word.find('=');
    while (at != std::string::npos && !(has(theirs, word.substr(0, at)) && has(ours, word.substr(at + 1))))
      at = word.find('=', at + 1);
    if (at == std::string::npos) refuse(word, theirs, ours);
    const std::string left = word.substr(0, at), right = word.substr(at + 1);
    if (const auto [earlier, is_new] = renamed.emplace(left, right); !is_new && earlier->second != right)
      throw Error(Failure::usage, fmt::format("--map-classes: class `{}` of the data is to be both `{}` and `{}`",
                                              printable(left), printable(earlier->second), printable(right)));
  }
  return renamed;
}

}  // namespace

ScoredClasses with_classes_of(std::int64_t run, const std::vector<std::string>& classes,
                              std::shared_ptr<const Source> source, const std::vector<std::string>& renamed) {
  const std::vector<std::string>& theirs = source->classes();
  const std::map<std::string, std::string> names = renaming(renamed, theirs, classes);
  std::vector<bool> has_images(theirs.size());
  for (const Sample& sample : source->samples()) has_images[static_cast<std::size_t>(sample.label)] = true;
  std::vector<std::int64_t> labels;
  for (const std::string& name : theirs) {
    const auto other = names.find(name);
    const auto ours = std::find(classes.begin(), classes.end(), other == names.end() ? name : other->second);
    if (ours == classes.end() && !has_images[labels.size()]) {  // "0", where labels are numbers from 1
      labels.push_back(0);
      continue;
    }
    if (ours == classes.end())
      throw Error(
          Failure::usage,
          fmt::format("the classes of this data are {}, those of run {} are {}", listed(theirs), run, listed(classes)),
          fmt::format("say which of the run's `{0}` is, with --other-data --map-classes '{0}=CLASS'", printable(name)));
    labels.push_back(ours - classes.begin());
  }
  const bool same = theirs == classes && std::is_sorted(labels.begin(), labels.end(), std::less_equal<>());
  ScoredClasses scored{.source = same ? source : relabelled(source, classes, labels), .missing = {}};
  std::vector<bool> present(classes.size());
  for (const Sample& sample : scored.source->samples()) present[static_cast<std::size_t>(sample.label)] = true;
  for (std::size_t i = 0; i < classes.size(); ++i)
    if (!present[i]) scored.missing.push_back(classes[i]);
  return scored;
}

}  // namespace rxrun
