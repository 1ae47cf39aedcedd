#include "cli/pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "diagnostics/render.h"
#include "files/files.h"
#include "files/target.h"
#include "pictures/contact_sheet.h"
#include "pictures/encode_png.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const fs::path& file, const std::string& why, const std::string& advice) {
  throw Error(Failure::usage, fmt::format("--pictures {}: {}", printable(file.string()), why), advice);
}

// Of a manifest, whose images lie anywhere.
void require_no_image(const fs::path& file, const DataSpec& data, const Source& source) {
  std::error_code unknown;
  if (!fs::exists(file, unknown) || !fs::is_regular_file(data.path, unknown)) return;
  const auto whole = [&](const fs::path& path) { return fs::absolute(path, unknown).lexically_normal(); };
  const fs::path target = whole(file), folder = data.path.parent_path();
  const bool is_image = std::any_of(source.samples().begin(), source.samples().end(),
                                    [&](const Sample& sample) { return whole(folder / sample.name) == target; });
  if (is_image) refuse(file, "it is one of the images", "choose another name");
}

}  // namespace

void require_picture_target(const fs::path& file, const DataSpec& data) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending != ".png") refuse(file, "what is written is a PNG", "name a file that ends in .png");
  require_target(file);
  std::error_code unknown;  // then opening the data tells
  if (data.path.empty() || !fs::is_directory(data.path, unknown)) return;
  const fs::path below =
      fs::weakly_canonical(file, unknown).lexically_relative(fs::weakly_canonical(data.path, unknown));
  if (!below.empty() && *below.begin() != "..")
    refuse(file, "it would lie in the folder of the images",
           "choose a place outside of " + printable(data.path.string()));
}

nlohmann::json draw_pictures(const fs::path& file, const Experiment& experiment, const Source& source,
                             const Parts& parts, Console& console) {
  require_no_image(file, experiment.data, source);
  const ContactSheet sheet = contact_sheet(experiment, source, parts);
  write_file_atomically(file, encode_png(sheet.image));
  console.line(
      fmt::format("pictures: {}, {}×{} pixels", printable(file.string()), sheet.image.width, sheet.image.height));
  for (const std::string& note : sheet.notes) console.line("  " + note);
  return {{"file", file.string()}, {"notes", sheet.notes}};
}

}  // namespace rxrun
