#include "drawn_convolutions.h"

namespace rxrun::test {

std::ostream& operator<<(std::ostream& out, const DrawnConvolution& drawn) {
  const layers::Conv::Options& o = drawn.options;
  return out << drawn.batch << " images of " << layers::to_string(drawn.input) << " to " << o.channels
             << " channels, kernel " << layers::to_string(o.kernel) << ", stride " << layers::to_string(o.stride)
             << ", dilation " << layers::to_string(o.dilation) << ", " << o.groups << " groups"
             << (o.bias ? ", bias" : "");
}

std::int64_t DrawnConvolutions::one_of(const std::vector<std::int64_t>& choices) {
  return choices[engine_() % choices.size()];
}

DrawnConvolution DrawnConvolutions::draw() {
  DrawnConvolution drawn;
  layers::Conv::Options& o = drawn.options;
  o.groups = one_of({1, 1, 1, 2, 4, 8, 16, 32});
  drawn.input = {o.groups * one_of({1, 2, 3, 4, 8, 16}), one_of({1, 4, 7, 9, 14}), one_of({1, 4, 8, 11})};
  o.channels = o.groups * one_of({1, 2, 3, 4, 7, 8, 16});
  o.kernel = {one_of({1, 1, 3, 3, 5, 7}), one_of({1, 3, 3, 5})};
  o.stride = {one_of({1, 1, 2, 3}), one_of({1, 1, 2})};
  o.dilation = {one_of({1, 1, 1, 2}), one_of({1, 1, 3})};
  if (one_of({0, 1}) == 1) o.kernel.width = o.kernel.height;
  if (one_of({0, 1}) == 1) {
    o.stride.width = o.stride.height;
    o.dilation.width = o.dilation.height;
  }
  o.bias = one_of({0, 1}) == 1;
  drawn.batch = one_of({1, 2, 5});
  return drawn;
}

}  // namespace rxrun::test
