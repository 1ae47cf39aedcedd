#include "training/machine.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <torch/types.h>
#include <torch/version.h>

#include <charconv>
#include <fstream>
#include <limits>
#include <optional>

#include "machine/cores.h"
#include "training/onednn_caches.h"
#include "training/process.h"

namespace rxrun {
namespace {

constexpr const char* cuda_driver = "libcuda.so.1";

int gpus() { return at::hasCUDA() ? at::detail::getCUDAHooks().getNumGPUs() : 0; }

// Asked itself: LibTorch's own way needs CUDA's headers.
using CudaInit = int (*)(unsigned);
using CudaAttribute = int (*)(int*, int, int);

// Major compute capability of a CUDA device. 0 when unknown.
int compute_capability(int device) {
  void* driver = dlopen(cuda_driver, RTLD_NOW | RTLD_LOCAL);
  if (driver == nullptr) return 0;
  const auto init = reinterpret_cast<CudaInit>(dlsym(driver, "cuInit"));
  const auto attribute = reinterpret_cast<CudaAttribute>(dlsym(driver, "cuDeviceGetAttribute"));
  constexpr int capability_major = 75;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
  int major = 0;
  if (init == nullptr || attribute == nullptr || init(0) != 0 || attribute(&major, capability_major, device) != 0)
    return 0;
  return major;
}

// What cuInit answers; nothing where there is no driver.
std::optional<int> answer_of_driver() {
  void* driver = dlopen(cuda_driver, RTLD_NOW | RTLD_LOCAL);
  const auto init = driver == nullptr ? nullptr : reinterpret_cast<CudaInit>(dlsym(driver, "cuInit"));
  if (init == nullptr) return std::nullopt;
  return init(0);
}

void make_repeatable() {
  at::Context& context = at::globalContext();
  // Where an operation has no repeatable form LibTorch warns instead of ending the run.
  context.setDeterministicAlgorithms(true, /*warn_only=*/true);
  context.setDeterministicCuDNN(true);
  context.setBenchmarkCuDNN(false);
  // float32 means float32: LibTorch's default gives a GPU's convolutions products of 10 bits. Who wants them fast takes
  // bfloat16.
  context.setAllowTF32CuDNN(false);
  context.setAllowTF32CuBLAS(false);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 2)
  // Repeatable mode would also fill every new tensor, only to make reads of unset memory repeat.
  context.setDeterministicFillUninitializedMemory(false);
#endif
}

int device_number(const std::string& device) {
  int number = 0;
  if (const auto colon = device.find(':'); colon != std::string::npos)
    std::from_chars(device.data() + colon + 1, device.data() + device.size(), number);
  return number;
}

// at::get_cpu_capability came after 1.13; the text of show_config has had the same word all along.
std::string instruction_set() {
  const std::string config = at::show_config();
  const std::string label = "CPU capability usage: ";
  const std::size_t at = config.find(label);
  if (at == std::string::npos) return "unknown";
  const std::size_t start = at + label.size();
  return config.substr(start, config.find('\n', start) - start);
}

}  // namespace

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

std::string libtorch_version() { return TORCH_VERSION; }

// at::hasCUDA() is false too where there is no driver, or no GPU.
std::string advice_without_gpu(bool built_with_cuda, std::optional<int> driver) {
  const std::string otherwise = ", or set machine.device to auto or cpu";
  if (!built_with_cuda)
    return "it was built without CUDA; use an official LibTorch with CUDA (CMAKE_PREFIX_PATH)" + otherwise;
  if (!driver)
    return std::string("there is no NVIDIA driver (") + cuda_driver +
           "): install it, or give the container the GPU (`docker run --gpus all`)" + otherwise;
  constexpr int no_device = 100;  // CUDA_ERROR_NO_DEVICE
  if (*driver != 0 && *driver != no_device)
    return "the NVIDIA driver answers with error " + std::to_string(*driver) + " of CUDA: see what nvidia-smi says" +
           otherwise;
  return "check nvidia-smi and CUDA_VISIBLE_DEVICES" + otherwise;
}

std::string choose_device(const std::string& device) {
  if (device == "cpu") return device;
  const int there = gpus();
  if (device == "auto") return there > 0 ? "cuda:0" : "cpu";
  const bool cuda = device == "cuda" || (device.starts_with("cuda:") && device.size() > 5 &&
                                         device.find_first_not_of("0123456789", 5) == std::string::npos);
  if (!cuda) throw Error(Failure::usage, "machine.device is `" + device + "`; expected auto, cpu, cuda or cuda:N");
  if (there == 0) {
    throw Error(Failure::usage, "machine.device is `" + device + "`, but this LibTorch finds no CUDA device",
                advice_without_gpu(at::detail::getCUDAHooks().hasCUDART(), answer_of_driver()));
  }
  const int number = device_number(device);
  if (number >= there || device.size() > 9)
    throw Error(Failure::usage, "machine.device is `" + device + "`, but there are " + std::to_string(there) +
                                    " CUDA devices, from cuda:0");
  return "cuda:" + std::to_string(number);
}

Precision choose_precision(Precision precision, const std::string& device) {
  if (precision != Precision::automatic) return precision;
  const bool fast = device == "cpu" ? has_fast_bfloat16() : compute_capability(device_number(device)) >= 8;
  return fast ? Precision::bfloat16 : Precision::float32;
}

Machine set_up_machine(const MachineSpec& spec, Precision precision) {
  Machine machine;
  machine.remark = mend_onednn();
  machine.device = choose_device(spec.device);
  machine.precision = choose_precision(precision, machine.device);
  // LibTorch starts with one thread in some builds, whatever the machine has.
  machine.threads = spec.threads > 0
                        ? static_cast<int>(std::min<std::int64_t>(spec.threads, std::numeric_limits<int>::max()))
                        : available_cores();
  at::set_num_threads(machine.threads);
  if (const std::string slow = machine.device == "cpu" ? too_many_threads(machine.threads) : ""; !slow.empty())
    machine.remark += (machine.remark.empty() ? "" : "; ") + slow + ": leave machine.threads out to have one a core";
  at::globalContext().setFlushDenormal(true);
  make_repeatable();
  machine.libtorch = libtorch_version();
  machine.cpu = processor_name();
  machine.instruction_set = instruction_set();
  return machine;
}

}  // namespace rxrun
