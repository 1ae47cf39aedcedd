#include "plugin/loading_note.h"

#include <unistd.h>

#include <atomic>
#include <cstring>

#include "diagnostics/render.h"

namespace rxrun {
namespace {

constexpr std::array<int, 5> kSignals = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
std::atomic<const char*> note = nullptr;

void put(const char* text) { [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, std::strlen(text)); }

void tell(int signal) {
  if (const char* text = note.load()) {
    put(text);
    const char* name = sigabbrev_np(signal);
    put(name != nullptr ? name : "?");
    put("\n");
  }
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  sigaction(signal, &standard, nullptr);
  raise(signal);  // delivered when this handler returns
}

}  // namespace

LoadingNote::LoadingNote(const std::filesystem::path& library)
    : text_("rxrun: error: plugin library `" + printable(library.string()) + "` crashed while it was loaded: SIG") {
  note.store(text_.c_str());
  struct sigaction action = {};
  action.sa_handler = tell;
  action.sa_flags = SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &earlier_[i]);
}

LoadingNote::~LoadingNote() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &earlier_[i], nullptr);
  note.store(nullptr);
}

}  // namespace rxrun
