// Files read within bounds and written whole or not at all.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "files/temporary_file.h"

namespace rxrun {

// The file's bytes. Throws Error (usage) when it is missing, not a regular file (a FIFO, a device), not readable, or
// larger than `limit` bytes; the message names the path.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit);

// Replaces `path` by `bytes`: written to a temporary name in the same folder, fsynced, renamed, the folder fsynced,
// unless that is not asked for. On failure the old file is untouched, the temporary one removed, and Error (run) names
// path, bytes and cause.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes,
                           Durability durability = Durability::synced);

// The same for content that is produced in pieces: `write` gets a sink and is called once.
using Sink = std::function<void(const void* data, std::size_t size)>;
void write_file_atomically(const std::filesystem::path& path, const std::function<void(const Sink&)>& write,
                           Durability durability = Durability::synced);

// SHA-256 (FIPS 180-4) through libcrypto.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(const void* data, std::size_t size);
  void update(std::string_view text) { update(text.data(), text.size()); }
  std::string hex();  // 64 lower-case digits; ends the computation

 private:
  void* context_;
};
std::string sha256_hex(std::string_view bytes);
std::string hmac_sha256_hex(std::string_view key, std::string_view bytes);  // RFC 2104
std::string sha256_of_file(const std::filesystem::path& path);              // streamed; errors as read_file

}  // namespace rxrun
