// What the fuzz targets share: whatever the bytes, the program answers or throws an Error that is safe to show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun::fuzz {

inline void require(bool condition) {
  if (!condition) std::abort();
}

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline void require_safe_to_show(const std::vector<Diagnostic>& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) require(!diagnostic.message.empty());
  for (const char c : render(diagnostics)) require(c == '\n' || static_cast<unsigned char>(c) >= ' ');
  render_json(diagnostics);
}

// Any other exception ends the process.
template <typename F>
void answered(F work) {
  try {
    work();
  } catch (const Error& error) {
    require(!error.diagnostics().empty());
    require_safe_to_show(error.diagnostics());
  }
}

// A folder for what is read from files; $TMPDIR says where.
class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rxrun-fuzz-XXXXXX").string();
    require(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::span<const std::uint8_t> bytes) const {
    std::ofstream(path_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace rxrun::fuzz
