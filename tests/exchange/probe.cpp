// The experiment's network with the weights of a file: its logits for a file's images, and the weights written again.
//   exchange_probe EXPERIMENT WEIGHTS IMAGES LOGITS WEIGHTS_AGAIN, all but the first safetensors; IMAGES has a tensor
//   `images`
#include <torch/types.h>

#include <cstdio>
#include <cstdlib>

#include "diagnostics/render.h"
#include "experiment/read.h"
#include "network/forward.h"
#include "network/network.h"
#include "training/checkpoint.h"
#include "training/evaluate.h"
#include "training/initial_weights.h"
#include "training/machine.h"
#include "training/stored_tensors.h"

namespace {

using namespace rxrun;

void exchange(char** files) {
  setenv("RXRUN_PLUGIN_PATH", RXRUN_PLUGINS, 0);
  Diagnostics diagnostics;
  const ReadExperiment read = read_experiment(files[0], {}, diagnostics);
  const Catalog catalog = load_catalog(read.experiment.network, diagnostics);
  const CheckedNetwork checked = check_network(read.experiment.network, catalog, diagnostics);
  diagnostics.throw_errors();

  const Safetensors stored = read_safetensors(files[2]);
  const at::Tensor images = tensor_of(stored.tensors.at("images"));
  set_up_machine({.device = "cpu"}, Precision::float32);
  Network network = build_network(checked, images[0].sizes().vec(), 1000);
  const InitialWeights weights =
      read_initial_weights({.file = files[1], .except = {}, .where = {}, .except_where = {}}, network);
  prepare(network, 0, "cpu");
  fill(network, weights);

  const at::NoGradGuard no_gradient;
  set_training(network, false);
  const at::Tensor logits = forward(network, images).contiguous();
  write_safetensors(files[3], {{"logits", StoredType::f32, logits.sizes().vec(), logits.data_ptr(), logits.nbytes()}},
                    {});
  save_weights(files[4], network, "exchange", 1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  try {
    exchange(argv + 1);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s", render(error.diagnostics()).c_str());
    return 1;
  }
  return 0;
}
