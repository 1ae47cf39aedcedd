// The optimizers' rules for numbers in float32 memory: everything that a step does to a parameter, in one pass over it.
// Includes no LibTorch.
#pragma once

#include <cstdint>

namespace rxrun {

// A stretch of a parameter, of its gradient and of what the optimizer keeps for it.
struct Stretch {
  float* parameter;
  const float* gradient;
  float* slots[2];  // in the order of Optimizer's slots; null where there are fewer
  std::int64_t count;
};

// What all rules begin with.
struct GradientRule {
  float scale = 1.0f;  // of the gradient, before all else
  float decay = 0.0f;  // of the parameter, added to the gradient
};

struct SgdRule {
  float rate, momentum;
  bool nesterov;
};
void update(const Stretch& stretch, const GradientRule& gradient, const SgdRule& rule);

// AdamW too: its decay shrinks the parameter first.
struct AdamRule {
  float shrink;        // 1, or less for AdamW
  float beta1, rest1;  // rest: 1 - beta, which float32 would not give to its last digit
  float beta2, rest2;
  float epsilon;
  float size;        // the rate over the correction of the first moment
  float correction;  // what the root of the second moment is divided by
};
void update(const Stretch& stretch, const GradientRule& gradient, const AdamRule& rule);

struct RmspropRule {
  float rate, alpha, rest, epsilon, momentum;  // rest: 1 - alpha
};
void update(const Stretch& stretch, const GradientRule& gradient, const RmspropRule& rule);

// average += share * (values - average)
void follow(float* average, const float* values, std::int64_t count, float share);

// In float64, in a fixed order.
double sum_of_squares(const float* values, std::int64_t count);

}  // namespace rxrun
