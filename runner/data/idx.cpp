// IDX, MNIST's format: a folder with {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or gzipped.
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "data/decode.h"
#include "data/fault.h"
#include "data/packed_source.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

// zlib reads plain files through the same calls.
class IdxFile {
 public:
  explicit IdxFile(fs::path path) : path_(std::move(path)) {
    std::error_code error;
    if (!fs::is_regular_file(path_, error)) bad_file(path_, "not a file");
    file_ = gzopen(path_.c_str(), "rb");
    if (file_ == nullptr) bad_file(path_, "cannot be opened: " + std::string(std::strerror(errno)));
    gzbuffer(file_, 1 << 17);
  }
  ~IdxFile() { gzclose(file_); }
  IdxFile(const IdxFile&) = delete;
  IdxFile& operator=(const IdxFile&) = delete;

  // The sides that the header declares; `axes` of them, of unsigned bytes.
  std::vector<std::uint64_t> header(int axes) {
    std::array<std::uint8_t, 4> word{};
    read(word.data(), word.size());
    constexpr std::uint8_t unsigned_bytes = 0x08;
    if (word[0] != 0 || word[1] != 0 || word[2] != unsigned_bytes || word[3] != axes)
      bad_file(path_,
               "not an IDX file of unsigned bytes with " + std::to_string(axes) + (axes == 1 ? " axis" : " axes"));
    std::vector<std::uint64_t> sides;
    for (int i = 0; i < axes; ++i) {
      read(word.data(), word.size());
      sides.push_back(std::uint64_t{word[0]} << 24 | std::uint64_t{word[1]} << 16 | std::uint64_t{word[2]} << 8 |
                      word[3]);
    }
    return sides;
  }

  // The rest, which must be `size` bytes. Pages become memory as they are read, not by what the header claims.
  std::vector<std::uint8_t> elements(std::uint64_t size) {
    check_size(size);
    constexpr std::uint64_t step = 1 << 22;
    std::vector<std::uint8_t> bytes;
    bytes.reserve(size);
    while (bytes.size() < size) {
      const std::size_t done = bytes.size();
      bytes.resize(done + std::min(step, size - done));
      read(bytes.data() + done, bytes.size() - done);
    }
    std::uint8_t beyond = 0;
    const int more = gzread(file_, &beyond, 1);
    if (more < 0) damaged();
    if (more > 0) bad_file(path_, "longer than its header declares");
    // zlib gives out what it could unpack before it has seen the checksum and the length, which come last.
    int code = Z_OK;
    gzerror(file_, &code);
    if (code == Z_BUF_ERROR) bad_file(path_, "the file ends early: its checksum is missing");
    return bytes;
  }

 private:
  // What the size of the file tells before any of it is unpacked.
  void check_size(std::uint64_t size) {
    std::error_code error;
    const std::uint64_t packed = fs::file_size(path_, error);
    if (error) bad_file(path_, "cannot be looked at: " + error.message());
    const std::uint64_t wanted = static_cast<std::uint64_t>(gztell(file_)) + size;
    if (gzdirect(file_) == 1 && packed < wanted) bad_file(path_, "the file ends early");
    if (gzdirect(file_) == 0) check_ratio(packed, wanted, path_, "it");
  }
  void read(std::uint8_t* to, std::size_t size) {
    const int count = gzread(file_, to, static_cast<unsigned>(size));
    if (count < 0) damaged();
    if (static_cast<std::size_t>(count) != size) bad_file(path_, "the file ends early");
  }
  [[noreturn]] void damaged() const {
    int code = 0;
    const char* text = gzerror(file_, &code);
    bad_file(path_, "damaged: " + std::string(code == Z_ERRNO ? std::strerror(errno) : text));
  }

  fs::path path_;
  gzFile file_ = nullptr;
};

// `name` or `name`.gz in the folder; empty when neither is there.
fs::path present(const fs::path& folder, const std::string& name) {
  for (const std::string ending : {"", ".gz"})
    if (is_there(folder / (name + ending))) return folder / (name + ending);
  return {};
}

}  // namespace

std::unique_ptr<Source> open_idx(const DataSpec& spec) {
  std::vector<Pack> packs;
  std::uint64_t total = 0;
  for (const auto& [stem, part] : {std::pair<std::string, std::string>{"train", "train"}, {"t10k", "test"}}) {
    const fs::path images = present(spec.path, stem + "-images-idx3-ubyte"),
                   labels = present(spec.path, stem + "-labels-idx1-ubyte");
    if (images.empty() && labels.empty()) continue;
    if (images.empty() || labels.empty())
      bad_file(spec.path, "there are " + stem + (images.empty() ? " labels without images" : " images without labels"));
    IdxFile image_file(images), label_file(labels);
    const std::vector<std::uint64_t> shape = image_file.header(3);
    const std::uint64_t count = label_file.header(1)[0];
    if (count != shape[0])
      bad_file(labels, std::to_string(count) + " labels for " + std::to_string(shape[0]) + " images");
    if (shape[1] < 1 || shape[2] < 1 || shape[1] > static_cast<std::uint64_t>(max_image_side) ||
        shape[2] > static_cast<std::uint64_t>(max_image_side))
      bad_file(images, "image size out of range (" + std::to_string(shape[2]) + "×" + std::to_string(shape[1]) +
                           "): 1 to 20,000 a side");
    Pack pack{part, static_cast<int>(shape[1]), static_cast<int>(shape[2]), 1, {}, {}};
    check_fits(total += memory_for(shape[0], shape[1] * shape[2]), spec, images);
    pack.pixels = image_file.elements(shape[0] * shape[1] * shape[2]);
    for (const std::uint8_t label : label_file.elements(count)) pack.labels.push_back(label);
    packs.push_back(std::move(pack));
  }
  if (packs.empty()) bad_file(spec.path, "no train-images-idx3-ubyte or t10k-images-idx3-ubyte (plain or .gz) in it");
  return std::make_unique<PackedSource>(std::move(packs), std::vector<std::string>{}, spec.path);
}

}  // namespace rxrun
