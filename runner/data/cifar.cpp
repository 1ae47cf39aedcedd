// CIFAR-10 and CIFAR-100 in the binary version: records of labels and 3 × 32 × 32 bytes, plane by plane.
#include <sstream>

#include "data/fault.h"
#include "data/packed_source.h"
#include "files/files.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t side = 32, plane = side * side, image_bytes = 3 * plane;

struct Variant {
  std::vector<std::string> train, test;
  std::size_t labels;  // bytes before each image; the last is the class
  std::string names;
  std::size_t classes;
};

const Variant cifar10{
    {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
    {"test_batch.bin"},
    1,
    "batches.meta.txt",
    10};
const Variant cifar100{{"train.bin"}, {"test.bin"}, 2, "fine_label_names.txt", 100};

void append(Pack& pack, const fs::path& path, const Variant& variant, const DataSpec& spec) {
  const std::string bytes = read_file(path, spec.memory);
  const std::size_t record = variant.labels + image_bytes;
  if (bytes.empty() || bytes.size() % record != 0)
    bad_file(path, std::to_string(bytes.size()) + " bytes are not a whole number of records of " +
                       std::to_string(record) + " bytes");
  const std::size_t count = bytes.size() / record;
  std::size_t to = pack.pixels.size();
  pack.pixels.resize(to + count * image_bytes);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data()) + i * record + variant.labels;
    const std::uint8_t label = from[-1];
    if (label >= variant.classes)
      bad_file(path, "label " + std::to_string(label) + " of record " + std::to_string(i) + " is out of range");
    pack.labels.push_back(label);
    for (std::size_t p = 0; p < plane; ++p)
      for (std::size_t c = 0; c < 3; ++c) pack.pixels[to++] = from[c * plane + p];
  }
}

// A part is there with all of its files or not at all.
void check_whole(const fs::path& folder, const std::vector<std::string>& files, const std::string& part) {
  std::string missing;
  std::size_t count = 0;
  for (const std::string& name : files)
    if (!is_there(folder / name)) missing += (count++ == 0 ? "" : ", ") + name;
  if (count > 0 && count < files.size())
    bad_file(folder,
             missing + (count == 1 ? " is" : " are") + " missing: the part " + part + " is in " +
                 std::to_string(files.size()) + " files, of which " + std::to_string(files.size() - count) +
                 (files.size() - count == 1 ? " is there" : " are there"),
             "unpack the archive again");
}

std::vector<std::string> class_names(const fs::path& path, const Variant& variant) {
  std::vector<std::string> names;
  if (is_there(path)) {
    std::istringstream lines(read_file(path, 1 << 16));
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty()) names.push_back(line);
    }
    if (names.size() != variant.classes)
      bad_file(path, std::to_string(names.size()) + " class names, expected " + std::to_string(variant.classes));
  } else {
    for (std::size_t c = 0; c < variant.classes; ++c) names.push_back(std::to_string(c));
  }
  return names;
}

}  // namespace

std::unique_ptr<Source> open_cifar(const DataSpec& spec) {
  fs::path folder = spec.path;
  // The archives unpack to a folder of their own.
  for (const char* inner : {"cifar-10-batches-bin", "cifar-100-binary"})
    if (is_there(spec.path / inner)) folder = spec.path / inner;
  const bool is_100 = is_there(folder / cifar100.train.front()) || is_there(folder / cifar100.test.front());
  const Variant& variant = is_100 ? cifar100 : cifar10;
  std::vector<Pack> packs;
  for (const bool train : {true, false}) {
    Pack pack{train ? "train" : "test", static_cast<int>(side), static_cast<int>(side), 3, {}, {}};
    const std::vector<std::string>& files = train ? variant.train : variant.test;
    check_whole(folder, files, pack.part);
    for (const std::string& name : files) {
      if (!is_there(folder / name)) continue;
      append(pack, folder / name, variant, spec);
      check_fits(pack.pixels.size(), spec, folder);
    }
    if (!pack.labels.empty()) packs.push_back(std::move(pack));
  }
  if (packs.empty())
    bad_file(folder, "no data_batch_1.bin (CIFAR-10) or train.bin (CIFAR-100) in it",
             "source cifar expects the binary version");
  return std::make_unique<PackedSource>(std::move(packs), class_names(folder / variant.names, variant), folder);
}

}  // namespace rxrun
