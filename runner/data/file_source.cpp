#include "data/file_source.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "data/decode.h"
#include "data/fault.h"
#include "files/files.h"

namespace rxrun {
namespace {

// As large as the largest image within the bounds would be, uncompressed and with 16 bits a channel.
constexpr std::uint64_t max_file_size = 640'000'000;

}  // namespace

FileSource::FileSource(Listing listing, std::vector<std::filesystem::path> paths,
                       const std::optional<GreyWindow>& window, std::vector<std::vector<std::filesystem::path>> copies)
    : paths_(std::move(paths)), copies_(std::move(copies)), versions_(paths_.size()), window_(window) {
  listing_ = std::move(listing);
  listing_.channels = 1;
  std::vector<bool> seen(listing_.classes.size(), false);
  for (std::size_t i = 0; i < listing_.samples.size() && listing_.channels == 1; ++i) {
    const auto label = static_cast<std::size_t>(listing_.samples[i].label);
    if (seen[label]) continue;
    seen[label] = true;
    try {
      listing_.channels = decode(i, nullptr).channels;
    } catch (const Error&) {
      seen[label] = false;  // loading will tell of it; the next image of the class answers here
    }
  }
}

FileSource::Version FileSource::version_of(std::size_t index) const {
  Version version;
  std::error_code gone;  // told when the file is read
  version.size = std::filesystem::file_size(paths_[index], gone);
  version.modified = std::filesystem::last_write_time(paths_[index], gone);
  return version;
}

void FileSource::check_copies(std::size_t index, const std::string& digest) const {
  if (copies_.empty()) return;
  for (const std::filesystem::path& copy : copies_[index])
    if (sha256_hex(read_file(copy, max_file_size)) != digest)
      bad_file(copy, "has the name and the size of " + paths_[index].string() + ", but other content",
               "remove the wrong one, or leave it out with data.exclude");
}

Image FileSource::decode(std::size_t index, std::string* digest) const {
  if (digest != nullptr) versions_[index] = version_of(index);
  const bool changed = versions_[index] && *versions_[index] != version_of(index);
  const std::string bytes = read_file(paths_[index], max_file_size);
  if (changed)
    throw Error(Diagnostic{.where = {.file = paths_[index].string()},
                           .message = "the image has changed since it was first read",
                           .advice = "what was trained on both versions is of no use: start anew"});
  if (digest != nullptr) {
    *digest = sha256_hex(bytes);
    check_copies(index, *digest);
  }
  try {
    return decode_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, window_);
  } catch (const Error& error) {
    Diagnostic diagnostic = error.diagnostics().front();
    diagnostic.where.file = paths_[index].string();
    throw Error(diagnostic);
  }
}

std::string FileSource::digest(std::size_t index) const {
  versions_[index] = version_of(index);
  std::string digest = sha256_hex(read_file(paths_[index], max_file_size));
  check_copies(index, digest);
  return digest;
}

bool has_image_extension(const std::filesystem::path& path) {
  static constexpr std::array<std::string_view, 9> known = {".png", ".jpg",  ".jpeg", ".jpe", ".jfif",
                                                            ".tif", ".tiff", ".bmp",  ".dib"};
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(known.begin(), known.end(), extension) != known.end();
}

}  // namespace rxrun
