// Every shipped network in evaluation, where convolutions are folded with what follows them, against its layers one by
// one, at its own image size.
#include <ATen/Context.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>

#include "experiment/read.h"
#include "network/forward.h"
#include "plugin/catalog.h"
#include "rxrun/layer.h"
#include "training/autocast.h"

namespace rxrun {
namespace {

using torch::Tensor;

Network build(const std::filesystem::path& file) {
  setenv("RXRUN_PLUGIN_PATH", RXRUN_TEST_PLUGINS, 1);
  Diagnostics diagnostics;
  const ReadExperiment read = read_experiment(file, {}, diagnostics);
  const Catalog catalog = load_catalog(read.experiment.network, diagnostics);
  const CheckedNetwork checked = check_network(read.experiment.network, catalog, diagnostics);
  diagnostics.throw_errors();
  const DataSpec& data = read.experiment.data;
  const std::int64_t channels = data.channels > 0 ? data.channels : 3;
  return build_network(checked, {channels, data.image_size, data.image_size}, 10);
}

// As training leaves a layer: no mean is 0, no variance 1.
void fill(Layer& layer) {
  layer.materialize(1, torch::kCPU);
  layer.set_training(false);
  const torch::NoGradGuard no_gradients;
  layer.visit_tensors([](const std::string& name, Layer::DeclaredTensor& tensor) {
    if (name.ends_with("running_var"))
      tensor.slot->uniform_(0.5, 1.5);
    else if (name.ends_with("running_mean") || name.ends_with("bias"))
      tensor.slot->normal_(0.0, 0.2);
  });
}

// What a layer computes, but for its numbers: as text, to tell the same one twice.
std::string kind_of(const NetworkLayer& layer) {
  std::ostringstream kind;
  const auto add = [&](const Shape& shape) { kind << " | " << at::IntArrayRef(shape); };
  kind << layer.layer;
  add(layer.module->input_shape());
  add(layer.module->output_shape());
  layer.module->visit_tensors([&](const std::string&, Layer::DeclaredTensor& tensor) { add(tensor.shape); });
  return kind.str();
}

// The largest difference over the largest number.
double apart(const Tensor& a, const Tensor& b) {
  const Tensor x = a.to(torch::kDouble), y = b.to(torch::kDouble);
  return ((x - y).abs().max() / y.abs().max()).item<double>();
}

// With gradients on, which folding leaves alone.
Tensor one_by_one(const NetworkLayer& layer, const Tensor& x, bool onednn) {
  at::globalContext().setUserEnabledMkldnn(onednn);
  Tensor y = layer.module->forward(x).detach();
  at::globalContext().setUserEnabledMkldnn(true);
  return y;
}

Tensor folded(const NetworkLayer& layer, const Tensor& x, Precision precision) {
  const torch::NoGradGuard no_gradients;
  const Autocast autocast(precision, "cpu");
  return layer.module->forward(x);
}

class Evaluation : public testing::TestWithParam<std::filesystem::path> {};

// Every layer and block, for random images of the size that it has in the network; of those that are alike, one.
TEST_P(Evaluation, ComputesWhatTheLayersDoOneByOne) {
  static std::set<std::string> done;
  torch::manual_seed(2);
  double float32 = 0.0, bfloat16 = 0.0;
  const Network network = build(GetParam());
  for (const NetworkLayer& layer : network.layers) {
    if (!done.insert(kind_of(layer)).second) continue;
    SCOPED_TRACE(layer.path);
    fill(*layer.module);
    Shape sizes = layer.module->input_shape();
    sizes.insert(sizes.begin(), network.input.back() > 64 ? 1 : 2);
    Tensor x = torch::randn(sizes);
    if (x.dim() == 4) x = x.contiguous(at::MemoryFormat::ChannelsLast);
    const Tensor expected = one_by_one(layer, x, /*onednn=*/false);
    const double as_layers = apart(one_by_one(layer, x, /*onednn=*/true), expected);
    const double as_folded = apart(folded(layer, x, Precision::float32), expected);
    EXPECT_LT(as_layers, 1e-5);
    EXPECT_LT(as_folded, 1e-5);
    // Each of a block's convolutions rounds its weights and its results to 8 bits.
    const double as_small = apart(folded(layer, x.to(torch::kBFloat16), Precision::bfloat16), expected);
    EXPECT_LT(as_small, 0.02);
    float32 = std::max({float32, as_layers, as_folded});
    bfloat16 = std::max(bfloat16, as_small);
  }
  std::cout << "  apart at most " << float32 << " in float32, " << bfloat16 << " in bfloat16\n";
}

std::vector<std::filesystem::path> shipped_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(RXRUN_SOURCE_DIR "/experiments"))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

INSTANTIATE_TEST_SUITE_P(Shipped, Evaluation, testing::ValuesIn(shipped_files()),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace rxrun
