#include "run/input_facts.h"

#include <algorithm>

#include "data/source.h"

namespace rxrun {

InputFacts input_facts(const Experiment& experiment, const std::vector<std::int64_t>& input, std::int64_t classes) {
  const bool positive = std::all_of(input.begin(), input.end(), [](std::int64_t side) { return side > 0; });
  if (!input.empty() && (input.size() != 3 || !positive))
    throw Error(Failure::usage, "`--input` must be channels, height and width, each at least 1",
                "for example --input 3x224x224");
  const DataSpec& data = experiment.data;
  InputFacts facts{input, classes > 0 ? classes : data.classes};
  if (facts.input.empty() && data.channels > 0) facts.input = {data.channels, data.image_size, data.image_size};
  if (!facts.input.empty() && facts.classes > 0) return facts;
  const auto source = open_source(data, experiment.seed);
  if (facts.input.empty()) facts.input = {source->channels(), data.image_size, data.image_size};
  if (facts.classes == 0) facts.classes = static_cast<std::int64_t>(source->classes().size());
  return facts;
}

}  // namespace rxrun
