#include "training/update.h"

#include <cmath>

// One copy of a loop for each instruction set that this matters for; the program loader takes the best.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define RXRUN_FOR_EACH_INSTRUCTION_SET __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define RXRUN_FOR_EACH_INSTRUCTION_SET
#endif

namespace rxrun {

RXRUN_FOR_EACH_INSTRUCTION_SET
void update(const Stretch& stretch, const GradientRule& gradient_rule, const SgdRule& sgd) {
  const GradientRule gradient = gradient_rule;  // copies: no store can change them
  const SgdRule rule = sgd;
  float* __restrict p = stretch.parameter;
  const float* __restrict g = stretch.gradient;
  float* __restrict momentum = stretch.slots[0];
  if (momentum == nullptr) {
    for (std::int64_t i = 0; i < stretch.count; ++i)
      p[i] -= rule.rate * (g[i] * gradient.scale + gradient.decay * p[i]);
    return;
  }
  const float of_gradient = rule.nesterov ? 1.0f : 0.0f, of_momentum = rule.nesterov ? rule.momentum : 1.0f;
  for (std::int64_t i = 0; i < stretch.count; ++i) {
    const float here = g[i] * gradient.scale + gradient.decay * p[i];
    momentum[i] = momentum[i] * rule.momentum + here;
    p[i] -= rule.rate * (of_gradient * here + of_momentum * momentum[i]);
  }
}

RXRUN_FOR_EACH_INSTRUCTION_SET
void update(const Stretch& stretch, const GradientRule& gradient_rule, const AdamRule& adam) {
  const GradientRule gradient = gradient_rule;
  const AdamRule rule = adam;
  float* __restrict p = stretch.parameter;
  const float* __restrict g = stretch.gradient;
  float* __restrict average = stretch.slots[0];
  float* __restrict square = stretch.slots[1];
  for (std::int64_t i = 0; i < stretch.count; ++i) {
    const float here = g[i] * gradient.scale + gradient.decay * p[i];
    average[i] = average[i] * rule.beta1 + here * rule.rest1;
    square[i] = square[i] * rule.beta2 + here * here * rule.rest2;
    p[i] = p[i] * rule.shrink - rule.size * average[i] / (std::sqrt(square[i]) / rule.correction + rule.epsilon);
  }
}

RXRUN_FOR_EACH_INSTRUCTION_SET
void update(const Stretch& stretch, const GradientRule& gradient_rule, const RmspropRule& rmsprop) {
  const GradientRule gradient = gradient_rule;
  const RmspropRule rule = rmsprop;
  float* __restrict p = stretch.parameter;
  const float* __restrict g = stretch.gradient;
  float* __restrict square = stretch.slots[0];
  float* __restrict momentum = stretch.slots[1];
  for (std::int64_t i = 0; i < stretch.count; ++i) {
    const float here = g[i] * gradient.scale + gradient.decay * p[i];
    square[i] = square[i] * rule.alpha + here * here * rule.rest;
    const float step = here / (std::sqrt(square[i]) + rule.epsilon);
    if (momentum == nullptr) {
      p[i] -= rule.rate * step;
    } else {
      momentum[i] = momentum[i] * rule.momentum + step;
      p[i] -= rule.rate * momentum[i];
    }
  }
}

RXRUN_FOR_EACH_INSTRUCTION_SET
void follow(float* average, const float* values, std::int64_t count, float share) {
  float* __restrict a = average;
  const float* __restrict v = values;
  for (std::int64_t i = 0; i < count; ++i) a[i] += share * (v[i] - a[i]);
}

RXRUN_FOR_EACH_INSTRUCTION_SET
double sum_of_squares(const float* values, std::int64_t count) {
  constexpr int kSums = 16;
  double sums[kSums] = {};
  std::int64_t i = 0;
  for (; i + kSums <= count; i += kSums) {
    for (int k = 0; k < kSums; ++k) sums[k] += static_cast<double>(values[i + k]) * values[i + k];
  }
  double sum = 0.0;
  for (; i < count; ++i) sum += static_cast<double>(values[i]) * values[i];
  for (const double part : sums) sum += part;
  return sum;
}

}  // namespace rxrun
