#include "random_fill.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "rxrun/parallel.h"
#include "rxrun/random_bits.h"

namespace rxrun::detail {
namespace {

using random_bits::golden_gamma;
using random_bits::mix;
using random_bits::unit;

std::uint64_t bits_at(std::uint64_t key, std::uint64_t index) { return mix(key + (index + 1) * golden_gamma); }

// Calls work(begin, end) for pieces that make up 0 ... count - 1, on several threads.
template <typename Work>
void in_pieces(std::int64_t count, const Work& work) {
  constexpr std::int64_t piece = 1 << 15;
  parallel_for((count + piece - 1) / piece,
               [&](std::int64_t first, std::int64_t last) { work(first * piece, std::min(last * piece, count)); });
}

template <typename T>
void fill_normal(T* values, std::int64_t count, double mean, double deviation, std::uint64_t key) {
  // Box-Muller on pairs; a pair's two numbers come from its own two words, so pieces can be filled in any order.
  in_pieces((count + 1) / 2, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t pair = begin; pair < end; ++pair) {
      const auto word = static_cast<std::uint64_t>(2 * pair);
      const double radius = deviation * std::sqrt(-2.0 * std::log(1.0 - unit(bits_at(key, word))));
      const double angle = 2.0 * std::numbers::pi * unit(bits_at(key, word + 1));
      values[2 * pair] = static_cast<T>(mean + radius * std::cos(angle));
      if (2 * pair + 1 < count) values[2 * pair + 1] = static_cast<T>(mean + radius * std::sin(angle));
    }
  });
}

template <typename T>
void fill_uniform(T* values, std::int64_t count, double low, double high, std::uint64_t key) {
  in_pieces(count, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      values[i] = static_cast<T>(low + (high - low) * unit(bits_at(key, static_cast<std::uint64_t>(i))));
    }
  });
}

template <typename T>
void fill_drawn(torch::Tensor& tensor, const Initializer& initial, std::uint64_t key) {
  if (initial.kind == Initializer::Kind::normal) {
    fill_normal(tensor.data_ptr<T>(), tensor.numel(), initial.a, initial.b, key);
  } else {
    fill_uniform(tensor.data_ptr<T>(), tensor.numel(), initial.a, initial.b, key);
  }
}

}  // namespace

std::uint64_t combine(std::uint64_t key, std::uint64_t value) { return mix(mix(key + golden_gamma) ^ value); }

void fill(torch::Tensor& tensor, const Initializer& initial, std::uint64_t key) {
  if (initial.kind == Initializer::Kind::constant) {
    tensor.fill_(initial.a);
  } else if (tensor.scalar_type() == torch::kDouble) {
    fill_drawn<double>(tensor, initial, key);
  } else {
    fill_drawn<float>(tensor, initial, key);
  }
}

}  // namespace rxrun::detail
