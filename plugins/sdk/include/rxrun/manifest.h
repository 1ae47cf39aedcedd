// The manifest: facts about a plugin library that are read from its file before any of its code runs.
//
// The RXRUN_PLUGIN macro puts this record into the ELF section ".rxrun.manifest" (NUL-terminated "key=value" lines);
// rxrun_add_plugin adds the table of layers, as JSON, in the section ".rxrun.layers".
#pragma once

#include <torch/version.h>

// Raised when Layer, Plugin or the manifest change in a way that old plugins do not fit.
#define RXRUN_SDK_VERSION 2

// Defined for the plugins that rxrun ships, by their build alone: runs know those by the revisions of their layers, and
// any other by its build id.
#ifdef RXRUN_SHIPPED_PLUGIN
#define RXRUN_MANIFEST_SHIPPED "shipped=yes\n"
#else
#define RXRUN_MANIFEST_SHIPPED ""
#endif

#define RXRUN_STRINGIFY_(x) #x
#define RXRUN_STRINGIFY(x) RXRUN_STRINGIFY_(x)

#ifndef TORCH_VERSION
#define TORCH_VERSION \
  RXRUN_STRINGIFY(TORCH_VERSION_MAJOR) "." RXRUN_STRINGIFY(TORCH_VERSION_MINOR) "." RXRUN_STRINGIFY(TORCH_VERSION_PATCH)
#endif

// What has to agree between two pieces of C++ that pass objects to each other.
#if defined(__clang__)
#define RXRUN_COMPILER "clang"
#elif defined(__GNUC__)
#define RXRUN_COMPILER "gcc"
#else
#error "rxrun plugins are built with GCC or Clang"
#endif
#define RXRUN_COMPILER_ABI \
  "itanium-" RXRUN_STRINGIFY(__GXX_ABI_VERSION) "/cxx11abi=" RXRUN_STRINGIFY(_GLIBCXX_USE_CXX11_ABI)

#define RXRUN_MANIFEST(name) \
  "rxrun-plugin=" name "\n"                                                                                            \
  "sdk=" RXRUN_STRINGIFY(RXRUN_SDK_VERSION) "\n"                                                                       \
  "libtorch=" TORCH_VERSION "\n"                                                                                       \
  "abi=" RXRUN_COMPILER_ABI "\n"                                                                                       \
  "compiler=" RXRUN_COMPILER " " RXRUN_STRINGIFY(__GNUC__) "\n" RXRUN_MANIFEST_SHIPPED

#define RXRUN_PLUGIN(name, registrar)                                                                  \
  extern "C" __attribute__((visibility("default"), used, section(".rxrun.manifest")))                  \
  const char rxrun_plugin_manifest[] = RXRUN_MANIFEST(name);                                           \
  static void rxrun_plugin_declare(::rxrun::Plugin& registrar);                                        \
  extern "C" __attribute__((visibility("default"))) void rxrun_plugin_entry(::rxrun::Plugin& plugin) { \
    rxrun_plugin_declare(plugin);                                                                      \
  }                                                                                                    \
  static void rxrun_plugin_declare([[maybe_unused]] ::rxrun::Plugin& registrar)
