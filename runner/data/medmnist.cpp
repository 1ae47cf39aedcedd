// MedMNIST: one .npz (a zip of .npy arrays) with {train,val,test}_{images,labels}. Members are read by these names only
// and into memory; nothing is unpacked to disk.
#include <zip.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "data/decode.h"
#include "data/fault.h"
#include "data/npy.h"
#include "data/packed_source.h"

namespace rxrun {
namespace {

constexpr std::uint64_t npy_overhead = 1 << 16;

struct Closer {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Closer>;

class Npz {
 public:
  explicit Npz(const std::filesystem::path& path) : path_(path) {
    std::error_code ignored;
    if (!is_there(path) || !std::filesystem::is_regular_file(path, ignored))
      bad_file(path, "not a file: source medmnist expects an .npz");
    int code = 0;
    archive_.reset(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
    if (archive_ != nullptr) return;
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string cause = zip_error_strerror(&error);
    zip_error_fini(&error);
    bad_file(path, "not a readable .npz: " + cause);
  }

  bool has(const std::string& name) const { return zip_name_locate(archive_.get(), name.c_str(), 0) >= 0; }

  // `check` is told the size of the array before any of it is unpacked, and throws Error where that is too much.
  std::vector<std::uint8_t> member(const std::string& name, const std::function<void(std::uint64_t)>& check) const {
    zip_stat_t status;
    zip_stat_init(&status);
    constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_INDEX;
    if (zip_stat(archive_.get(), name.c_str(), 0, &status) != 0 || (status.valid & needed) != needed)
      bad_file(path_, "it has no member " + name);
    if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && status.encryption_method != ZIP_EM_NONE)
      bad_file(path_, name + " is encrypted");
    check(status.size - std::min<std::uint64_t>(status.size, npy_overhead));
    check_ratio(status.comp_size, status.size, path_, name);
    const std::unique_ptr<zip_file_t, Closer> file(zip_fopen_index(archive_.get(), status.index, 0));
    if (file == nullptr) bad_file(path_, name + " cannot be read: " + zip_strerror(archive_.get()));
    // Pages become memory as they are read, not by what the archive claims.
    constexpr std::uint64_t step = 1 << 22;
    std::vector<std::uint8_t> bytes;
    bytes.reserve(status.size);
    while (bytes.size() < status.size) {
      const std::size_t done = bytes.size();
      bytes.resize(done + std::min(step, status.size - done));
      const zip_int64_t count = zip_fread(file.get(), bytes.data() + done, bytes.size() - done);
      if (count < 0) bad_file(path_, name + " is damaged: " + zip_file_strerror(file.get()));
      if (count == 0) bad_file(path_, name + " is shorter than it says");
      bytes.resize(done + static_cast<std::size_t>(count));
    }
    // The checksum is compared when the end is read.
    std::uint8_t beyond = 0;
    const zip_int64_t more = zip_fread(file.get(), &beyond, 1);
    if (more < 0) bad_file(path_, name + " is damaged: " + zip_file_strerror(file.get()));
    if (more > 0) bad_file(path_, name + " is longer than it says");
    return bytes;
  }

 private:
  std::filesystem::path path_;
  Archive archive_;
};

void read_images(Pack& pack, std::vector<std::uint8_t> bytes, const DataSpec& spec, const std::string& name) {
  const std::filesystem::path& path = spec.path;
  const NpyArray images = read_npy(bytes);
  if (images.size != 1 || images.kind == 'i') bad_file(path, name + " must hold unsigned bytes (|u1)");
  const auto& shape = images.shape;
  const std::uint64_t channels = shape.size() == 4 ? shape[3] : 1;
  if (shape.size() != 3 && shape.size() != 4)
    bad_file(path, name + " must have the shape images × height × width, or × channels");
  if (channels != 1 && channels != 3 && (channels == 0 || channels != static_cast<std::uint64_t>(spec.channels)))
    bad_file(path, name + " has " + std::to_string(channels) + " channels, neither 1, grey, nor 3, colour",
             "data.channels=" + std::to_string(channels) + " takes each of them as a channel");
  for (const std::size_t axis : {std::size_t{1}, std::size_t{2}})
    if (shape[axis] < 1 || shape[axis] > static_cast<std::uint64_t>(max_image_side))
      bad_file(path, name + ": image size out of range: 1 to 20,000 a side");
  pack.height = static_cast<int>(shape[1]);
  pack.width = static_cast<int>(shape[2]);
  pack.channels = static_cast<int>(channels);
  if (images.fortran_order) {
    pack.pixels = bytes_of(images);
    return;
  }
  // In place: a second copy of the largest array would be most of the memory that reading takes.
  bytes.erase(bytes.begin(), bytes.end() - static_cast<std::ptrdiff_t>(images.elements.size()));
  pack.pixels = std::move(bytes);
}

void read_labels(Pack& pack, const NpyArray& labels, std::uint64_t images, const std::filesystem::path& path,
                 const std::string& name) {
  const auto& shape = labels.shape;
  if (shape.size() == 2 && shape[1] > 1) bad_file(path, name + " has several labels per image, expected one");
  if (shape.empty() || shape.size() > 2 || labels.count != images || shape[0] != images)
    bad_file(path,
             name + " holds " + std::to_string(labels.count) + " labels for " + std::to_string(images) + " images");
  pack.labels = integers_of(labels);
}

template <typename F>
auto naming(const std::filesystem::path& path, const std::string& name, F f) {
  try {
    return f();
  } catch (const Error& error) {
    if (!error.diagnostics().front().where.file.empty()) throw;
    bad_file(path, name + ": " + error.diagnostics().front().message);
  }
}

}  // namespace

std::unique_ptr<Source> open_medmnist(const DataSpec& spec) {
  const Npz npz(spec.path);
  std::vector<Pack> packs;
  std::uint64_t total = 0;
  for (const std::string part : {"train", "val", "test"}) {
    const std::string images_name = part + "_images.npy", labels_name = part + "_labels.npy";
    if (!npz.has(images_name) && !npz.has(labels_name)) continue;
    Pack pack;
    pack.part = part;
    naming(spec.path, images_name, [&] {
      read_images(pack, npz.member(images_name, [&](std::uint64_t size) { check_fits(total + size, spec, spec.path); }),
                  spec, images_name);
    });
    const std::uint64_t size = static_cast<std::uint64_t>(pack.height) * static_cast<std::uint64_t>(pack.width) *
                               static_cast<std::uint64_t>(pack.channels);
    const std::uint64_t count = pack.pixels.size() / size;
    check_fits(total += memory_for(count, size), spec, spec.path);
    naming(spec.path, labels_name, [&] {
      const std::vector<std::uint8_t> bytes =
          npz.member(labels_name, [&](std::uint64_t labels) { check_fits(total + labels, spec, spec.path); });
      read_labels(pack, read_npy(bytes), count, spec.path, labels_name);
    });
    packs.push_back(std::move(pack));
  }
  if (packs.empty())
    bad_file(spec.path, "no train_images.npy, val_images.npy or test_images.npy in it",
             "source medmnist expects MedMNIST's layout");
  return std::make_unique<PackedSource>(std::move(packs), std::vector<std::string>{}, spec.path);
}

}  // namespace rxrun
