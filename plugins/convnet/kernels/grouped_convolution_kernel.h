// The functions of grouped_convolution.h for the instruction set that this file is compiled for.
//
// The inputs of one block of channels are copied into float32 planes with their zero border first, so that the loops
// over taps see neither borders nor types. A block is as many channels as there are lanes, or one group where that is
// more; its planes of several small images lie one behind the other.
#pragma once

#include "grouped_convolution.h"
#include "scratch.h"
#include "vector.h"

namespace rxrun::kernels {
namespace {

using Index = std::int64_t;

inline Index smaller(Index a, Index b) { return a < b ? a : b; }
inline Index greater(Index a, Index b) { return a > b ? a : b; }
inline Index divide_up(Index a, Index b) { return (a + b - 1) / b; }

// Of a shape's split into tasks: it depends on the shape only, so that sums over images do not depend on the machine.
struct Split {
  explicit Split(const GroupedConvolution& shape)
      : block(greater(kLanes, shape.group_channels)),
        blocks(shape.channels / block),
        chunks(smaller(shape.batch, divide_up(64, blocks))) {}
  Index tasks() const { return blocks * chunks; }
  Index first_image(const GroupedConvolution& shape, Index chunk) const { return shape.batch * chunk / chunks; }

  Index block;  // channels
  Index blocks;
  Index chunks;  // of images
};

// For each channel of a group the permutation that gives every lane that channel of its own group.
struct GroupPermutations {
  explicit GroupPermutations(Index group_channels) {
    for (Index c = 0; c < smaller(group_channels, kLanes); ++c) {
      for (Index k = 0; k < kLanes; ++k)
        index[c][k] = static_cast<std::int32_t>(k / group_channels * group_channels + c);
    }
  }
  Integers index[kLanes];
};

// The channel of its group that lane needs: out of a vector by permutation, or, where all lanes are of one group, the
// number itself.
template <bool kBroadcast>
inline Vector group_channel(const float* pixel, const GroupPermutations& permutations, Index channel) {
  if constexpr (kBroadcast) return all_lanes(pixel[channel]);
  return permute(load(pixel), permutations.index[channel]);
}

// ---- planes ----

// Where an image lies in its plane.
struct PlaneShape {
  Index rows = 0, columns = 0;  // with the border
  Index top = 0, left = 0;      // of the image; negative: rows or columns that are left out
  Index image_rows = 0, image_columns = 0;
  Index pixels() const { return rows * columns; }
};

inline void clear(float* memory, Index numbers) {
  for (Index i = 0; i < numbers; i += kLanes) store(memory + i, Vector{});
}

template <typename Number>
void copy_images(const PlaneShape& plane, const Number* images, Index channels, Index block, Index count,
                 float* planes) {
  const Index first_row = greater(0, plane.top), last_row = smaller(plane.rows, plane.top + plane.image_rows);
  const Index first_column = greater(0, plane.left);
  const Index last_column = smaller(plane.columns, plane.left + plane.image_columns);
  for (Index n = 0; n < count; ++n) {
    for (Index i = first_row; i < last_row; ++i) {
      const Number* from =
          images + ((n * plane.image_rows + i - plane.top) * plane.image_columns - plane.left) * channels;
      float* to = planes + (n * plane.rows + i) * plane.columns * block;
      for (Index j = first_column; j < last_column; ++j) {
        for (Index c = 0; c < block; c += kLanes) store(to + j * block + c, load(from + j * channels + c));
      }
    }
  }
}

void copy_images(const PlaneShape& plane, NumberType type, const void* images, Index first, Index channels, Index block,
                 Index count, float* planes) {
  if (type == NumberType::float32) {
    copy_images(plane, static_cast<const float*>(images) + first, channels, block, count, planes);
  } else {
    copy_images(plane, static_cast<const Bfloat16*>(images) + first, channels, block, count, planes);
  }
}

// ---- forward, and the gradient of the input ----

// A correlation of planes with a few taps whose results are every `result_step`th pixel of the output.
struct Pass {
  PlaneShape plane;
  Index stride;         // between the windows of neighbouring results
  Index rows, columns;  // of results
  Index taps_height, taps_width;
  Index output_rows, output_columns, result_step, first_row, first_column;
  // Tap (u, v) is the weight at (tap_row + u · tap_step, tap_column + v · tap_step).
  Index tap_row, tap_column, tap_step;
  bool transposed;  // the results are inputs of the convolution
};

Pass forward_pass(const GroupedConvolution& s) {
  Pass pass{};
  pass.stride = s.stride;
  pass.rows = s.out_height;
  pass.columns = s.out_width;
  pass.taps_height = s.kernel_height;
  pass.taps_width = s.kernel_width;
  pass.plane = {(pass.rows - 1) * s.stride + s.kernel_height,
                (pass.columns - 1) * s.stride + s.kernel_width,
                s.padding_height,
                s.padding_width,
                s.height,
                s.width};
  pass.output_rows = s.out_height;
  pass.output_columns = s.out_width;
  pass.result_step = 1;
  pass.tap_step = 1;
  return pass;
}

// One direction of the input pixels s·a + remainder: of the taps only those that meet them, from the last to the first.
struct BackwardDirection {
  BackwardDirection(Index remainder, Index size, Index kernel, Index stride, Index padding)
      : results(divide_up(size - remainder, stride)) {
    const Index first_tap = (remainder + padding) % stride;
    taps = first_tap < kernel ? divide_up(kernel - first_tap, stride) : 0;
    last_tap = first_tap + (taps - 1) * stride;
    border = taps - 1 - (remainder + padding - first_tap) / stride;
  }
  Index results, taps, last_tap, border;
};

Pass backward_pass(const GroupedConvolution& s, Index row_remainder, Index column_remainder) {
  const BackwardDirection down(row_remainder, s.height, s.kernel_height, s.stride, s.padding_height);
  const BackwardDirection right(column_remainder, s.width, s.kernel_width, s.stride, s.padding_width);
  const bool none = down.taps == 0 || right.taps == 0;
  Pass pass{};
  pass.stride = 1;
  pass.rows = down.results;
  pass.columns = right.results;
  pass.taps_height = none ? 0 : down.taps;
  pass.taps_width = none ? 1 : right.taps;
  pass.plane = {pass.rows - 1 + greater(1, pass.taps_height),
                pass.columns - 1 + pass.taps_width,
                down.border,
                right.border,
                s.out_height,
                s.out_width};
  pass.output_rows = s.height;
  pass.output_columns = s.width;
  pass.result_step = s.stride;
  pass.first_row = row_remainder;
  pass.first_column = column_remainder;
  pass.tap_row = down.last_tap;
  pass.tap_column = right.last_tap;
  pass.tap_step = -s.stride;
  pass.transposed = true;
  return pass;
}

// Where the weights of one vector of channels lie, whose lanes are outputs or, transposed, inputs of the convolution.
struct LaneWeights {
  LaneWeights(const WeightStrides& strides, Index group, Index first_channel, bool transposed)
      : next(transposed ? strides.channel : strides.group_channel) {
    for (Index k = 0; k < kLanes; ++k) {
      const Index channel = first_channel + k, in_group = channel % group;
      lane[k] = transposed ? (channel - in_group) * strides.channel + in_group * strides.group_channel
                           : channel * strides.channel;
    }
  }
  Index lane[kLanes];
  Index next;  // from one of a group's channels that a lane meets to the next
};

// {vectors of the block, taps, group channels, lanes}
void pack_weights(const GroupedConvolution& shape, const Pass& pass, const float* weight, const WeightStrides& strides,
                  Index first_channel, Index block, float* packed) {
  for (Index vector = 0; vector < block; vector += kLanes) {
    const LaneWeights places(strides, shape.group_channels, first_channel + vector, pass.transposed);
    for (Index u = 0; u < pass.taps_height; ++u) {
      for (Index v = 0; v < pass.taps_width; ++v) {
        const float* tap = weight + (pass.tap_row + u * pass.tap_step) * strides.row +
                           (pass.tap_column + v * pass.tap_step) * strides.column;
        for (Index c = 0; c < shape.group_channels; ++c, packed += kLanes, tap += places.next) {
          for (Index k = 0; k < kLanes; ++k) packed[k] = tap[places.lane[k]];
        }
      }
    }
  }
}

// What the tiles of a pass have in common.
struct Tiling {
  const Pass* pass;
  const GroupPermutations* permutations;
  Index group, block, channels;
  NumberType type;
};

// Tiles of kRows × kColumns results in registers; an input is permuted once for the kTaps taps of a row that meet it.
template <int kTaps, int kStride, int kRows, int kColumns, bool kBroadcast>
struct Tile {
  static constexpr int kInputs = (kColumns - 1) * kStride + kTaps;

