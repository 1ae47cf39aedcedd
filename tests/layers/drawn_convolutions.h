// Convolutions drawn from all that can be declared, the same ones each time: for what is to hold of any of them.
#pragma once

#include <ostream>
#include <random>

#include "rxrun/layers/conv.h"

namespace rxrun::test {

struct DrawnConvolution {
  layers::Conv::Options options;
  Shape input;
  std::int64_t batch = 0;
};
std::ostream& operator<<(std::ostream& out, const DrawnConvolution& drawn);

class DrawnConvolutions {
 public:
  DrawnConvolution draw();

 private:
  std::int64_t one_of(const std::vector<std::int64_t>& choices);
  std::mt19937_64 engine_{1};
};

}  // namespace rxrun::test
