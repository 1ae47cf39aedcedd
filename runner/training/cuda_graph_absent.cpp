// Compiled where LibTorch has no CUDA.
#include "training/step_graph.h"

namespace rxrun {

std::unique_ptr<Graph> make_cuda_graph() { return nullptr; }

}  // namespace rxrun
