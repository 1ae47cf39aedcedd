// Images of one source as those of other classes: a data set that names them otherwise, or lacks some.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/source.h"

namespace rxrun {

// `labels`: of each class of the source the one that it is of `classes`.
std::shared_ptr<const Source> relabelled(std::shared_ptr<const Source> source, std::vector<std::string> classes,
                                         const std::vector<std::int64_t>& labels);

}  // namespace rxrun
