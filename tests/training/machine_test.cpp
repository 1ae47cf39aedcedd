#include "training/machine.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <torch/types.h>

#include <cstdlib>

#include "training/autocast.h"
#include "training/process.h"

namespace rxrun {
namespace {

using ::testing::HasSubstr;

TEST(Machine, SetsThreadsAndTellsWhatItIs) {
  const Machine machine = set_up_machine({.device = "cpu", .threads = 2}, Precision::float32);
  EXPECT_EQ(machine.device, "cpu");
  EXPECT_EQ(machine.threads, 2);
  EXPECT_EQ(at::get_num_threads(), 2);
  EXPECT_EQ(machine.precision, Precision::float32);
  EXPECT_FALSE(machine.libtorch.empty());
  EXPECT_FALSE(machine.cpu.empty());
  EXPECT_FALSE(machine.instruction_set.empty());
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
}

// What LibTorch would do on a GPU: the same at every run, and float32 in float32.
TEST(Machine, AGpuRepeatsItselfInFloat32) {
  at::globalContext().setAllowTF32CuDNN(true);
  set_up_machine({.device = "cpu"}, Precision::float32);
  EXPECT_TRUE(at::globalContext().deterministicCuDNN());
  EXPECT_FALSE(at::globalContext().benchmarkCuDNN());
  EXPECT_FALSE(at::globalContext().allowTF32CuDNN());
  EXPECT_FALSE(at::globalContext().allowTF32CuBLAS());
}

TEST(Machine, AllCoresUnlessToldOtherwise) {
  EXPECT_EQ(set_up_machine({.device = "cpu"}, Precision::float32).threads, at::get_num_threads());
}

TEST(Machine, AutomaticPrecisionIsChosen) {
  EXPECT_EQ(choose_precision(Precision::automatic, "cpu"),
            has_fast_bfloat16() ? Precision::bfloat16 : Precision::float32);
  EXPECT_EQ(choose_precision(Precision::bfloat16, "cpu"), Precision::bfloat16);
}

TEST(Machine, DevicesThatAreNotThere) {
  EXPECT_EQ(choose_device("cpu"), "cpu");
  for (const std::string device : {"cuda:99", "cuda:4294967296", "tpu", "cuda:", "cuda:x", ""}) {
    try {
      choose_device(device);
      ADD_FAILURE() << device;
    } catch (const Error& error) {
      EXPECT_EQ(error.failure(), Failure::usage);
      EXPECT_THAT(error.what(), HasSubstr("`" + device + "`"));
    }
  }
}

TEST(Machine, WithoutAGpuTheReasonIsNamed) {
  EXPECT_THAT(advice_without_gpu(false, {}), HasSubstr("built without CUDA"));
  EXPECT_THAT(advice_without_gpu(true, {}), HasSubstr("no NVIDIA driver (libcuda.so.1)"));
  EXPECT_THAT(advice_without_gpu(true, 803), HasSubstr("error 803"));
  for (const int driver : {0, 100}) EXPECT_THAT(advice_without_gpu(true, driver), HasSubstr("CUDA_VISIBLE_DEVICES"));
}

TEST(Autocast, ComputesInBfloat16ForItsScopeOnly) {
  const at::Tensor a = at::ones({4, 4});
  {
    const Autocast autocast(Precision::bfloat16, "cpu");
    EXPECT_EQ(at::matmul(a, a).scalar_type(), at::kBFloat16);
  }
  EXPECT_EQ(at::matmul(a, a).scalar_type(), at::kFloat);
  const Autocast none(Precision::float32, "cpu");
  EXPECT_EQ(at::matmul(a, a).scalar_type(), at::kFloat);
}

// Weights are converted once a scope: a change of the weights has to reach the next scope.
TEST(Autocast, ForgetsConvertedWeights) {
  at::Tensor weight = at::ones({4, 4}).requires_grad_();
  const at::Tensor x = at::ones({4, 4});
  const auto product = [&] {
    const Autocast autocast(Precision::bfloat16, "cpu");
    return at::matmul(x, weight).sum().item<float>();
  };
  EXPECT_EQ(product(), 64.0f);
  {
    at::NoGradGuard no_gradient;
    weight.mul_(2.0);
  }
  EXPECT_EQ(product(), 128.0f);
}

TEST(EngineEnvironment, LeavesAloneWhatTheUserSet) {
  const auto has = [](const std::string& wanted) {
    for (const auto& [name, value] : engine_environment()) {
      if (name == wanted) return true;
    }
    return false;
  };
  for (const auto& [name, value] : engine_environment()) {
    setenv(name.c_str(), "mine", 1);
    EXPECT_FALSE(has(name)) << name;
    unsetenv(name.c_str());
    EXPECT_TRUE(has(name)) << name;
  }
}

}  // namespace
}  // namespace rxrun
