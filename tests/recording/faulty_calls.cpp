#include "faulty_calls.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>

namespace rxrun::testing {
namespace {

bool counting = false;
CallFault fault = CallFault::none;
int fault_at = 0;
bool full_next = false;
std::vector<std::string> calls;

std::string name_of(int file) {
  std::error_code code;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), code).filename().string();
}

bool is_a_file(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

void die() { ::kill(::getpid(), SIGKILL); }

enum class Answer { go_on, half, fail };

Answer count(const char* what, const std::string& name, bool is_write) {
  calls.push_back(what + (" " + name));
  if (full_next) {
    full_next = false;
    return Answer::fail;
  }
  if (static_cast<int>(calls.size()) != fault_at) return Answer::go_on;
  switch (fault) {
    case CallFault::kill:
      die();
      break;
    case CallFault::kill_half:
      if (is_write) return Answer::half;
      die();
      break;
    case CallFault::refuse:
      return Answer::fail;
    case CallFault::half:
      if (!is_write) return Answer::fail;
      full_next = true;  // whoever goes on where a short write ended is told why
      return Answer::half;
    case CallFault::none:
      break;
  }
  return Answer::go_on;
}

template <typename Call>
ssize_t write_with(int file, std::size_t size, Call call) {
  if (!counting || !is_a_file(file)) return call(size);
  switch (count("write", name_of(file), true)) {
    case Answer::fail:
      errno = ENOSPC;
      return -1;
    case Answer::half: {
      const ssize_t written = call(size / 2);
      if (fault == CallFault::kill_half) die();
      return written;
    }
    case Answer::go_on:
      break;
  }
  return call(size);
}

bool refused(const char* what, const std::string& name) {
  if (count(what, name, false) != Answer::fail) return false;
  errno = EIO;
  return true;
}

bool refused(const char* what, int file) { return counting && is_a_file(file) && refused(what, name_of(file)); }
bool refused(const char* what, const char* path) {
  return counting && refused(what, std::filesystem::path(path).filename().string());
}

// The C library's.
template <typename Call>
Call* next(const char* name) {
  return reinterpret_cast<Call*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

void install_faulty_calls(CallFault what, int at) {
  fault = what;
  fault_at = at;
  full_next = false;
  calls.clear();
  counting = true;
}

std::vector<std::string> calls_made() {
  counting = false;
  return calls;
}

}  // namespace rxrun::testing

using rxrun::testing::next;
using rxrun::testing::refused;
using rxrun::testing::write_with;

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
  static const auto real = next<ssize_t(int, const void*, size_t)>("write");
  return write_with(file, size, [&](size_t part) { return real(file, bytes, part); });
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t place) {
  static const auto real = next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return write_with(file, size, [&](size_t part) { return real(file, bytes, part, place); });
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t place) {
  static const auto real = next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return write_with(file, size, [&](size_t part) { return real(file, bytes, part, place); });
}

int fsync(int file) {
  static const auto real = next<int(int)>("fsync");
  return refused("fsync", file) ? -1 : real(file);
}

int fdatasync(int file) {
  static const auto real = next<int(int)>("fdatasync");
  return refused("fdatasync", file) ? -1 : real(file);
}

int ftruncate(int file, off_t size) noexcept {
  static const auto real = next<int(int, off_t)>("ftruncate");
  return refused("ftruncate", file) ? -1 : real(file, size);
}

int ftruncate64(int file, off64_t size) noexcept {
  static const auto real = next<int(int, off64_t)>("ftruncate64");
  return refused("ftruncate", file) ? -1 : real(file, size);
}

int rename(const char* from, const char* to) noexcept {
  static const auto real = next<int(const char*, const char*)>("rename");
  return refused("rename", to) ? -1 : real(from, to);
}

int unlink(const char* path) noexcept {
  static const auto real = next<int(const char*)>("unlink");
  return refused("unlink", path) ? -1 : real(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static const auto real = next<int(const char*, mode_t)>("mkdir");
  return refused("mkdir", path) ? -1 : real(path, mode);
}

}  // extern "C"
