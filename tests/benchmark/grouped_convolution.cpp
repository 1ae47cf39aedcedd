// The convolution kernels of plugins/convnet/kernels/ against LibTorch's convolution, for the grouped convolutions of
// the shipped experiments. Milliseconds, the least of some repetitions, as a table.
//
//   convolution_benchmark [THREADS]
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "engine_process.h"
#include "kernels/grouped_convolution.h"
#include "rxrun/parallel.h"
#include "training/machine.h"

namespace {

using namespace rxrun::kernels;

double least_milliseconds(const std::function<void()>& work) {
  double least = 1e9;
  for (int i = 0; i < 8; ++i) {
    const auto began = std::chrono::steady_clock::now();
    work();
    least =
        std::min(least, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
  }
  return least;
}

struct Case {
  std::int64_t batch, channels, group, size, stride;
};

void compare(const Case& c, at::ScalarType type) {
  const auto& kernels = grouped_convolution_kernels(best_instruction_set());
  const std::int64_t out = c.size / c.stride, groups = c.channels / c.group;
  const GroupedConvolution shape{c.batch, c.channels, c.group, c.size, c.size, out, out, 3, 3, c.stride, 1, 1};
  const NumberType number = type == at::kFloat ? NumberType::float32 : NumberType::bfloat16;
  const auto image = [&](std::int64_t size) {
    return at::randn({c.batch, c.channels, size, size}).to(type).contiguous(at::MemoryFormat::ChannelsLast);
  };
  const at::Tensor x = image(c.size), dy = image(out), y = image(out), dx = image(c.size);
  const at::Tensor weight = at::randn({c.channels, c.group, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast),
                   dw = at::empty_like(weight);
  const at::Tensor rounded = weight.to(type), partial = at::empty({kernels.partial_size(shape)});
  const WeightStrides strides{weight.stride(0), weight.stride(1), weight.stride(2), weight.stride(3)};
  const float* w = weight.data_ptr<float>();
  const auto in_tasks = [](std::int64_t tasks, const auto& work) { rxrun::parallel_for(tasks, work); };
  const auto backward = [&](bool of_input, bool of_weight) {
    at::convolution_backward(dy, x, rounded, c10::nullopt, {c.stride, c.stride}, {1, 1}, {1, 1}, false, {0, 0}, groups,
                             {of_input, of_weight, false});
  };
  const double theirs[] = {least_milliseconds([&] { at::conv2d(x, rounded, {}, c.stride, 1, 1, groups); }),
                           least_milliseconds([&] { backward(true, false); }),
                           least_milliseconds([&] { backward(false, true); })};
  const double ours[] = {
      least_milliseconds([&] {
        in_tasks(kernels.tasks(shape),
                 [&](auto a, auto b) { kernels.forward(shape, number, x.data_ptr(), w, strides, y.data_ptr(), a, b); });
      }),
      least_milliseconds([&] {
        in_tasks(kernels.tasks(shape), [&](auto a, auto b) {
          kernels.input_gradient(shape, number, dy.data_ptr(), w, strides, dx.data_ptr(), a, b);
        });
      }),
      least_milliseconds([&] {
        in_tasks(kernels.partial_tasks(shape), [&](auto a, auto b) {
          kernels.partial_weight_gradient(shape, number, x.data_ptr(), dy.data_ptr(), partial.data_ptr<float>(), a, b);
        });
        in_tasks(kernels.sum_tasks(shape), [&](auto a, auto b) {
          kernels.sum_weight_gradient(shape, partial.data_ptr<float>(), dw.data_ptr<float>(), strides, a, b);
        });
      })};
  std::printf("| %ld × %ld × %ld² / %ld | %ld | %s |", static_cast<long>(c.batch), static_cast<long>(c.channels),
              static_cast<long>(c.size), static_cast<long>(c.stride), static_cast<long>(c.group), c10::toString(type));
  for (int i = 0; i < 3; ++i) std::printf(" %.2f / %.2f = %.1f |", theirs[i], ours[i], theirs[i] / ours[i]);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  rxrun::take_engine_environment(argv);
  rxrun::set_up_process();
  rxrun::set_up_machine({.device = "cpu", .threads = argc > 1 ? std::atol(argv[1]) : 1}, rxrun::Precision::float32);
  std::printf(
      "| images / stride | channels a group | type | forward: LibTorch / kernels | gradient of x | gradient of the "
      "weight |\n| --- | ---: | --- | ---: | ---: | ---: |\n");
  constexpr Case cases[] = {
      {64, 64, 1, 16, 1},  {64, 64, 2, 16, 1},   {64, 128, 4, 16, 2},  {64, 128, 4, 8, 1},    {64, 256, 8, 8, 2},
      {64, 256, 8, 4, 1},  {64, 512, 16, 4, 2},  {64, 512, 16, 2, 1},  {16, 128, 4, 56, 1},   {16, 256, 8, 56, 2},
      {16, 256, 8, 28, 1}, {16, 512, 16, 28, 2}, {16, 512, 16, 14, 1}, {16, 1024, 32, 14, 2}, {16, 1024, 32, 7, 1},
  };
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const Case& c : cases) compare(c, type);
  }
}
