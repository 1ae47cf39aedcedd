#include "network/current_layer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace rxrun {
namespace {

std::atomic<const char*> current_label{nullptr};
static_assert(std::atomic<const char*>::is_always_lock_free, "read in a signal handler");

// Of a file that a crash writes; the first byte is set last, as a handler may look at any time.
std::array<char, 4096> note_path{};

struct Fault {
  int signal;
  const char* name;
};
constexpr std::array<Fault, 5> faults = {
    {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGFPE, "SIGFPE"}, {SIGILL, "SIGILL"}, {SIGABRT, "SIGABRT"}}};

// Only what POSIX allows in a signal handler; one write, so that lines of several processes do not mix.
class Line {
 public:
  void add(const char* text) {
    const std::size_t room = sizeof(text_) - 1 - size_;
    const std::size_t count = std::min(std::strlen(text), room);
    std::memcpy(text_ + size_, text, count);
    size_ += count;
  }
  void end() { text_[size_++] = '\n'; }
  void write(int file) const { [[maybe_unused]] const ssize_t written = ::write(file, text_, size_); }

 private:
  char text_[1024];
  std::size_t size_ = 0;
};

// On standard error and in the note.
void tell(Line& line) {
  line.end();
  line.write(STDERR_FILENO);
  if (note_path[0] == '\0') return;
  const int note = ::open(note_path.data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (note >= 0) line.write(note);  // closed with the process
}

std::atomic<bool> main_is_over{false};

// A layer's code that calls exit would otherwise end the program as if all were well.
void on_exit() {
  if (main_is_over.load()) return;
  Line line;
  line.add("rxrun: the process was ended by a call of exit");
  if (const char* label = current_label.load()) {
    line.add(" in ");
    line.add(label);
  }
  tell(line);
  std::fflush(nullptr);
  ::_exit(1);
}

void on_fault(int signal, siginfo_t* info, void*) {
  Line line;
  line.add("rxrun: crashed with ");
  for (const Fault& fault : faults) {
    if (fault.signal == signal) line.add(fault.name);
  }
  if (const char* label = current_label.load()) {
    line.add(" in ");
    line.add(label);
  }
  // Nothing is wrong with the code then: the pages were there when the file was mapped.
  if (signal == SIGBUS && info != nullptr && info->si_code == BUS_ADRERR)
    line.add(
        ": a file that is read through memory, such as decoded images in results/cache, was cut short or its disk "
        "failed");
  tell(line);
  ::raise(signal);  // SA_RESETHAND: to be delivered with its default action once the handler returns
}

}  // namespace

LayerScope::LayerScope(const char* label) noexcept : previous_(current_label.exchange(label)) {}
LayerScope::~LayerScope() { current_label.store(previous_); }

void set_current_layer(const char* label) noexcept { current_label.store(label); }

const char* current_layer() noexcept {
  const char* label = current_label.load();
  return label ? label : "";
}

void set_crash_note(const char* path) noexcept {
  note_path[0] = '\0';
  const std::size_t size = std::strlen(path);
  if (size == 0 || size >= note_path.size()) return;
  std::memcpy(note_path.data() + 1, path + 1, size);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  note_path[0] = path[0];
}

int end_of_main(int code) {
  main_is_over.store(true);
  return code;
}

void install_exit_report() { std::atexit(on_exit); }

void install_crash_handler() {
  // A stack of its own, so that a stack overflow is reported too: on the thread that calls this, the main one. The
  // alternative stack is a property of a thread, and others keep none: an overflow there ends the process in silence.
  static std::array<char, 64 * 1024> stack;
  stack_t alternative = {};
  alternative.ss_sp = stack.data();
  alternative.ss_size = stack.size();
  sigaltstack(&alternative, nullptr);
  for (const Fault& fault : faults) {
    struct sigaction action = {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_ONSTACK | SA_RESETHAND | SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    sigaction(fault.signal, &action, nullptr);
  }
}

}  // namespace rxrun
