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
                       const std::optional<GreyWindow>& window, std::int64_t channels,
                       std::vector<std::vector<std::filesystem::path>> copies)
    : paths_(std::move(paths)),
      copies_(std::move(copies)),
      versions_(paths_.size()),
      window_(window),
      channels_(static_cast<int>(channels)) {
  listing_ = std::move(listing);
  listing_.channels = channels_ != 0 ? channels_ : channels_of_some();
}

// Reading all of them would take as long as decoding does, which tells of those that are otherwise.
int FileSource::channels_of_some() const {
  constexpr std::size_t spread_out = 32;
  const std::size_t count = listing_.samples.size();
  std::vector<std::size_t> looked_at;
  std::vector<bool> seen(listing_.classes.size(), false);
  for (std::size_t i = 0; i < count; ++i) {
    const auto label = static_cast<std::size_t>(listing_.samples[i].label);
    if (!seen[label]) looked_at.push_back(i);
    seen[label] = true;
  }
  for (std::size_t i = 0; i < spread_out && count > 0; ++i) looked_at.push_back(i * count / spread_out);
  for (const std::size_t i : looked_at) {
    try {
      if (decode(i, nullptr).channels == 3) return 3;
    } catch (const Error&) {
      // Loading will tell of it.
    }
  }
  return 1;
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
    return decode_image({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, window_, channels_);
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

std::span<const std::string_view> image_extensions() {
  static constexpr std::array<std::string_view, 10> known = {".png", ".jpg",  ".jpeg", ".jpe", ".jfif",
                                                             ".tif", ".tiff", ".bmp",  ".dib", ".webp"};
  return known;
}

bool has_image_extension(const std::filesystem::path& path) {
  const std::span<const std::string_view> known = image_extensions();
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(known.begin(), known.end(), extension) != known.end();
}

}  // namespace rxrun
