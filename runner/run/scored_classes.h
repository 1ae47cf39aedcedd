// Data that a run is to score as data of the run's classes, which decide the order of its outputs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/source.h"

namespace rxrun {

struct ScoredClasses {
  std::shared_ptr<const Source> source;  // under the run's classes
  std::vector<std::string> missing;      // of these, such as have no image there
};

// `renamed`: "theirs=ours", a class of the data and the run's that it is; several may be one. Throws Error for a word
// that says something else, and with all classes for data that has one which is none of the run's.
ScoredClasses with_classes_of(std::int64_t run, const std::vector<std::string>& classes,
                              std::shared_ptr<const Source> source, const std::vector<std::string>& renamed);

}  // namespace rxrun
