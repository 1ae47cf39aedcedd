// The functions of batch_norm.h for the instruction set that this file is compiled for.
//
// A task is a chunk of pixels and a block of channels whose numbers stay in registers.
#pragma once

#include "batch_norm.h"
#include "vector.h"

namespace rxrun::kernels {
namespace {
namespace norm {

using Index = std::int64_t;

constexpr Index kChunk = 1024;            // pixels of a task
constexpr Index kFloatPixels = 64;        // that are summed in float32
constexpr int kBlock = 4;                 // vectors of channels of a task

inline Index chunks(const NormalizedTensor& t) { return (t.pixels + kChunk - 1) / kChunk; }
inline Index blocks(const NormalizedTensor& t) { return (t.channels + kBlock * kLanes - 1) / (kBlock * kLanes); }

bool takes(const NormalizedTensor& t) { return t.pixels > 0 && t.channels > 0 && t.channels % 16 == 0; }
Index tasks(const NormalizedTensor& t) { return chunks(t) * blocks(t); }
Index sums_size(const NormalizedTensor& t) { return 2 * chunks(t) * t.channels; }

// The part of a tensor that a function works on: pixels first ... last - 1, and kVectors vectors of channels from `channel`.
struct Part {
  Index chunk, first_pixel, last_pixel, channel, channels;
};

// Calls work.template operator()<kVectors>(part) for the blocks of the tasks.
template <typename Work>
void for_tasks(const NormalizedTensor& t, Index first_task, Index last_task, const Work& work) {
  const Index block = kBlock * kLanes;
  for (Index task = first_task; task < last_task; ++task) {
    Part part{};
    part.chunk = task / blocks(t);
    part.first_pixel = part.chunk * kChunk;
    part.last_pixel = part.first_pixel + kChunk < t.pixels ? part.first_pixel + kChunk : t.pixels;
    part.channels = t.channels;
    part.channel = task % blocks(t) * block;
    if (part.channel + block <= t.channels) {
      work.template operator()<kBlock>(part);
      continue;
    }
    for (; part.channel < t.channels; part.channel += kLanes) work.template operator()<1>(part);
  }
}

template <int kVectors>
struct Channels {
  explicit Channels(const float* from) {
    for (int v = 0; v < kVectors; ++v) value[v] = load(from + v * kLanes);
  }
  Vector value[kVectors];
};

// Two sums a channel over a part's pixels. add(pixel's offset, first sums, second sums) adds one pixel.
template <int kVectors, typename Add>
void sum_part(const Part& part, double* sums, const Add& add) {
  double first[kVectors * kLanes] = {}, second[kVectors * kLanes] = {};
  for (Index start = part.first_pixel; start < part.last_pixel; start += kFloatPixels) {
    const Index end = start + kFloatPixels < part.last_pixel ? start + kFloatPixels : part.last_pixel;
    Vector a[kVectors], b[kVectors];
    for (int v = 0; v < kVectors; ++v) a[v] = b[v] = Vector{};
    for (Index pixel = start; pixel < end; ++pixel) add(pixel * part.channels + part.channel, a, b);
    float floats[2][kVectors * kLanes];
    for (int v = 0; v < kVectors; ++v) {
      store(floats[0] + v * kLanes, a[v]);
      store(floats[1] + v * kLanes, b[v]);
    }
    for (int k = 0; k < kVectors * kLanes; ++k) {
      first[k] += floats[0][k];
      second[k] += floats[1][k];
    }
  }
  double* to = sums + 2 * part.chunk * part.channels + part.channel;
  for (int k = 0; k < kVectors * kLanes; ++k) {
    to[k] = first[k];
    to[part.channels + k] = second[k];
  }
}

void total(const NormalizedTensor& t, const double* sums, double* first, double* second) {
  for (Index c = 0; c < t.channels; ++c) first[c] = second[c] = 0.0;
  for (Index chunk = 0; chunk < chunks(t); ++chunk, sums += 2 * t.channels) {
    for (Index c = 0; c < t.channels; ++c) {
      first[c] += sums[c];
      second[c] += sums[t.channels + c];
    }
  }
}

// ---- forward ----

// The mean of up to 16 pixels, spread over all.
template <typename Number>
void origin(const NormalizedTensor& t, const Number* x, float* origin) {
  const Index count = t.pixels < 16 ? t.pixels : 16;
  for (Index c = 0; c < t.channels; c += kLanes) {
    Vector sum{};
    for (Index i = 0; i < count; ++i) sum += load(x + t.pixels * i / count * t.channels + c);
    store(origin + c, sum / static_cast<float>(count));
  }
}

template <typename Number>
void sum(const NormalizedTensor& t, const Number* x, const float* origin, double* sums, Index first_task, Index last_task) {
  for_tasks(t, first_task, last_task, [&]<int kVectors>(const Part& part) {
    const Channels<kVectors> from(origin + part.channel);
    sum_part<kVectors>(part, sums, [&](Index at, Vector* a, Vector* b) {
      for (int v = 0; v < kVectors; ++v) {
        const Vector apart = load(x + at + v * kLanes) - from.value[v];
        a[v] += apart;
        b[v] += apart * apart;
      }
    });
  });
}

template <typename Number, bool kResidual, bool kRelu>
void normalize(const NormalizedTensor& t, const Number* x, const float* scale, const float* shift, const Number* residual, Number* y,
               Index first_task, Index last_task) {
  for_tasks(t, first_task, last_task, [&]<int kVectors>(const Part& part) {
    const Channels<kVectors> scales(scale + part.channel), shifts(shift + part.channel);
    for (Index pixel = part.first_pixel; pixel < part.last_pixel; ++pixel) {
      const Index at = pixel * part.channels + part.channel;
      for (int v = 0; v < kVectors; ++v) {
        Vector value = load(x + at + v * kLanes) * scales.value[v] + shifts.value[v];
        if constexpr (kResidual) value += load(residual + at + v * kLanes);
        if constexpr (kRelu) value = clip_at_zero(value);
        store(y + at + v * kLanes, value);
      }
    }
  });
}

template <typename Number>
void normalize(const NormalizedTensor& t, const void* x, const float* scale, const float* shift, const void* residual, bool relu, void* y,
               Index first_task, Index last_task) {
  const auto* from = static_cast<const Number*>(x);
  const auto* added = static_cast<const Number*>(residual);
  auto* to = static_cast<Number*>(y);
  const auto run = residual ? normalize<Number, true, true> : relu ? normalize<Number, false, true> : normalize<Number, false, false>;
  run(t, from, scale, shift, added, to, first_task, last_task);
}

// ---- backward ----

using Gradient = BatchNormKernels::Gradient;

inline Vector where_positive(Vector condition, Vector value) { return condition > Vector{} ? value : Vector{}; }

template <typename Number, Mask kMask>
void sum_gradients(const NormalizedTensor& t, const Gradient& gradient, Number* masked, double* sums, Index first_task, Index last_task) {
  const auto* dy = static_cast<const Number*>(gradient.y_gradient);
  const auto* x = static_cast<const Number*>(gradient.x);
  const auto* y = static_cast<const Number*>(gradient.y);
  for_tasks(t, first_task, last_task, [&]<int kVectors>(const Part& part) {
    const Channels<kVectors> means(gradient.mean + part.channel);
    const bool by_input = kMask == Mask::by_input;
    const Channels<kVectors> scales((by_input ? gradient.scale : gradient.mean) + part.channel);
    const Channels<kVectors> shifts((by_input ? gradient.shift : gradient.mean) + part.channel);
    sum_part<kVectors>(part, sums, [&](Index at, Vector* a, Vector* b) {
      for (int v = 0; v < kVectors; ++v) {
        const Index here = at + v * kLanes;
        const Vector input = load(x + here);
        Vector g = load(dy + here);
        if constexpr (kMask == Mask::by_input) g = where_positive(input * scales.value[v] + shifts.value[v], g);
        if constexpr (kMask == Mask::by_output) {
          g = where_positive(load(y + here), g);
          store(masked + here, g);
        }
        a[v] += g;
        b[v] += g * (input - means.value[v]);
      }
    });
  });
}

template <typename Number>
void sum_gradients(const NormalizedTensor& t, const Gradient& gradient, void* masked, double* sums, Index first_task, Index last_task) {
  const auto run = gradient.mask == Mask::none       ? sum_gradients<Number, Mask::none>
                   : gradient.mask == Mask::by_input ? sum_gradients<Number, Mask::by_input>
                                                     : sum_gradients<Number, Mask::by_output>;
  run(t, gradient, static_cast<Number*>(masked), sums, first_task, last_task);
}

template <typename Number, bool kByInput>
void input_gradient(const NormalizedTensor& t, const Gradient& gradient, const float* by_gradient, const float* by_input,
                    const float* constant, Number* dx, Index first_task, Index last_task) {
  const auto* dy = static_cast<const Number*>(gradient.y_gradient);
  const auto* x = static_cast<const Number*>(gradient.x);
  for_tasks(t, first_task, last_task, [&]<int kVectors>(const Part& part) {
    const Channels<kVectors> means(gradient.mean + part.channel), of_gradient(by_gradient + part.channel);
    const Channels<kVectors> of_input(by_input + part.channel), constants(constant + part.channel);
    const Channels<kVectors> scales((kByInput ? gradient.scale : constant) + part.channel);
    const Channels<kVectors> shifts((kByInput ? gradient.shift : constant) + part.channel);
    for (Index pixel = part.first_pixel; pixel < part.last_pixel; ++pixel) {
      const Index at = pixel * part.channels + part.channel;
      for (int v = 0; v < kVectors; ++v) {
        const Vector input = load(x + at + v * kLanes);
        Vector g = load(dy + at + v * kLanes);
        if constexpr (kByInput) g = where_positive(input * scales.value[v] + shifts.value[v], g);
        store(dx + at + v * kLanes, of_gradient.value[v] * g + of_input.value[v] * (input - means.value[v]) + constants.value[v]);
      }
    }
  });
}

template <typename Number>
void input_gradient(const NormalizedTensor& t, const Gradient& gradient, const float* by_gradient, const float* by_input,
                    const float* constant, void* dx, Index first_task, Index last_task) {
  const auto run = gradient.mask == Mask::by_input ? input_gradient<Number, true> : input_gradient<Number, false>;
  run(t, gradient, by_gradient, by_input, constant, static_cast<Number*>(dx), first_task, last_task);
}

// ---- by type ----

void origin_of(const NormalizedTensor& t, const void* x, float* to) {
  if (t.type == NumberType::float32) return origin(t, static_cast<const float*>(x), to);
  origin(t, static_cast<const Bfloat16*>(x), to);
}

void sum_of(const NormalizedTensor& t, const void* x, const float* origin, double* sums, Index first_task, Index last_task) {
  if (t.type == NumberType::float32) return sum(t, static_cast<const float*>(x), origin, sums, first_task, last_task);
  sum(t, static_cast<const Bfloat16*>(x), origin, sums, first_task, last_task);
}

void normalize_any(const NormalizedTensor& t, const void* x, const float* scale, const float* shift, const void* residual, bool relu,
                   void* y, Index first_task, Index last_task) {
  const auto run = t.type == NumberType::float32 ? normalize<float> : normalize<Bfloat16>;
  run(t, x, scale, shift, residual, relu, y, first_task, last_task);
}

void sum_gradients_any(const NormalizedTensor& t, const Gradient& gradient, void* masked, double* sums, Index first_task, Index last_task) {
  const auto run = t.type == NumberType::float32 ? sum_gradients<float> : sum_gradients<Bfloat16>;
  run(t, gradient, masked, sums, first_task, last_task);
}

void input_gradient_any(const NormalizedTensor& t, const Gradient& gradient, const float* by_gradient, const float* by_input,
                        const float* constant, void* dx, Index first_task, Index last_task) {
  const auto run = t.type == NumberType::float32 ? input_gradient<float> : input_gradient<Bfloat16>;
  run(t, gradient, by_gradient, by_input, constant, dx, first_task, last_task);
}

}  // namespace norm

constexpr BatchNormKernels batch_norm_functions(InstructionSet set) {
  return {set,           norm::takes,         norm::tasks,           norm::sums_size,          norm::origin_of,
          norm::sum_of,  norm::normalize_any, norm::sum_gradients_any, norm::input_gradient_any, norm::total};
}

}  // namespace
}  // namespace rxrun::kernels
