// Libraries with one fault each, told apart by a definition. They include no LibTorch, so that they build at once.
#include <cstdlib>
#include <stdexcept>

#include <unistd.h>

#include "rxrun/manifest.h"

#define SDK "sdk=" RXRUN_STRINGIFY(RXRUN_SDK_VERSION) "\n"
#if defined(FOREIGN_SDK)
#define MANIFEST \
  "rxrun-plugin=foreign\nsdk=999\nlibtorch=" TORCH_VERSION "\nabi=" RXRUN_COMPILER_ABI "\ncompiler=gcc 12\n"
#elif defined(FOREIGN_LIBTORCH)
#define MANIFEST "rxrun-plugin=foreign\n" SDK "libtorch=0.4.1\nabi=" RXRUN_COMPILER_ABI "\ncompiler=gcc 12\n"
#elif defined(FOREIGN_ABI)
#define MANIFEST \
  "rxrun-plugin=foreign\n" SDK "libtorch=" TORCH_VERSION "\nabi=itanium-1002/cxx11abi=0\ncompiler=gcc 4\n"
#elif defined(MALFORMED_MANIFEST)
#define MANIFEST "rxrun-plugin=malformed\nsdk\n"
#elif defined(INCOMPLETE_MANIFEST)
#define MANIFEST "rxrun-plugin=incomplete\n" SDK
#elif defined(ESCAPING_NAME)
#define MANIFEST "rxrun-plugin=../\033[2J\n" SDK "libtorch=" TORCH_VERSION "\nabi=" RXRUN_COMPILER_ABI "\n"
#else
#define MANIFEST RXRUN_MANIFEST("raw")
#endif

#define EXPORTED extern "C" __attribute__((visibility("default"), used))

#if !defined(NO_MANIFEST)
EXPORTED const char rxrun_plugin_manifest[] __attribute__((section(".rxrun.manifest"))) = MANIFEST;
#endif

#if defined(OFFERS_CONV)
#define TABLE R"({"version":1,"layers":[{"name":"conv","type_name":"","doc":"","options":[]}]})"
#elif defined(MALFORMED_TABLE)
#define TABLE R"({"version":1,"layers":[{}]})"
#elif defined(GARBAGE_TABLE)
#define TABLE "\x7f\xff garbage"
#elif defined(FUTURE_TABLE)
#define TABLE R"({"version":2,"layers":[]})"
#elif defined(BAD_DEFAULT_TABLE)
#define TABLE \
  R"({"version":1,"layers":[{"name":"conv","type_name":"","doc":"","options":[{"name":"groups","type":"integer","default":0,"minimum":1,"doc":""}]}]})"
#endif
#if defined(TABLE)
EXPORTED const char table_of_layers[] __attribute__((section(".rxrun.layers"))) = TABLE;
#endif

#if defined(UNRESOLVED_SYMBOL)
namespace elsewhere {
int function_that_nobody_defines(double);
}
int use_it() { return elsewhere::function_that_nobody_defines(1.0); }
#endif

namespace {

#if defined(SEGFAULT_AT_START)
struct AtStart {
  AtStart() {
    volatile int* volatile nowhere = nullptr;
    *nowhere = 1;
  }
} at_start;
#elif defined(ABORT_AT_START)
struct AtStart {
  AtStart() { std::abort(); }
} at_start;
#elif defined(HANG_AT_START)
struct AtStart {
  AtStart() {
    for (;;) sleep(1);
  }
} at_start;
#elif defined(EXIT_AT_START)
struct AtStart {
  AtStart() { std::exit(0); }
} at_start;
#elif defined(NOISE_AT_START)
struct AtStart {
  AtStart() {
    for (int i = 0; i < 20000; ++i)
      [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, "noise noise noise\n", 18);
  }
} at_start;
#endif

}  // namespace

#if !defined(NO_ENTRY)
EXPORTED void rxrun_plugin_entry(void*) {
#if defined(THROWS_STD)
  throw std::runtime_error("the licence server is down");
#elif defined(THROWS_NON_STD)
  throw 42;
#endif
}
#endif
