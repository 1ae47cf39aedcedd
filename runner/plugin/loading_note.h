// A crash while a plugin library is loaded cannot be survived, but it is told: one line names the library and the
// signal.
#pragma once

#include <signal.h>

#include <array>
#include <filesystem>
#include <string>

namespace rxrun {

// While it lives, a crash of this process is put down to the loading of `library`. One at a time.
class LoadingNote {
 public:
  explicit LoadingNote(const std::filesystem::path& library);
  ~LoadingNote();
  LoadingNote(const LoadingNote&) = delete;
  LoadingNote& operator=(const LoadingNote&) = delete;

 private:
  std::string text_;
  std::array<struct sigaction, 5> earlier_;
};

}  // namespace rxrun
