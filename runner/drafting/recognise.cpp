#include "drafting/recognise.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "data/fault.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::string_view, 4> idx_names = {"train-images-idx3-ubyte", "t10k-images-idx3-ubyte",
                                                       "train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"};
constexpr std::array<std::string_view, 6> cifar_names = {
    "data_batch_1.bin", "test_batch.bin", "train.bin", "test.bin", "cifar-10-batches-bin", "cifar-100-binary"};

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

bool is_one_of(std::span<const std::string_view> names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What lies in a folder itself, hidden files left out.
struct Contents {
  bool idx = false, cifar = false, folders = false;
  std::vector<fs::path> npz, csv;
};

Contents contents_of(const fs::path& folder) {
  constexpr std::size_t looked_at = 100'000;
  Contents contents;
  std::error_code error;
  std::size_t seen = 0;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end && seen < looked_at;
       entry.increment(error), ++seen) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.')) continue;
    const std::string ending = lower_case(entry->path().extension().string());
    std::error_code unknown;  // then it is a file
    contents.idx = contents.idx || is_one_of(idx_names, ending == ".gz" ? entry->path().stem().string() : name);
    contents.cifar = contents.cifar || is_one_of(cifar_names, name);
    contents.folders = contents.folders || entry->is_directory(unknown);
    if (ending == ".npz") contents.npz.push_back(entry->path());
    if (ending == ".csv") contents.csv.push_back(entry->path());
  }
  if (error) bad_file(folder, "folder cannot be read: " + error.message());
  return contents;
}

RecognisedData opened(SourceKind kind, const fs::path& path, const DataSpec& asked) {
  DataSpec spec = asked;
  spec.source = kind;
  std::error_code error;
  spec.path = fs::absolute(path, error).lexically_normal();
  return {.kind = kind, .path = path, .source = open_source(spec, /*seed=*/0)};
}

RecognisedData recognise_folder(const DataSpec& asked) {
  const fs::path& folder = asked.path;
  const Contents contents = contents_of(folder);
  if (contents.idx) return opened(SourceKind::idx, folder, asked);
  if (contents.cifar) return opened(SourceKind::cifar, folder, asked);
  const std::size_t tables = contents.npz.size() + contents.csv.size();
  if (!contents.folders && tables == 1)
    return contents.csv.empty() ? opened(SourceKind::medmnist, contents.npz.front(), asked)
                                : opened(SourceKind::manifest, contents.csv.front(), asked);
  if (!contents.folders && tables > 1)
    bad_file(folder,
             fmt::format("there are {} and {} in it", counted(contents.npz.size(), ".npz file"),
                         counted(contents.csv.size(), ".csv file")),
             "name one of them");
  try {
    return opened(SourceKind::class_folders, folder, asked);
  } catch (const Error& folders) {
    // A list of the images may say what their folders do not.
    if (contents.csv.size() != 1) throw;
    try {
      RecognisedData list = opened(SourceKind::manifest, contents.csv.front(), asked);
      list.instead_of_folders = folders.what();
      return list;
    } catch (const Error&) {
      // What is wrong with the folders is told: the list may be about something else.
    }
    throw;
  }
}

}  // namespace

RecognisedData recognise_data(const DataSpec& asked) {
  const fs::path& path = asked.path;
  std::error_code error;
  if (!is_there(path)) bad_file(path, "there is no such folder or file");
  if (fs::is_directory(path, error)) return recognise_folder(asked);
  const std::string ending = lower_case(path.extension().string());
  if (ending == ".npz") return opened(SourceKind::medmnist, path, asked);
  if (ending == ".csv") return opened(SourceKind::manifest, path, asked);
  bad_file(path, "neither a folder nor an .npz or .csv file",
           "name the folder that the images lie in; an archive has to be unpacked first");
}

const char* to_string(SourceKind kind) {
  switch (kind) {
    case SourceKind::class_folders:
      return "class_folders";
    case SourceKind::medmnist:
      return "medmnist";
    case SourceKind::idx:
      return "idx";
    case SourceKind::manifest:
      return "manifest";
    case SourceKind::cifar:
      return "cifar";
    case SourceKind::histology:
      return "histology";
  }
  return "?";
}

}  // namespace rxrun