  static void sum(const Tiling& tiling, const float* const (&inputs)[kRows], const float* weights,
                  Vector (&sums)[kRows][kColumns]) {
    const Pass& pass = *tiling.pass;
    const Index group = tiling.group, block = tiling.block;
    for (int r = 0; r < kRows; ++r) {
      for (int t = 0; t < kColumns; ++t) sums[r][t] = Vector{};
    }
    for (Index u = 0; u < pass.taps_height; ++u) {
      for (Index v = 0; v < pass.taps_width; v += kTaps) {
        const Index first = (u * pass.plane.columns + v) * block;
        const float* tap = weights + (u * pass.taps_width + v) * group * kLanes;
        for (Index c = 0; c < group; ++c) {
          Vector in[kRows][kInputs];
          for (int r = 0; r < kRows; ++r) {
            for (int q = 0; q < kInputs; ++q) {
              in[r][q] = group_channel<kBroadcast>(inputs[r] + first + q * block, *tiling.permutations, c);
            }
          }
          for (int w = 0; w < kTaps; ++w) {
            const Vector factor = load(tap + (w * group + c) * kLanes);
            for (int r = 0; r < kRows; ++r) {
              for (int t = 0; t < kColumns; ++t) sums[r][t] += factor * in[r][t * kStride + w];
            }
          }
        }
      }
    }
  }

