// How a parameter gets its first values. A description, so that a network can be counted before memory is taken.
#pragma once

#include <cstdint>

namespace rxrun {

struct Initializer {
  enum class Kind { constant, normal, uniform } kind = Kind::constant;
  double a = 0.0;  // constant: the value; normal: mean; uniform: low
  double b = 0.0;  // normal: deviation; uniform: high
  bool operator==(const Initializer&) const = default;
};

inline Initializer constant(double value) { return {Initializer::Kind::constant, value, 0.0}; }
inline Initializer normal(double mean, double deviation) { return {Initializer::Kind::normal, mean, deviation}; }
inline Initializer uniform(double low, double high) { return {Initializer::Kind::uniform, low, high}; }

// He et al. 2015 (arXiv 1502.01852), for ReLU networks: normal with deviation sqrt(2 / fan).
Initializer kaiming_normal(std::int64_t fan);
// uniform(-1/sqrt(fan_in), 1/sqrt(fan_in)): what PyTorch's convolution and linear layers start from.
Initializer fan_in_uniform(std::int64_t fan_in);

}  // namespace rxrun
