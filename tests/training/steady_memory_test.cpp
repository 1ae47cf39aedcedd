// After its first steps a training takes no more memory from the system: hardly a page is touched for the first time.
// A program of its own, as the allocator is set up before anything is allocated.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

#include "network/forward.h"
#include "rxrun/layers/residual.h"
#include "tiny.h"
#include "training/autocast.h"
#include "training/average.h"
#include "training/evaluate.h"
#include "training/loss.h"
#include "training/machine.h"
#include "training/optimizer.h"
#include "training/process.h"

namespace rxrun {
namespace {

class Block final : public layers::ResidualBlock {
 public:
  Block(const Shape& input, std::int64_t planes)
      : ResidualBlock(layers::bottleneck(planes, 2 * planes, 32, {1, 1}), {}, input) {}
};

// Of some tens of mebibytes of outputs.
constexpr std::int64_t kSide = 16, kBatch = 32;
Network network() {
  Network network;
  network.input = {3, kSide, kSide};
  network.classes = 2;
  tiny::add<tiny::Conv>(network, "conv1", std::int64_t{64});
  for (const char* name : {"layer1.0", "layer1.1"}) tiny::add<Block>(network, name, std::int64_t{64});
  tiny::add<tiny::Head>(network, "fc", std::int64_t{2});
  return network;
}

// Touches of pages for the first time, in the process's life.
long first_touches() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

void expect_steady(Precision precision, bool clipping) {
  const Machine machine = set_up_machine({.device = "cpu", .threads = 1}, precision);
  Network subject = network();
  prepare(subject, 1, machine.device);
  set_training(subject, true);
  Optimizer optimizer({.kind = OptimizerSpec::Kind::adam, .lr = 1e-3}, trainable_parameters(subject));
  WeightAverage average(subject, 0.99);
  const Loss loss({}, {1, 1}, machine.device);
  const at::Tensor pixels = at::randn({kBatch, 3, kSide, kSide}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor labels = at::randint(0, 2, {kBatch}, at::kLong);
  const auto step = [&] {
    at::Tensor logits;
    {
      const Autocast autocast(precision, machine.device);
      logits = forward(subject, pixels);
    }
    const at::Tensor value = loss.mean(logits, labels);
    average.step(optimizer,
                 {.rate = 1e-3, .max_norm = clipping ? 1.0 : 0.0, .differentiate = [&] { backward(value); }});
  };
  for (int i = 1; i <= 3; ++i) step();
  const long before = first_touches();
  for (int i = 4; i <= 10; ++i) step();
  // A block or two may still come to lie where the heap was not used yet; a step that gets its blocks anew touches
  // ten times as many.
  const long mebibyte = (1L << 20) / sysconf(_SC_PAGESIZE);
  EXPECT_LE(first_touches() - before, 12 * mebibyte);
}

TEST(SteadyMemory, OfAFloat32Step) { expect_steady(Precision::float32, false); }
TEST(SteadyMemory, OfABfloat16Step) { expect_steady(Precision::bfloat16, false); }
TEST(SteadyMemory, OfAStepThatClipsItsGradients) { expect_steady(Precision::bfloat16, true); }

}  // namespace
}  // namespace rxrun

int main(int argc, char** argv) {
  if (std::getenv("RXRUN_TEST_PLAIN_ALLOCATOR") == nullptr) rxrun::set_up_process();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
