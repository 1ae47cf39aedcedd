#include "training/foreign_format.h"

#include <algorithm>
#include <array>

namespace rxrun {
namespace {

using namespace std::string_view_literals;

struct Beginning {
  std::string_view bytes;
  const char* what;
  const char* advice;
};

constexpr const char* from_pytorch =
    "convert it with Python: `safetensors.torch.save_file(torch.load(FILE, weights_only=True), "
    "\"weights.safetensors\")`, "
    "if it holds nothing but tensors by their names";
constexpr const char* unpack = "unpack it, and give the safetensors file that is in it";
constexpr const char* other = "expected the weights as a safetensors file";

// The longer before what it begins with.
constexpr std::array<Beginning, 20> beginnings = {
    {{"version https://git-lfs"sv, "a pointer of Git LFS, which stands for the file",
      "`git lfs pull` fetches the file"},
     {"\x89HDF\r\n\x1a\n"sv, "an HDF5 file, as Keras writes (.h5)",
      "load it with Keras, and save its weights by the network's names with safetensors.numpy.save_file"},
     {"PK\x03\x04"sv, "a zip archive", unpack},
     {"PK\x05\x06"sv, "an empty zip archive", other},
     {"\x80\x02"sv, "a Python pickle, as PyTorch writes (.pt, .pth)", from_pytorch},
     {"\x80\x03"sv, "a Python pickle", from_pytorch},
     {"\x80\x04"sv, "a Python pickle", from_pytorch},
     {"\x80\x05"sv, "a Python pickle", from_pytorch},
     {"\x1f\x8b"sv, "a gzip archive", unpack},
     {"\xfd"
      "7zXZ\0"sv,
      "an xz archive", unpack},
     {"BZh"sv, "a bzip2 archive", unpack},
     {"\x28\xb5\x2f\xfd"sv, "a zstd archive", unpack},
     {"7z\xbc\xaf\x27\x1c"sv, "a 7z archive", unpack},
     {"Rar!"sv, "a RAR archive", unpack},
     {"\x93NUMPY"sv, "a NumPy array (.npy)", other},
     {"GGUF"sv, "a GGUF file, of language models", other},
     {"{"sv, "JSON", "it may be the index of weights in several files, which cannot be read: write them into one"},
     {"\x89PNG"sv, "a PNG image", other},
     {"\xff\xd8\xff"sv, "a JPEG image", other},
     {"%PDF"sv, "a PDF", other}}};

bool is_web_page(std::string_view begin) {
  begin.remove_prefix(std::min(begin.find_first_not_of(" \t\r\n\xef\xbb\xbf"), begin.size()));
  std::string lower(begin.substr(0, 16));
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower.starts_with("<!doctype html") || lower.starts_with("<html") || lower.starts_with("<?xml");
}

ForeignFormat told(const std::string& what, const std::string& advice) {
  return {"this is " + what + ", not a safetensors file", advice};
}

}  // namespace

std::optional<ForeignFormat> foreign_format(std::string_view begin) {
  if (begin.empty()) return ForeignFormat{"the file is empty", "take another copy of it"};
  if (is_web_page(begin))
    return told("a web page",
                "the download gave the page instead of the file, as where one has to log in: load the "
                "file itself");
  // torch.save writes a zip whose first member is the pickle.
  if (begin.starts_with("PK") && begin.find("data.pkl") != std::string_view::npos)
    return told("a PyTorch file, as torch.save writes (.pt, .pth)", from_pytorch);
  if (begin.size() > 262 && begin.substr(257, 5) == "ustar") return told("a tar archive", unpack);
  for (const Beginning& known : beginnings)
    if (begin.starts_with(known.bytes)) return told(known.what, known.advice);
  return std::nullopt;
}

}  // namespace rxrun
