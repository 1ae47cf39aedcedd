// Compiled where LibTorch has CUDA.
#include <ATen/cuda/CUDAGraph.h>

#include "training/step_graph.h"

namespace rxrun {
namespace {

class CudaGraph final : public Graph {
 public:
  std::vector<at::Tensor> record(const std::function<std::vector<at::Tensor>()>& work) override {
    graph_.capture_begin();
    std::vector<at::Tensor> results;
    try {
      results = work();
    } catch (...) {
      // Ends the capture, which the fault has made void, so that what is thrown is the fault itself.
      try {
        graph_.capture_end();
      } catch (const std::exception&) {
      }
      throw;
    }
    graph_.capture_end();
    return results;
  }
  void replay() override { graph_.replay(); }

 private:
  at::cuda::CUDAGraph graph_;
};

}  // namespace

std::unique_ptr<Graph> make_cuda_graph() { return std::make_unique<CudaGraph>(); }

}  // namespace rxrun
