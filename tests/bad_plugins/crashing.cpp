// A plugin whose layer crashes in forward, and one that declares a layer's name twice: told apart by a definition.
#include <rxrun/plugin.h>

namespace {

class Crashing final : public rxrun::Layer {
 public:
  struct Options {};
  Crashing(const Options&, const rxrun::Shape& input) : Layer(input) {}
  torch::Tensor forward(const torch::Tensor& x) override {
    volatile int* volatile nowhere = nullptr;
    *nowhere = 1;
    return x;
  }
};

}  // namespace

RXRUN_PLUGIN("crashing", plugin) {
  plugin.layer<Crashing>("crashes_in_forward", "writes to address 0");
#if defined(DECLARES_TWICE)
  plugin.layer<Crashing>("crashes_in_forward", "again");
#endif
}
