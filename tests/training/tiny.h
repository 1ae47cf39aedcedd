// A network and a data set small enough to train in a test, made by hand: no plugin, no file.
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "data/dataset.h"
#include "data/source.h"
#include "network/network.h"
#include "random/random.h"
#include "rxrun/layer.h"

namespace rxrun::tiny {

class Conv final : public Layer {
 public:
  Conv(const Shape& input, std::int64_t channels) : Layer(input) {
    set_output_shape({channels, input[1], input[2]});
    parameter("weight", weight_, {channels, input[0], 3, 3}, kaiming_normal(channels * 9));
  }
  torch::Tensor forward(const torch::Tensor& x) override { return at::conv2d(x, weight_, {}, 1, 1); }

 private:
  torch::Tensor weight_;
};

class BatchNorm final : public Layer {
 public:
  explicit BatchNorm(const Shape& input) : Layer(input) {
    parameter("weight", weight_, {input[0]}, constant(1.0));
    parameter("bias", bias_, {input[0]}, constant(0.0));
    buffer("running_mean", mean_, {input[0]}, constant(0.0));
    buffer("running_var", variance_, {input[0]}, constant(1.0));
    buffer("num_batches_tracked", batches_, {}, constant(0.0), torch::kLong);
  }
  torch::Tensor forward(const torch::Tensor& x) override {
    if (training()) batches_.add_(1);
    return at::batch_norm(x, weight_, bias_, mean_, variance_, training(), 0.1, 1e-5, false);
  }

 private:
  torch::Tensor weight_, bias_, mean_, variance_, batches_;
};

class Relu final : public Layer {
 public:
  explicit Relu(const Shape& input) : Layer(input) {}
  torch::Tensor forward(const torch::Tensor& x) override { return at::relu(x); }
};

class Dropout final : public Layer {
 public:
  explicit Dropout(const Shape& input) : Layer(input) { declare_random(); }
  torch::Tensor forward(const torch::Tensor& x) override {
    if (!training()) return x.clone();
    return x * at::empty_like(x).bernoulli_(0.8, generator()) / 0.8;
  }
};

// Mean over height and width, then linear.
class Head final : public Layer {
 public:
  Head(const Shape& input, std::int64_t classes) : Layer(input) {
    set_output_shape({classes});
    parameter("weight", weight_, {classes, input[0]}, fan_in_uniform(input[0]));
    parameter("bias", bias_, {classes}, fan_in_uniform(input[0]));
  }
  torch::Tensor forward(const torch::Tensor& x) override { return at::linear(x.mean({2, 3}), weight_, bias_); }

 private:
  torch::Tensor weight_, bias_;
};

// x, until the n-th forward in training, which gives infinities.
class Bomb final : public Layer {
 public:
  Bomb(const Shape& input, std::int64_t fuse) : Layer(input), fuse_(fuse) {}
  torch::Tensor forward(const torch::Tensor& x) override {
    if (training() && ++calls_ >= fuse_) return x / 0.0;
    return x * 1.0;
  }

 private:
  std::int64_t fuse_, calls_ = 0;
};

template <typename L, typename... Options>
void add(Network& network, const std::string& path, Options... options) {
  const Shape input = network.layers.empty() ? network.input : network.layers.back().module->output_shape();
  NetworkLayer layer;
  layer.path = path;
  layer.layer = path;
  layer.type_name = path;
  layer.label = "layer `" + path + "`";
  layer.module = std::make_shared<L>(input, options...);
  network.layers.push_back(std::move(layer));
}

constexpr int side = 8;

inline Network network(std::int64_t width = 6, std::int64_t fuse = 0) {
  Network network;
  network.input = {3, side, side};
  network.classes = 2;
  add<Conv>(network, "conv1", width);
  add<BatchNorm>(network, "bn1");
  add<Relu>(network, "relu");
  if (fuse > 0) add<Bomb>(network, "bomb", fuse);
  add<Dropout>(network, "dropout");
  add<Head>(network, "fc", std::int64_t{2});
  return network;
}

class MemorySource final : public Source {
 public:
  explicit MemorySource(std::int64_t images) {
    listing_.classes = {"plain", "striped"};
    for (std::int64_t i = 0; i < images; ++i) {
      listing_.samples.push_back(
          {.name = "image" + std::to_string(i), .label = i % 2, .group = std::to_string(i), .part = ""});
    }
  }
  // Class 1 is striped, class 0 is not; both are noisy.
  Image decode(std::size_t index, std::string* = nullptr) const override {
    Image image{.height = side, .width = side, .channels = 3, .pixels = {}};
    RandomStream random(99, Purpose::sample, index);
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side * 3; ++x)
        image.pixels.push_back(static_cast<std::uint8_t>(60 + 100 * random.uniform() + (index % 2 && y % 2 ? 60 : 0)));
    }
    return image;
  }
};

// The first `train` images for training, then `validation`, then `test`.
inline Dataset dataset(std::int64_t train = 33, std::int64_t validation = 10, std::int64_t test = 9) {
  Dataset dataset;
  const auto source = std::make_shared<MemorySource>(train + validation + test);
  dataset.source = source;
  dataset.classes = source->classes();
  dataset.channels = 3;
  dataset.image_size = side;
  dataset.images = ImageStore(static_cast<std::size_t>(train + validation + test), side * side * 3);
  for (std::int64_t i = 0; i < train + validation + test; ++i) {
    dataset.parts[i < train ? 0 : i < train + validation ? 1 : 2].push_back(i);
    const Image image = source->decode(static_cast<std::size_t>(i));
    std::copy(image.pixels.begin(), image.pixels.end(), dataset.images.image(static_cast<std::size_t>(i)).begin());
  }
  dataset.mean = {0.5f, 0.5f, 0.5f};
  dataset.deviation = {0.25f, 0.25f, 0.25f};
  return dataset;
}

inline Experiment experiment() {
  Experiment experiment;
  experiment.name = "tiny";
  experiment.seed = 7;
  experiment.data.image_size = side;
  experiment.data.batch = 8;
  experiment.data.augment.horizontal_flip = true;
  experiment.training.epochs = 4;
  experiment.training.optimizer.lr = 0.01;
  experiment.training.precision = Precision::float32;
  experiment.machine.device = "cpu";
  experiment.machine.threads = 1;
  experiment.machine.loader_threads = 1;
  return experiment;
}

}  // namespace rxrun::tiny
