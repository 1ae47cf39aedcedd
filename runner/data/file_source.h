// FileSource: samples that are image files, one each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "data/source.h"

namespace rxrun {

class FileSource final : public Source {
 public:
  // `paths` belong to the listing's samples, one each; its `channels` is found here. `window` and `channels` as
  // decode_image's. `copies`: of each sample other files that are said to be the same; empty: there are none.
  FileSource(Listing listing, std::vector<std::filesystem::path> paths, const std::optional<GreyWindow>& window,
             std::int64_t channels, std::vector<std::vector<std::filesystem::path>> copies = {});

  // Throws Error also when the file is no longer the one whose digest was given, judging by its size and time, and,
  // while the digest is taken, when a copy is none.
  Image decode(std::size_t index, std::string* digest) const override;
  std::string digest(std::size_t index) const override;

 private:
  struct Version {
    std::uintmax_t size = 0;
    std::filesystem::file_time_type modified;
    bool operator==(const Version&) const = default;
  };
  Version version_of(std::size_t index) const;
  void check_copies(std::size_t index, const std::string& digest) const;
  int channels_of_some() const;

  std::vector<std::filesystem::path> paths_;
  std::vector<std::vector<std::filesystem::path>> copies_;
  mutable std::vector<std::optional<Version>> versions_;  // of each file when its digest was taken, by one thread
  std::optional<GreyWindow> window_;
  int channels_;
};

// By the extension: png, jpg, jpeg, jpe, jfif, tif, tiff, bmp, dib or webp.
bool has_image_extension(const std::filesystem::path& path);
// These, in lower case and with their dots.
std::span<const std::string_view> image_extensions();

}  // namespace rxrun
