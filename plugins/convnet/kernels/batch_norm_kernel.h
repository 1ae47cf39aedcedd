// The functions of batch_norm.h for the instruction set that this file is compiled for.
//
// A task is a chunk of pixels. It is walked through in the order of memory, or nearly so: four pixels side by side, so
// that what belongs to a channel is loaded once for the four; where channels are summed, 64 pixels of a block of
// channels at a time, whose sums stay in registers.
#pragma once

#include "batch_norm.h"
#include "vector.h"

namespace rxrun::kernels {
namespace {
namespace norm {

using Index = std::int64_t;

constexpr Index kChunkNumbers = 1 << 16;  // about as many are a task
constexpr Index kFloatPixels = 64;        // that are summed in float32
constexpr int kTogether = 4;              // pixels side by side

inline Index chunk_pixels(const NormalizedTensor& t) {
  const Index pixels = kChunkNumbers / t.channels / kFloatPixels * kFloatPixels;
  return pixels > kFloatPixels ? pixels : kFloatPixels;
}

bool takes(const NormalizedTensor& t) { return t.pixels > 0 && t.channels > 0 && t.channels % 16 == 0; }
Index tasks(const NormalizedTensor& t) { return (t.pixels + chunk_pixels(t) - 1) / chunk_pixels(t); }
Index sums_size(const NormalizedTensor& t) { return 2 * tasks(t) * t.channels; }

// Pixels first ... last - 1.
struct Chunk {
  Chunk(const NormalizedTensor& t, Index task)
      : first(task * chunk_pixels(t)), last(first + chunk_pixels(t) < t.pixels ? first + chunk_pixels(t) : t.pixels) {}
  Index first, last;
};

// Neighbouring channels: pairs of vectors, or a single one that is left over.
template <typename Number, int kVectors>
struct Channels {
  // The numbers of a pixel, or of each channel in the order in which those of a pixel come.
  static Channels of_pixel(const Number* from) {
    Channels channels;
    if constexpr (kVectors == 1) {
      channels.value[0] = load(from);
    } else {
      for (int v = 0; v < kVectors; v += 2) channels.set(v, load_pair(from + v * kLanes));
    }
    return channels;
  }
  static Channels of_channels(const float* from) {
    Channels channels;
    if constexpr (kVectors == 1) {
      channels.value[0] = load(from);
    } else {
      for (int v = 0; v < kVectors; v += 2)
        channels.set(v, load_channels(from + v * kLanes, static_cast<const Number*>(nullptr)));
    }
    return channels;
  }
  void to_pixel(Number* to) const {
    if constexpr (kVectors == 1) {
      store(to, value[0]);
    } else {
      for (int v = 0; v < kVectors; v += 2) store_pair(to + v * kLanes, {value[v], value[v + 1]});
    }
  }
  // The channel, from the first, of a vector's lane.
  static Index place(int vector, Index k) {
    if constexpr (kVectors == 1) return k;
    return vector / 2 * 2 * kLanes + place_in_pair(static_cast<const Number*>(nullptr), vector % 2, k);
  }
  void set(int v, const Pair& pair) {
    value[v] = pair.first;
    value[v + 1] = pair.second;
  }
  Vector value[kVectors];
};

// Memory is read far enough ahead by hand: the processor's own prefetching does not follow several tensors at a stride.
constexpr Index kPixelsAhead = 8;
template <int kVectors, typename Number>
inline void prefetch(const Number* from) {
  for (int line = 0; line < kVectors * kLanes * static_cast<int>(sizeof(Number)); line += 64)
    __builtin_prefetch(reinterpret_cast<const char*>(from) + line, 0, 2);
}
template <int kVectors, typename Number>
inline void prefetch_to_write(Number* to) {
  for (int line = 0; line < kVectors * kLanes * static_cast<int>(sizeof(Number)); line += 64)
    __builtin_prefetch(reinterpret_cast<char*>(to) + line, 1, 2);
}

// Calls tile.template operator()<kPixels, kVectors>(offset of the first number, first channel) until all pixels from
// `first` to `last` - 1 are done.
template <int kPixels, typename Tile>
void for_channels(Index channels, Index pixel, const Tile& tile) {
  Index channel = 0;
  for (; channel + 2 * kLanes <= channels; channel += 2 * kLanes)
    tile.template operator()<kPixels, 2>(pixel * channels + channel, channel);
  if (channel < channels) tile.template operator()<kPixels, 1>(pixel * channels + channel, channel);
}
template <typename Tile>
void for_tiles(Index channels, Index first, Index last, const Tile& tile) {
  Index pixel = first;
  for (; pixel + kTogether <= last; pixel += kTogether) for_channels<kTogether>(channels, pixel, tile);
  for (; pixel < last; ++pixel) for_channels<1>(channels, pixel, tile);
}

// Adds two sums a channel over `count` pixels, taken in float32, to `sums`. add(offset of a pixel's first channel,
// first sums, second sums) adds one pixel.
template <typename Number, int kVectors, typename Add>
void sum_block(Index channels, Index offset, Index count, double* sums, const Add& add) {
  Vector first[kVectors], second[kVectors];
  for (int v = 0; v < kVectors; ++v) first[v] = second[v] = Vector{};
  for (Index pixel = 0; pixel < count; ++pixel) add(offset + pixel * channels, first, second);
  float floats[2][kVectors * kLanes];
  for (int v = 0; v < kVectors; ++v) {
    store(floats[0] + v * kLanes, first[v]);
    store(floats[1] + v * kLanes, second[v]);
  }
  for (int v = 0; v < kVectors; ++v) {
    for (Index k = 0; k < kLanes; ++k) {
      const Index channel = Channels<Number, kVectors>::place(v, k);
      sums[channel] += floats[0][v * kLanes + k];
      sums[channels + channel] += floats[1][v * kLanes + k];
    }
  }
}

// Two sums a channel over the pixels of tasks. prepare.template operator()<kVectors>(first channel) gives sum_block's
// `add` for as many vectors of channels, which stay in registers over some pixels.
template <typename Number, typename Prepare>
void sum_tasks(const NormalizedTensor& t, Index first_task, Index last_task, double* sums, const Prepare& prepare) {
  for (Index task = first_task; task < last_task; ++task) {
    double* const to = sums + 2 * task * t.channels;
    for (Index i = 0; i < 2 * t.channels; ++i) to[i] = 0.0;
    const Chunk chunk(t, task);
    for (Index start = chunk.first; start < chunk.last; start += kFloatPixels) {
      const Index count = start + kFloatPixels < chunk.last ? kFloatPixels : chunk.last - start;
      Index channel = 0;
      const auto add_vectors = [&]<int kVectors>() {
        for (; channel + kVectors * kLanes <= t.channels; channel += kVectors * kLanes) {
          sum_block<Number, kVectors>(t.channels, start * t.channels + channel, count, to + channel,
                                      prepare.template operator()<kVectors>(channel));
        }
      };
      add_vectors.template operator()<4>();
      add_vectors.template operator()<2>();
      add_vectors.template operator()<1>();
    }
  }
}

void total(const NormalizedTensor& t, const double* sums, double* first, double* second) {
  for (Index c = 0; c < t.channels; ++c) first[c] = second[c] = 0.0;
  for (Index task = 0; task < tasks(t); ++task, sums += 2 * t.channels) {
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
void sum(const NormalizedTensor& t, const Number* x, const float* origin, double* sums, Index first_task,
         Index last_task) {
  sum_tasks<Number>(t, first_task, last_task, sums, [&]<int kVectors>(Index channel) {
    using Block = Channels<Number, kVectors>;
    return [x, ahead = kFloatPixels * t.channels, from = Block::of_channels(origin + channel)](Index at, Vector* first,
                                                                                               Vector* second) {
      prefetch<kVectors>(x + at + ahead);
      const Block input = Block::of_pixel(x + at);
      for (int v = 0; v < kVectors; ++v) {
        const Vector apart = input.value[v] - from.value[v];
        first[v] += apart;
        second[v] += apart * apart;
      }
    };
  });
}

template <typename Number, bool kResidual, bool kRelu>
void normalize(const NormalizedTensor& t, const Number* x, const float* scale, const float* shift,
               const Number* residual, Number* y, Index first_task, Index last_task) {
  for_tiles(t.channels, Chunk(t, first_task).first, Chunk(t, last_task - 1).last,
            [&]<int kPixels, int kVectors>(Index first, Index channel) {
              using Block = Channels<Number, kVectors>;
              const Block scales = Block::of_channels(scale + channel), shifts = Block::of_channels(shift + channel);
              const Index ahead = kPixelsAhead * t.channels;
              for (int pixel = 0; pixel < kPixels; ++pixel) {
                const Index at = first + pixel * t.channels;
                prefetch<kVectors>(x + at + ahead);
                if constexpr (kResidual) prefetch<kVectors>(residual + at + ahead);
                prefetch_to_write<kVectors>(y + at + ahead);
                Block value = Block::of_pixel(x + at);
                for (int v = 0; v < kVectors; ++v) value.value[v] = value.value[v] * scales.value[v] + shifts.value[v];
                if constexpr (kResidual) {
                  const Block added = Block::of_pixel(residual + at);
                  for (int v = 0; v < kVectors; ++v) value.value[v] += added.value[v];
                }
                if constexpr (kRelu) {
                  for (int v = 0; v < kVectors; ++v) value.value[v] = clip_at_zero(value.value[v]);
                }
                value.to_pixel(y + at);
              }
            });
}

template <typename Number>
void normalize(const NormalizedTensor& t, const void* x, const float* scale, const float* shift, const void* residual,
               bool relu, void* y, Index first_task, Index last_task) {
  const auto* from = static_cast<const Number*>(x);
  const auto* added = static_cast<const Number*>(residual);
  auto* to = static_cast<Number*>(y);
  const auto run = residual ? normalize<Number, true, true>
                   : relu   ? normalize<Number, false, true>
                            : normalize<Number, false, false>;
  run(t, from, scale, shift, added, to, first_task, last_task);
}

// ---- backward ----

using Gradient = BatchNormKernels::Gradient;

inline Vector where_positive(Vector condition, Vector value) { return condition > Vector{} ? value : Vector{}; }

// The factors of the mask by input; of other masks nothing is read.
template <typename Number, int kVectors, bool kByInput>
struct InputMask {
  InputMask(const Gradient& gradient, Index channel) {
    if constexpr (kByInput) {
      scales = Channels<Number, kVectors>::of_channels(gradient.scale + channel);
      shifts = Channels<Number, kVectors>::of_channels(gradient.shift + channel);
    }
  }
  void apply(const Channels<Number, kVectors>& input, Channels<Number, kVectors>& g) const {
    if constexpr (kByInput) {
      for (int v = 0; v < kVectors; ++v)
        g.value[v] = where_positive(input.value[v] * scales.value[v] + shifts.value[v], g.value[v]);
    }
  }
  Channels<Number, kVectors> scales, shifts;
};

template <typename Number, Mask kMask>
void sum_gradients(const NormalizedTensor& t, const Gradient& gradient, Number* masked, double* sums, Index first_task,
                   Index last_task) {
  const auto* dy = static_cast<const Number*>(gradient.y_gradient);
  const auto* x = static_cast<const Number*>(gradient.x);
  const auto* y = static_cast<const Number*>(gradient.y);
  sum_tasks<Number>(t, first_task, last_task, sums, [&]<int kVectors>(Index channel) {
    using Block = Channels<Number, kVectors>;
    const InputMask<Number, kVectors, kMask == Mask::by_input> mask(gradient, channel);
    return [=, ahead = kFloatPixels * t.channels, means = Block::of_channels(gradient.mean + channel)](
               Index at, Vector* first, Vector* second) {
      prefetch<kVectors>(x + at + ahead);
      prefetch<kVectors>(dy + at + ahead);
      if constexpr (kMask == Mask::by_output) {
        prefetch<kVectors>(y + at + ahead);
        prefetch_to_write<kVectors>(masked + at + ahead);
      }
      const Block input = Block::of_pixel(x + at);
      Block g = Block::of_pixel(dy + at);
      mask.apply(input, g);
      if constexpr (kMask == Mask::by_output) {
        const Block output = Block::of_pixel(y + at);
        for (int v = 0; v < kVectors; ++v) g.value[v] = where_positive(output.value[v], g.value[v]);
        g.to_pixel(masked + at);
      }
      for (int v = 0; v < kVectors; ++v) {
        first[v] += g.value[v];
        second[v] += g.value[v] * (input.value[v] - means.value[v]);
      }
    };
  });
}

template <typename Number>
void sum_gradients(const NormalizedTensor& t, const Gradient& gradient, void* masked, double* sums, Index first_task,
                   Index last_task) {
  const auto run = gradient.mask == Mask::none       ? sum_gradients<Number, Mask::none>
                   : gradient.mask == Mask::by_input ? sum_gradients<Number, Mask::by_input>
                                                     : sum_gradients<Number, Mask::by_output>;
  run(t, gradient, static_cast<Number*>(masked), sums, first_task, last_task);
}

template <typename Number, bool kByInput>
void input_gradient(const NormalizedTensor& t, const Gradient& gradient, const float* by_gradient,
                    const float* by_input, const float* constant, Number* dx, Index first_task, Index last_task) {
  const auto* dy = static_cast<const Number*>(gradient.y_gradient);
  const auto* x = static_cast<const Number*>(gradient.x);
  for_tiles(t.channels, Chunk(t, first_task).first, Chunk(t, last_task - 1).last,
            [&]<int kPixels, int kVectors>(Index first, Index channel) {
              using Block = Channels<Number, kVectors>;
              const Block means = Block::of_channels(gradient.mean + channel),
                          of_gradient = Block::of_channels(by_gradient + channel);
              const Block of_input = Block::of_channels(by_input + channel),
                          constants = Block::of_channels(constant + channel);
              const InputMask<Number, kVectors, kByInput> mask(gradient, channel);
              const Index ahead = kPixelsAhead * t.channels;
              for (int pixel = 0; pixel < kPixels; ++pixel) {
                const Index at = first + pixel * t.channels;
                prefetch<kVectors>(x + at + ahead);
                prefetch<kVectors>(dy + at + ahead);
                prefetch_to_write<kVectors>(dx + at + ahead);
                const Block input = Block::of_pixel(x + at);
                Block g = Block::of_pixel(dy + at);
                mask.apply(input, g);
                for (int v = 0; v < kVectors; ++v) {
                  g.value[v] = of_gradient.value[v] * g.value[v] +
                               of_input.value[v] * (input.value[v] - means.value[v]) + constants.value[v];
                }
                g.to_pixel(dx + at);
              }
            });
}

template <typename Number>
void input_gradient(const NormalizedTensor& t, const Gradient& gradient, const float* by_gradient,
                    const float* by_input, const float* constant, void* dx, Index first_task, Index last_task) {
  const auto run = gradient.mask == Mask::by_input ? input_gradient<Number, true> : input_gradient<Number, false>;
  run(t, gradient, by_gradient, by_input, constant, static_cast<Number*>(dx), first_task, last_task);
}

// ---- by type ----

void origin_of(const NormalizedTensor& t, const void* x, float* to) {
  if (t.type == NumberType::float32) return origin(t, static_cast<const float*>(x), to);
  origin(t, static_cast<const Bfloat16*>(x), to);
}

void sum_of(const NormalizedTensor& t, const void* x, const float* origin, double* sums, Index first_task,
            Index last_task) {
  if (t.type == NumberType::float32) return sum(t, static_cast<const float*>(x), origin, sums, first_task, last_task);
  sum(t, static_cast<const Bfloat16*>(x), origin, sums, first_task, last_task);
}

void normalize_any(const NormalizedTensor& t, const void* x, const float* scale, const float* shift,
                   const void* residual, bool relu, void* y, Index first_task, Index last_task) {
  const auto run = t.type == NumberType::float32 ? normalize<float> : normalize<Bfloat16>;
  if (first_task < last_task) run(t, x, scale, shift, residual, relu, y, first_task, last_task);
}

void sum_gradients_any(const NormalizedTensor& t, const Gradient& gradient, void* masked, double* sums,
                       Index first_task, Index last_task) {
  const auto run = t.type == NumberType::float32 ? sum_gradients<float> : sum_gradients<Bfloat16>;
  run(t, gradient, masked, sums, first_task, last_task);
}

void input_gradient_any(const NormalizedTensor& t, const Gradient& gradient, const float* by_gradient,
                        const float* by_input, const float* constant, void* dx, Index first_task, Index last_task) {
  const auto run = t.type == NumberType::float32 ? input_gradient<float> : input_gradient<Bfloat16>;
  if (first_task < last_task) run(t, gradient, by_gradient, by_input, constant, dx, first_task, last_task);
}

}  // namespace norm

constexpr BatchNormKernels batch_norm_functions(InstructionSet set) {
  return {set,
          norm::takes,
          norm::tasks,
          norm::sums_size,
          norm::origin_of,
          norm::sum_of,
          norm::normalize_any,
          norm::sum_gradients_any,
          norm::input_gradient_any,
          norm::total};
}

}  // namespace
}  // namespace rxrun::kernels
