#include "archive_files.h"

#include <zip.h>
#include <zlib.h>

#include <stdexcept>

namespace rxrun::test {

std::string npy_bytes(const std::string& type, const std::string& shape, const std::string& elements, bool fortran,
                      int version) {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape + ", }";
  const std::size_t prefix = version == 1 ? 10 : 12;
  while ((prefix + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string out = "\x93NUMPY";
  out += static_cast<char>(version);
  out += '\0';
  out += static_cast<char>(header.size());
  out += static_cast<char>(header.size() >> 8);
  if (version > 1) out += std::string(2, '\0');
  return out + header + elements;
}

void write_zip(const std::filesystem::path& path, const std::vector<Member>& members) {
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (archive == nullptr) throw std::runtime_error("no zip");
  for (const Member& member : members) {
    zip_source_t* source = zip_source_buffer(archive, member.bytes.data(), member.bytes.size(), 0);
    const zip_int64_t index = zip_file_add(archive, member.name.c_str(), source, ZIP_FL_OVERWRITE);
    if (!member.password.empty())
      zip_file_set_encryption(archive, static_cast<zip_uint64_t>(index), ZIP_EM_AES_256, member.password.c_str());
  }
  if (zip_close(archive) != 0) throw std::runtime_error("zip is not written");
}

std::vector<Member> medmnist_members(int count, bool colour) {
  std::vector<Member> members;
  int start = 0;
  for (const std::string part : {"train", "val", "test"}) {
    const std::size_t size = static_cast<std::size_t>(count) * 16 * (colour ? 3 : 1);
    std::string labels;
    for (int i = 0; i < count; ++i) labels += static_cast<char>(i % 2);
    const std::string n = std::to_string(count);
    members.push_back({part + "_images.npy",
                       npy_bytes("|u1", "(" + n + ", 4, 4" + (colour ? ", 3)" : ")"), counting(size, start++)), ""});
    members.push_back({part + "_labels.npy", npy_bytes("|u1", "(" + n + ", 1)", labels), ""});
  }
  return members;
}

std::string gzipped(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())) + 64, '\0');
  std::string in = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string idx_bytes(const std::vector<std::uint32_t>& shape, const std::string& elements) {
  std::string out{'\0', '\0', '\x08', static_cast<char>(shape.size())};
  for (const std::uint32_t side : shape)
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(side >> shift);
  return out + elements;
}

std::string counting(std::size_t size, int start) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>((i + static_cast<std::size_t>(start)) % 251);
  return out;
}

}  // namespace rxrun::test
