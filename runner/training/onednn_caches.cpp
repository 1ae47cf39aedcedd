#include "training/onednn_caches.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <torch/types.h>
#include <torch/version.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <tuple>
#include <utility>

#include "machine/child_process.h"

namespace rxrun {
namespace {

constexpr int levels = 3;
using CacheSize = unsigned (*)(int);

// oneDNN's own function, if LibTorch's oneDNN lets it be seen.
CacheSize onednn_cache_size() {
  static const auto function =
      reinterpret_cast<CacheSize>(dlsym(RTLD_NEXT, "_ZN4dnnl4impl3cpu8platform23get_per_core_cache_sizeEi"));
  return function;
}

#if defined(__x86_64__)
// The first entry of the processor's list of caches is empty: how a virtual machine hides them.
bool caches_hidden() {
  unsigned a = 0, b = 0, c = 0, d = 0, vendor = 0;
  __get_cpuid(0, &a, &vendor, &c, &d);
  constexpr unsigned amd = 0x68747541;  // "Auth"
  return __get_cpuid_count(vendor == amd ? 0x8000001d : 4, 0, &a, &b, &c, &d) == 0 || (a & 31U) == 0;
}
#else
bool caches_hidden() { return false; }
#endif

// What the C library knows of a cache; 0 when it does not know it either.
unsigned long system_cache_size(int level) {
  constexpr std::array names{_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE};
  return static_cast<unsigned long>(std::max(sysconf(names[static_cast<std::size_t>(level - 1)]), 0L));
}

// The last convolution of a wide network: one of those that do not survive.
void wide_backward_convolution() {
  at::set_num_threads(1);  // threads of a parent do not exist in its child
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    const auto options = torch::TensorOptions().dtype(type);
    const auto x = at::ones({2, 2048, 2, 2}, options).contiguous(at::MemoryFormat::ChannelsLast);
    const auto weight = at::ones({1024, 2048, 1, 1}, options).contiguous(at::MemoryFormat::ChannelsLast);
    const auto gradient = at::ones_like(at::conv2d(x, weight));
    at::convolution_backward(gradient, x, weight, c10::nullopt, {1, 1}, {0, 0}, {1, 1}, false, {0, 0}, 1,
                             {true, true, false});
  }
}

// Output and gradient of a convolution, as oneDNN or LibTorch itself computes it.
std::pair<at::Tensor, at::Tensor> convolved(const at::Tensor& x, const at::Tensor& weight, std::int64_t groups,
                                            bool onednn) {
  const bool before = at::globalContext().userEnabledMkldnn();
  at::globalContext().setUserEnabledMkldnn(onednn);
  const at::Tensor y = at::conv2d(x, weight, {}, 1, 1, 1, groups);
  const auto gradients = at::convolution_backward(y, x, weight, c10::nullopt, {1, 1}, {1, 1}, {1, 1}, false, {0, 0},
                                                  groups, {true, false, false});
  at::globalContext().setUserEnabledMkldnn(before);
  return {y, std::get<0>(gradients)};
}

// Whether narrow convolutions, which a wrongly divided loop leaves half done, agree with LibTorch's own.
bool computes_correctly() {
  at::NoGradGuard no_gradient;
  for (const auto& [in, out, groups] : {std::array<std::int64_t, 3>{4, 6, 1}, {4, 8, 4}, {2, 3, 1}, {8, 8, 2}}) {
    for (const auto layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const auto wave = [layout](at::IntArrayRef sizes) {
        return at::arange(c10::multiply_integers(sizes), at::kFloat).mul(0.7).sin().reshape(sizes).contiguous(layout);
      };
      const auto x = wave({2, in, 7, 9}), weight = wave({out, in / groups, 3, 3});
      const auto theirs = convolved(x, weight, groups, true), ours = convolved(x, weight, groups, false);
      if (!at::allclose(theirs.first, ours.first, 1e-3, 1e-3) || !at::allclose(theirs.second, ours.second, 1e-3, 1e-3))
        return false;
    }
  }
  return true;
}

std::string kib(unsigned bytes) { return std::to_string(bytes / 1024); }

}  // namespace

unsigned plausible_cache_size(int level, unsigned told) {
  if (level < 1 || level > levels) return told;
  struct Range {
    unsigned smallest, guess, largest;
  };
  // A hidden third level is often given as that of the whole socket, which is no core's share.
  constexpr std::array<Range, levels> ranges{
      {{8U << 10, 32U << 10, 256U << 10}, {64U << 10, 512U << 10, 4U << 20}, {256U << 10, 1U << 20, 4U << 20}}};
  const Range& range = ranges[static_cast<std::size_t>(level - 1)];
  if (told >= range.smallest) return told;
  // Processors without a third level are told apart by having a second one.
  const unsigned long known = system_cache_size(level);
  return known < range.smallest ? range.guess : static_cast<unsigned>(std::min<unsigned long>(known, range.largest));
}

bool survives(const std::function<void()>& work) {
  const pid_t parent = getpid(), child = fork();
  if (child < 0) return true;
  if (child == 0) {
    if (!end_with_parent(parent)) _exit(1);
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    // The child's end is not to be reported by handlers that this process or a library has set.
    for (const int number : {SIGFPE, SIGSEGV, SIGILL, SIGBUS, SIGABRT}) std::signal(number, SIG_DFL);
    try {
      work();
    } catch (...) {
      _exit(1);
    }
    _exit(0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

namespace {

std::string mend() {
  if (!at::hasMKLDNN()) return {};
  const CacheSize own = onednn_cache_size();
  if (own != nullptr) {
    bool changed = false;
    for (int level = 1; level <= 2; ++level) changed |= plausible_cache_size(level, own(level)) != own(level);
    if (!changed) return {};
  } else if (TORCH_VERSION_MAJOR < 2 || !caches_hidden()) {
    return {};
  }
  if (survives(wide_backward_convolution) && survives([] {
        at::set_num_threads(1);
        if (!computes_correctly()) _exit(1);
      })) {
    if (own == nullptr) return {};
    return "The processor does not report the sizes of its caches; oneDNN assumes " +
           kib(plausible_cache_size(1, own(1))) + " KiB, " + kib(plausible_cache_size(2, own(2))) + " KiB and " +
           kib(plausible_cache_size(3, own(3))) + " KiB";
  }
  at::globalContext().setUserEnabledMkldnn(false);
  return "The processor does not report the sizes of its caches, and this LibTorch's oneDNN miscalculates or crashes "
         "without them: training continues without oneDNN, slowly";
}

}  // namespace

std::string mend_onednn() {
  static bool done = false;
  if (done) return {};
  done = true;
  return mend();
}

}  // namespace rxrun

// Found by oneDNN in place of its own, because the linker is told to export it from the program (CMakeLists.txt).
namespace dnnl::impl::cpu::platform {
__attribute__((visibility("default"), used)) unsigned get_per_core_cache_size(int level) {
  const rxrun::CacheSize own = rxrun::onednn_cache_size();
  return rxrun::plausible_cache_size(level, own == nullptr ? 0 : own(level));
}
}  // namespace dnnl::impl::cpu::platform
