// at_instruction_set LEVEL PROGRAM [ARGUMENT...]: runs the program as on a processor that has no more than this level,
// by the environment variables that oneDNN, LibTorch with the convolution plugins' kernels, and OpenBLAS read as they
// start. Exits with 77, which CTest counts as not run, where this processor lacks the level.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr int not_run = 77, wrong_usage = 2;

#if defined(__x86_64__)
bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

struct Level {
  std::string_view name;
  bool here;
  const char *onednn, *libtorch, *openblas;
};

const Level* find_level(std::string_view name) {
#if defined(__x86_64__)
  static const Level levels[] = {
      {"sse41", __builtin_cpu_supports("sse4.1") != 0, "SSE41", "default", "Nehalem"},
      {"avx", __builtin_cpu_supports("avx") != 0, "AVX", "default", "Sandybridge"},
      {"avx2", __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"), "AVX2", "avx2", "Haswell"},
      {"avx512", has_avx512(), "AVX512_CORE", "avx512", "SkylakeX"},
      {"avx512_bfloat16", has_avx512() && __builtin_cpu_supports("avx512bf16"), "AVX512_CORE_BF16", "avx512",
       "Cooperlake"},
  };
  for (const Level& level : levels)
    if (level.name == name) return &level;
#else
  static_cast<void>(name);
#endif
  return nullptr;
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) {
    std::fputs("usage: at_instruction_set LEVEL PROGRAM [ARGUMENT...]\n", stderr);
    return wrong_usage;
  }
  const Level* const level = find_level(words[1]);
  if (level == nullptr || !level->here) {
    std::printf("not run: this processor has no %s\n", words[1]);
    return not_run;
  }
  setenv("ONEDNN_MAX_CPU_ISA", level->onednn, 1);
  setenv("ATEN_CPU_CAPABILITY", level->libtorch, 1);
  setenv("OPENBLAS_CORETYPE", level->openblas, 1);
  setenv("GOMP_SPINCOUNT", "10000", 0);  // as for the engine: threads that wait leave their cores to others
  execv(words[2], words + 2);
  std::fprintf(stderr, "%s cannot be started: %s\n", words[2], std::strerror(errno));
  return wrong_usage;
}
