// Which layer is at work, so that a crash inside a plugin's code leaves a message. Includes no LibTorch.
#pragma once

namespace rxrun {

// While it lives, `label` is what a crash is blamed on; scopes nest. `label` must outlive it. One thread at a time:
// threads that a layer starts count as that layer.
class LayerScope {
 public:
  explicit LayerScope(const char* label) noexcept;
  ~LayerScope();
  LayerScope(const LayerScope&) = delete;
  LayerScope& operator=(const LayerScope&) = delete;

 private:
  const char* previous_;
};

// Replaces the innermost scope's label until that scope ends; the backward pass calls it as it goes from layer to
// layer.
void set_current_layer(const char* label) noexcept;

// The innermost scope's label; empty outside of all.
const char* current_layer() noexcept;

// Where a crash leaves its line too, for whoever reads the run later; empty: nowhere. Of a path beyond 4095 bytes
// nothing is left.
void set_crash_note(const char* path) noexcept;

// SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write one line to standard error before they end the process as they
// would have without it: "rxrun: crashed with SIGSEGV in layer `x` (layer2.0) of plugin `y`". To be called once, early,
// by the main thread: of stack overflows, only its own are reported.
void install_crash_handler();

// From then on a process that ends by a call of exit writes such a line too, and ends with 1, unless main returns
// through end_of_main, which returns `code`.
void install_exit_report();
int end_of_main(int code);

}  // namespace rxrun
