// The safetensors file format (https://github.com/huggingface/safetensors): eight bytes of header size, a JSON header,
// the tensors' bytes end to end. Own bounded reader and writer; includes no LibTorch.
//
// A file that rxrun writes carries in its metadata the SHA-256 of everything after the first eight bytes (with the sum
// itself taken as zeros), so that a flipped bit anywhere is an error and not another network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rxrun {

// `other`: a type of the format that no tensor here has, such as U8; its bytes are left as they are.
enum class StoredType { f64, f32, f16, bf16, i64, other };
std::size_t size_of(StoredType type);    // in bytes; not of `other`
const char* to_string(StoredType type);  // as in the header: "F32"; not of `other`

// A tensor to be written: bytes in row-major order that the caller keeps alive.
struct TensorToStore {
  std::string name;
  StoredType type = StoredType::f32;
  std::vector<std::int64_t> shape;
  const void* data = nullptr;
  std::size_t bytes = 0;
};

// Written whole or not at all (write_file_atomically). Names must differ.
void write_safetensors(const std::filesystem::path& path, const std::vector<TensorToStore>& tensors,
                       const std::map<std::string, std::string>& metadata);

struct StoredTensor {
  StoredType type = StoredType::f32;
  std::string type_name;  // as in the header
  std::vector<std::int64_t> shape;
  std::string_view bytes;  // into Safetensors::content
};

struct Safetensors {
  std::string content;  // the file; a Safetensors that was moved from has no views left
  std::map<std::string, StoredTensor> tensors;
  std::map<std::string, std::string> metadata;  // without the sum
  bool verified = false;                        // carried a sum, and it was right

  Safetensors() = default;
  Safetensors(Safetensors&&) = default;
  Safetensors& operator=(Safetensors&&) = default;
};

// Checks the header's size and depth, every type, shape, offset, gap and overlap, that the tensors end where the file
// does, and the sum when there is one. Throws Error (usage) naming the file, the tensor and what is wrong; of a file of
// another format (PyTorch's, HDF5, an archive, a web page), what it is.
//
// `check`, if given, gets what the header says, the tensors without their bytes, before any of the data is read; what
// it throws is thrown on.
Safetensors read_safetensors(const std::filesystem::path& path,
                             const std::function<void(const Safetensors&)>& check = {});

// The same for bytes at hand; `name` is for messages.
Safetensors parse_safetensors(std::string content, const std::string& name);

// "[64, 3, 7, 7]"
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace rxrun
