// FileSource: samples that are image files, one each.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "data/source.h"

namespace rxrun {

class FileSource final : public Source {
 public:
  // `paths` belong to the listing's samples, one each; its `channels` is found here. `window`: of 16-bit images, as
  // decode_image's.
  FileSource(Listing listing, std::vector<std::filesystem::path> paths, const std::optional<GreyWindow>& window);

  // Throws Error also when the file is no longer the one whose digest was given, judging by its size and time.
  Image decode(std::size_t index, std::string* digest) const override;
  std::string digest(std::size_t index) const override;

 private:
  struct Version {
    std::uintmax_t size = 0;
    std::filesystem::file_time_type modified;
    bool operator==(const Version&) const = default;
  };
  Version version_of(std::size_t index) const;

  std::vector<std::filesystem::path> paths_;
  mutable std::vector<std::optional<Version>> versions_;  // of each file when its digest was taken, by one thread
  std::optional<GreyWindow> window_;
};

// By the extension: png, jpg, jpeg, jpe, jfif, tif, tiff, bmp or dib.
bool has_image_extension(const std::filesystem::path& path);

// "train", "test", "val", "valid" or "validation".
bool is_part_name(std::string_view name);

}  // namespace rxrun
