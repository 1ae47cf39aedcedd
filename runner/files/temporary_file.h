// A file under a temporary name that takes its place when it is whole.
#pragma once

#include <cstdint>
#include <filesystem>

#include "files/descriptor.h"

namespace rxrun {

// Whether a file survives a power cut that follows at once. `renamed` is for what can be made again: it is whole or not
// there for every process, but a power cut may leave an empty file.
enum class Durability { synced, renamed };

// Lies in the target's folder as ".rxrun-PID-....tmp" and vanishes unless it is moved to the target. Everything throws
// Error (run) naming target, bytes written and cause, of a full disk FullDisk; the target is then as it was.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(const char* data, std::size_t size);
  // Takes the room for a file of so many bytes, where the file system can: then no write fails for want of it.
  void reserve(std::uint64_t bytes);
  // At a place of its own; from several threads at a time.
  void write_at(std::uint64_t place, const void* data, std::size_t size) const;
  // Synced, renamed, the folder synced; or without the two syncs. To be called once, last.
  void move_to_target(Durability durability = Durability::synced);

 private:
  void keep_permissions();
  [[noreturn]] void fail(const char* step, int error) const;

  std::filesystem::path target_, folder_, name_;
  Descriptor file_;
  std::uint64_t written_ = 0;
};

}  // namespace rxrun
