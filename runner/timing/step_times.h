// A training step, timed part by part on synthetic images. Includes no LibTorch.
#pragma once

#include <cstdint>
#include <functional>

#include "experiment/experiment.h"
#include "network/network.h"
#include "timing/measurement.h"
#include "training/machine.h"

namespace rxrun {

using Clock = std::function<double()>;  // seconds since some moment
double steady_seconds();

// Trains `network` for `steps` steps (two more before, to warm up) on random images and labels, as `experiment` says:
// batch, precision, loss, optimizer, clipping and average. Each is followed by one in parts, whose weights move after
// the backward pass and not during it, and by each layer inside a block on its own down to `depth` (0: all, 1: none),
// so that a machine that slows down for a while slows down all alike. The parts may come to a little more than the
// step. Materialises the network. Fills everything but `experiment` and `loader`.
//
// Where a layer's backward ends is told by hooks on the layers' outputs: the gradient of a layer's output is complete
// when the backward of the layer behind it is done. Throws Error as training does. `clock` tells the times of the step
// and its parts; peak_flops has the real one.
Measurement measure_step(Network& network, const Experiment& experiment, const Machine& machine, std::int64_t steps,
                         int depth, const Clock& clock = steady_seconds);

// Floating-point operations a second of a product of two large square matrices, as such or as a 1×1 convolution: the
// best of several.
double peak_flops(Precision precision, const std::string& device);

}  // namespace rxrun
