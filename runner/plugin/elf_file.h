// A shared library's sections, read within the file's bounds without loading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rxrun {

class ElfFile {
 public:
  // Opens and checks: a regular file, ELF, 64 bits, this machine's, a shared library, with every header and segment
  // inside the file. Throws Error naming the file and the cause.
  explicit ElfFile(const std::filesystem::path& path);
  ~ElfFile();
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  // The bytes of the first section of that name; nullopt when there is none. Throws Error beyond `limit` bytes.
  std::optional<std::string> section(const std::string& name, std::uint64_t limit) const;
  // The linker's build id in hexadecimal; empty when the library has none.
  std::string build_id() const;

 private:
  struct Section {
    std::string name;
    std::uint64_t offset;
    std::uint64_t size;
    bool in_file;
  };

  [[noreturn]] void fail(const std::string& cause, const std::string& advice = {}) const;
  void read(void* bytes, std::uint64_t size, std::uint64_t offset, const char* what) const;
  void open_regular();
  void check_segments(std::uint64_t offset, std::uint64_t count, std::uint64_t entry_size) const;
  void read_sections(std::uint64_t offset, std::uint64_t count, std::uint64_t names_index);

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::vector<Section> sections_;
};

}  // namespace rxrun