  // All results of `count` images, for one vector of channels. The last tiles of a row and of all rows overlap those
  // before, or themselves.
  static void run(const Tiling& tiling, Index count, const float* planes, const float* weights, void* output) {
    const Pass& pass = *tiling.pass;
    const Index rows = count * pass.rows;
    for (Index first = 0; first < rows; first += kRows) {
      const float* windows[kRows];
      Index results[kRows];
      for (int r = 0; r < kRows; ++r) {
        const auto row = static_cast<std::uint32_t>(smaller(first + r, rows - 1));
        const Index image = row / static_cast<std::uint32_t>(pass.rows), i = row - image * pass.rows;
        windows[r] = planes + (image * pass.plane.rows + i * kStride) * pass.plane.columns * tiling.block;
        results[r] = (image * pass.output_rows + pass.first_row + i * pass.result_step) * pass.output_columns +
                     pass.first_column;
      }
      for (Index next = 0; next < pass.columns; next += kColumns) {
        const Index column = smaller(next, pass.columns - kColumns);
        const float* inputs[kRows];
        for (int r = 0; r < kRows; ++r) inputs[r] = windows[r] + column * kStride * tiling.block;
        Vector sums[kRows][kColumns];
        sum(tiling, inputs, weights, sums);
        for (int r = 0; r < kRows; ++r) {
          for (int t = 0; t < kColumns; ++t) {
            const Index at = (results[r] + (column + t) * pass.result_step) * tiling.channels;
            if (tiling.type == NumberType::float32) {
              store(static_cast<float*>(output) + at, sums[r][t]);
            } else {
              store(static_cast<Bfloat16*>(output) + at, sums[r][t]);
            }
          }
        }
      }
    }
  }
};

using RunTiles = void (*)(const Tiling&, Index, const float*, const float*, void*);

template <int kTaps, int kStride, bool kBroadcast>
RunTiles choose_tile(Index columns) {
  if constexpr (kLanes >= 16) {
    if (columns >= 8) return Tile<kTaps, kStride, 1, 8, kBroadcast>::run;
    if (columns >= 4) return Tile<kTaps, kStride, 2, 4, kBroadcast>::run;
    if (columns >= 2) return Tile<kTaps, kStride, 4, 2, kBroadcast>::run;
  } else {  // fewer registers too
    if (columns >= 4) return Tile<kTaps, kStride, 1, 4, kBroadcast>::run;
    if (columns >= 2) return Tile<kTaps, kStride, 2, 2, kBroadcast>::run;
  }
  return Tile<kTaps, kStride, 4, 1, kBroadcast>::run;
}

template <int kTaps>
RunTiles choose_tile(const Pass& pass, Index group) {
  if (pass.stride == 1)
    return group < kLanes ? choose_tile<kTaps, 1, false>(pass.columns) : choose_tile<kTaps, 1, true>(pass.columns);
  return group < kLanes ? choose_tile<kTaps, 2, false>(pass.columns) : choose_tile<kTaps, 2, true>(pass.columns);
}

RunTiles choose_tile(const Pass& pass, Index group) {
  if (pass.taps_width % 3 == 0) return choose_tile<3>(pass, group);
  if (pass.taps_width % 2 == 0) return choose_tile<2>(pass, group);
  return choose_tile<1>(pass, group);
}

constexpr Index kPlanesBytes = 24 << 10;  // of images that are taken together: most of a first-level cache

void run_pass(const GroupedConvolution& shape, const Pass& pass, NumberType type, const void* input,
              const float* weight, const WeightStrides& strides, void* output, const Split& split, Index task) {
  if (pass.rows < 1 || pass.columns < 1) return;
  const GroupPermutations permutations(shape.group_channels);
  const Tiling tiling{&pass, &permutations, shape.group_channels, split.block, shape.channels, type};
  const Index first_channel = task % split.blocks * split.block, chunk = task / split.blocks;
  const Index first_image = split.first_image(shape, chunk), last_image = split.first_image(shape, chunk + 1);
  const Index plane = pass.plane.pixels() * split.block;
  const Index together = smaller(last_image - first_image, greater(1, kPlanesBytes / 4 / plane));
  const Index vector_weights = pass.taps_height * pass.taps_width * shape.group_channels * kLanes;
  float* const weights = thread_scratch(vector_weights * (split.block / kLanes) + together * plane);
  float* const planes = weights + vector_weights * (split.block / kLanes);

  pack_weights(shape, pass, weight, strides, first_channel, split.block, weights);
  clear(planes, together * plane);
  const RunTiles run = choose_tile(pass, shape.group_channels);
  const Index size = type == NumberType::float32 ? 4 : 2;
  for (Index image = first_image; image < last_image; image += together) {
    const Index count = smaller(together, last_image - image);
    const Index first_input = image * pass.plane.image_rows * pass.plane.image_columns * shape.channels + first_channel;
    copy_images(pass.plane, type, input, first_input, shape.channels, split.block, count, planes);
    for (Index vector = 0; vector < split.block; vector += kLanes) {
      const Index first_output =
          image * pass.output_rows * pass.output_columns * shape.channels + first_channel + vector;
      run(tiling, count, planes, weights + vector / kLanes * vector_weights,
          static_cast<char*>(output) + first_output * size);
    }
  }
}

void forward(const GroupedConvolution& shape, NumberType type, const void* x, const float* weight,
             const WeightStrides& strides, void* y, Index first_task, Index last_task) {
  const Pass pass = forward_pass(shape);
  for (Index task = first_task; task < last_task; ++task)
    run_pass(shape, pass, type, x, weight, strides, y, Split(shape), task);
}

void input_gradient(const GroupedConvolution& shape, NumberType type, const void* y_gradient, const float* weight,
                    const WeightStrides& strides, void* x_gradient, Index first_task, Index last_task) {
  for (Index task = first_task; task < last_task; ++task) {
    for (Index row = 0; row < shape.stride; ++row) {
      for (Index column = 0; column < shape.stride; ++column) {
        run_pass(shape, backward_pass(shape, row, column), type, y_gradient, weight, strides, x_gradient, Split(shape),
                 task);
      }
    }
  }
}

// ---- the gradient of the weight ----

// Lanes are channels of x. Adds to `sums`, {taps, group channels, lanes}, for kTaps taps and kChannels channels of the
// group.
template <int kTaps, int kChannels, bool kBroadcast>
void add_products(const GroupPermutations& permutations, const float* x, const std::int32_t* pixels, Index count,
                  const Index* taps, const float* y_gradient, Index block, Index group, Index channel, float* sums) {
  Vector sum[kTaps][kChannels];
  for (int tap = 0; tap < kTaps; ++tap) {
    for (int c = 0; c < kChannels; ++c) sum[tap][c] = load(sums + (tap * group + c) * kLanes);
  }
  for (Index pixel = 0; pixel < count; ++pixel) {
    Vector gradient[kChannels];
    for (int c = 0; c < kChannels; ++c)
      gradient[c] = group_channel<kBroadcast>(y_gradient + pixel * block, permutations, channel + c);
    const float* window = x + pixels[pixel];
    for (int tap = 0; tap < kTaps; ++tap) {
      const Vector input = load(window + taps[tap]);
      for (int c = 0; c < kChannels; ++c) sum[tap][c] += input * gradient[c];
    }
  }
  for (int tap = 0; tap < kTaps; ++tap) {
    for (int c = 0; c < kChannels; ++c) store(sums + (tap * group + c) * kLanes, sum[tap][c]);
  }
}

template <int kChannels, bool kBroadcast>
void add_all_taps(const GroupPermutations& permutations, const float* x, const std::int32_t* pixels, Index count,
                  const Index* taps, Index tap_count, const float* y_gradient, Index block, Index group, float* sums) {
  for (Index channel = 0; channel < group; channel += kChannels) {
    Index tap = 0;
    const auto add = [&](auto function, Index size) {
      for (; tap + size <= tap_count; tap += size) {
        function(permutations, x, pixels, count, taps + tap, y_gradient, block, group, channel,
                 sums + (tap * group + channel) * kLanes);
      }
    };
    add(add_products<9, kChannels, kBroadcast>, 9);
    add(add_products<3, kChannels, kBroadcast>, 3);
    add(add_products<1, kChannels, kBroadcast>, 1);
  }
}

using AddAllTaps = void (*)(const GroupPermutations&, const float*, const std::int32_t*, Index, const Index*, Index,
                            const float*, Index, Index, float*);

AddAllTaps choose_add(Index group) {
  constexpr int together = kLanes >= 16 ? 2 : 1;  // 9 × 2 sums fit 32 registers
  if (group == 1) return add_all_taps<1, false>;
  return group < kLanes ? add_all_taps<together, false> : add_all_taps<together, true>;
}

Index partial_size(const GroupedConvolution& shape) {
  return Split(shape).chunks * shape.channels * shape.group_channels * shape.kernel_height * shape.kernel_width;
}

constexpr Index kMostTaps = 121;

// What a chunk of images gives for a block of channels: {vectors of the block, taps, group channels, lanes}.
void sum_chunk(const GroupedConvolution& shape, NumberType type, const void* x, const void* y_gradient,
               const Split& split, Index task, float* sums) {
  const Index first_channel = task % split.blocks * split.block, chunk = task / split.blocks;
  const Index first_image = split.first_image(shape, chunk), last_image = split.first_image(shape, chunk + 1);
  const PlaneShape inputs = forward_pass(shape).plane;
  const PlaneShape outputs{shape.out_height, shape.out_width, 0, 0, shape.out_height, shape.out_width};
  const Index plane = inputs.pixels() * split.block, gradients = outputs.pixels() * split.block;
  const Index together = smaller(last_image - first_image, greater(1, kPlanesBytes / 4 / plane));
  float* const planes = thread_scratch(together * (plane + gradients + outputs.pixels()));
  float* const gradient_planes = planes + together * plane;
  auto* const pixels = reinterpret_cast<std::int32_t*>(gradient_planes + together * gradients);
  for (Index n = 0, at = 0; n < together; ++n) {
    for (Index i = 0; i < shape.out_height; ++i) {
      for (Index j = 0; j < shape.out_width; ++j, ++at) {
        pixels[at] = static_cast<std::int32_t>(
            ((n * inputs.rows + i * shape.stride) * inputs.columns + j * shape.stride) * split.block);
      }
    }
  }
  Index taps[kMostTaps];
  const Index tap_count = shape.kernel_height * shape.kernel_width;
  for (Index tap = 0; tap < tap_count; ++tap) {
    taps[tap] = (tap / shape.kernel_width * inputs.columns + tap % shape.kernel_width) * split.block;
  }

  const GroupPermutations permutations(shape.group_channels);
  const AddAllTaps add = choose_add(shape.group_channels);
  const Index vector_sums = tap_count * shape.group_channels * kLanes;
  clear(planes, together * plane);
  clear(sums, vector_sums * (split.block / kLanes));
  for (Index image = first_image; image < last_image; image += together) {
    const Index count = smaller(together, last_image - image);
    copy_images(inputs, type, x, image * shape.height * shape.width * shape.channels + first_channel, shape.channels,
                split.block, count, planes);
    copy_images(outputs, type, y_gradient, image * outputs.pixels() * shape.channels + first_channel, shape.channels,
                split.block, count, gradient_planes);
    for (Index vector = 0; vector < split.block; vector += kLanes) {
      add(permutations, planes + vector, pixels, count * outputs.pixels(), taps, tap_count, gradient_planes,
          split.block, shape.group_channels, sums + vector / kLanes * vector_sums);
    }
  }
}

void partial_weight_gradient(const GroupedConvolution& shape, NumberType type, const void* x, const void* y_gradient,
                             float* partial, Index first_task, Index last_task) {
  const Split split(shape);
  const Index size = partial_size(shape) / split.tasks();
  for (Index task = first_task; task < last_task; ++task)
    sum_chunk(shape, type, x, y_gradient, split, task, partial + task * size);
}

void sum_weight_gradient(const GroupedConvolution& shape, const float* partial, float* weight_gradient,
                         const WeightStrides& strides, Index first_task, Index last_task) {
  const Split split(shape);
  const Index group = shape.group_channels, size = split.block * shape.kernel_height * shape.kernel_width * group;
  for (Index block = first_task; block < last_task; ++block) {
    const float* from = partial + block * size;
    for (Index vector = 0; vector < split.block; vector += kLanes) {
      const LaneWeights places(strides, group, block * split.block + vector, true);
      for (Index u = 0; u < shape.kernel_height; ++u) {
        for (Index v = 0; v < shape.kernel_width; ++v) {
          float* to = weight_gradient + u * strides.row + v * strides.column;
          for (Index c = 0; c < group; ++c, from += kLanes, to += places.next) {
            Vector sum = load(from);
            for (Index chunk = 1; chunk < split.chunks; ++chunk) sum += load(from + chunk * split.blocks * size);
            for (Index k = 0; k < kLanes; ++k) to[places.lane[k]] = sum[k];
          }
        }
      }
    }
  }
}

constexpr Index kMostPixels = 520 * 520;  // of a plane, which is float32 and lies in memory as a whole

bool takes(const GroupedConvolution& s) {
  const Index group = s.group_channels;
  const bool known_group = group == 1 || group == 2 || group == 4 || group == 8 || group == 16 || group == 32;
  return known_group && s.batch > 0 && s.channels > 0 && s.channels % greater(16, group) == 0 &&
         (s.stride == 1 || s.stride == 2) && s.kernel_height >= 1 && s.kernel_width >= 1 && s.kernel_height <= 11 &&
         s.kernel_width <= 11 && s.out_height > 0 && s.out_width > 0 && s.padding_height >= 0 && s.padding_width >= 0 &&
         (s.height + 2 * s.padding_height) * (s.width + 2 * s.padding_width) < kMostPixels;
}

Index task_count(const GroupedConvolution& shape) { return Split(shape).tasks(); }
Index sum_task_count(const GroupedConvolution& shape) { return Split(shape).blocks; }

constexpr GroupedConvolutionKernels grouped_convolution_functions(InstructionSet set) {
  return {set,
          takes,
          task_count,
          forward,
          input_gradient,
          task_count,
          partial_size,
          partial_weight_gradient,
          sum_task_count,
          sum_weight_gradient};
}

}  // namespace
}  // namespace rxrun::kernels
