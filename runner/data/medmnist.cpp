// MedMNIST: one .npz (a zip of .npy arrays) with {train,val,test}_{images,labels}. Members are read by these names only
// and into memory; nothing is unpacked to disk.
#include <zip.h>

#include <memory>

#include "data/decode.h"
#include "data/fault.h"
#include "data/npy.h"
#include "data/packed_source.h"

namespace rxrun {
namespace {

constexpr std::uint64_t highest_ratio = 1000;  // of unpacked to packed size; deflate itself cannot do much more
constexpr std::uint64_t npy_overhead = 1 << 16;

struct Closer {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Closer>;

class Npz {
 public:
  Npz(const std::filesystem::path& path, std::uint64_t limit) : path_(path), limit_(limit) {
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

  std::vector<std::uint8_t> member(const std::string& name) const {
    zip_stat_t status;
    zip_stat_init(&status);
    constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_INDEX;
    if (zip_stat(archive_.get(), name.c_str(), 0, &status) != 0 || (status.valid & needed) != needed)
      bad_file(path_, "it has no member " + name);
    if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && status.encryption_method != ZIP_EM_NONE)
      bad_file(path_, name + " is encrypted");
    if (status.size > limit_ + npy_overhead) check_size(name, status.size);
    if (status.size > npy_overhead && status.size / highest_ratio > status.comp_size)
      bad_file(path_, name + " unpacks to more than " + std::to_string(highest_ratio) + " times its size");
    const std::unique_ptr<zip_file_t, Closer> file(zip_fopen_index(archive_.get(), status.index, 0));
    if (file == nullptr) bad_file(path_, name + " cannot be read: " + zip_strerror(archive_.get()));
    std::vector<std::uint8_t> bytes(status.size);
    std::uint64_t done = 0;
    while (done < status.size) {
      const zip_int64_t count = zip_fread(file.get(), bytes.data() + done, status.size - done);
      if (count < 0) bad_file(path_, name + " is damaged: " + zip_file_strerror(file.get()));
      if (count == 0) bad_file(path_, name + " is shorter than it says");
      done += static_cast<std::uint64_t>(count);
    }
    // The checksum is compared when the end is read.
    std::uint8_t beyond = 0;
    const zip_int64_t more = zip_fread(file.get(), &beyond, 1);
    if (more < 0) bad_file(path_, name + " is damaged: " + zip_file_strerror(file.get()));
    if (more > 0) bad_file(path_, name + " is longer than it says");
    return bytes;
  }

 private:
  void check_size(const std::string& name, std::uint64_t size) const {
    bad_file(path_,
             name + " is " + std::to_string(size >> 20) + " MiB, but data.memory allows " +
                 std::to_string(limit_ >> 20) + " MiB",
             "raise data.memory");
  }

  std::filesystem::path path_;
  std::uint64_t limit_;
  Archive archive_;
};

void read_images(Pack& pack, const NpyArray& images, const std::filesystem::path& path, const std::string& name) {
  if (images.size != 1 || images.kind == 'i') bad_file(path, name + " must hold unsigned bytes (|u1)");
  const auto& shape = images.shape;
  const bool colour = shape.size() == 4 && shape[3] == 3;
  if (!colour && shape.size() != 3 && !(shape.size() == 4 && shape[3] == 1))
    bad_file(path, name + " must have the shape images × height × width, or × 3");
  for (const std::size_t axis : {std::size_t{1}, std::size_t{2}})
    if (shape[axis] < 1 || shape[axis] > static_cast<std::uint64_t>(max_image_side))
      bad_file(path, name + ": image size out of range: 1 to 20,000 a side");
  pack.height = static_cast<int>(shape[1]);
  pack.width = static_cast<int>(shape[2]);
  pack.channels = colour ? 3 : 1;
  pack.pixels = bytes_of(images);
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
  const Npz npz(spec.path, spec.memory);
  std::vector<Pack> packs;
  std::uint64_t total = 0;
  for (const std::string part : {"train", "val", "test"}) {
    const std::string images_name = part + "_images.npy", labels_name = part + "_labels.npy";
    if (!npz.has(images_name) && !npz.has(labels_name)) continue;
    Pack pack;
    pack.part = part;
    std::uint64_t count = 0;
    naming(spec.path, images_name, [&] {
      const std::vector<std::uint8_t> bytes = npz.member(images_name);
      check_fits(total += bytes.size(), spec, spec.path);
      const NpyArray images = read_npy(bytes);
      read_images(pack, images, spec.path, images_name);
      count = images.shape[0];
    });
    naming(spec.path, labels_name, [&] {
      const std::vector<std::uint8_t> bytes = npz.member(labels_name);
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
