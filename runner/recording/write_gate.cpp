#include "recording/write_gate.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace rxrun {
namespace {

constexpr std::chrono::milliseconds kPause{2};

}  // namespace

WriteGate::WriteGate(const std::filesystem::path& folder)
    : folder_(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

WriteGate::Turn::Turn(const WriteGate& gate, std::chrono::milliseconds patience) : gate_(gate) {
  if (!gate_.folder_) return;
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!held_ && std::chrono::steady_clock::now() < end) {
    held_ = ::flock(gate_.folder_.get(), LOCK_EX | LOCK_NB) == 0;
    if (held_ || (errno != EWOULDBLOCK && errno != EINTR)) return;
    std::this_thread::sleep_for(kPause);
  }
}

WriteGate::Turn::~Turn() {
  if (held_) ::flock(gate_.folder_.get(), LOCK_UN);
}

void WriteGate::enter() const {
  if (folder_) ::flock(folder_.get(), LOCK_SH | LOCK_NB);
}

void WriteGate::leave() const {
  if (folder_) ::flock(folder_.get(), LOCK_UN);
}

}  // namespace rxrun
