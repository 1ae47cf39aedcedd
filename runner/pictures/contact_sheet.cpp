#include "pictures/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "data/augment.h"
#include "data/parallel.h"
#include "data/prepared_images.h"
#include "data/resize.h"
#include "diagnostics/render.h"
#include "machine/cores.h"
#include "pictures/bitmap_font.h"
#include "random/random.h"

namespace rxrun {
namespace {

constexpr int epochs_drawn = 3;
constexpr std::size_t classes_shown = 12;
constexpr int planes_shown = 16;
constexpr int smallest_tile = 96, largest_tile = 256;  // sides of a picture on the sheet
constexpr int margin = 12, gap = 4, text_scale = 2, text_height = glyph_height * text_scale + 4;

// How one image becomes a picture of the sheet.
struct Tiling {
  int planes = 1;    // drawn side by side in grey; 1: the image as it is
  int across = 1;    // planes in a row of the picture
  int plane = 0;     // side of one of them on the sheet
  int enlarged = 1;  // each pixel so many times wide and high

  int side() const { return plane * across; }
};

Tiling tiling_of(int size, int channels) {
  Tiling tiling;
  if (channels != 1 && channels != 3) tiling.planes = std::min(channels, planes_shown);
  while (tiling.across * tiling.across < tiling.planes) ++tiling.across;
  const int smallest = smallest_tile / tiling.across, largest = largest_tile / tiling.across;
  tiling.enlarged = size < smallest ? (smallest + size - 1) / size : 1;
  tiling.plane = std::min(size * tiling.enlarged, largest);
  return tiling;
}

Image grey_plane(const Image& image, int channel) {
  Image plane{image.height, image.width, 1, {}};
  plane.pixels.reserve(image.pixels.size() / static_cast<std::size_t>(image.channels));
  for (std::size_t i = static_cast<std::size_t>(channel); i < image.pixels.size();
       i += static_cast<std::size_t>(image.channels))
    plane.pixels.push_back(image.pixels[i]);
  return plane;
}

Image enlarged(const Image& image, int times) {
  Image out{image.height * times, image.width * times, image.channels, {}};
  out.pixels.reserve(static_cast<std::size_t>(out.height) * out.row_bytes());
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x) {
      const auto pixel = image.pixels.begin() + (y / times) * static_cast<std::ptrdiff_t>(image.row_bytes()) +
                         (x / times) * image.channels;
      out.pixels.insert(out.pixels.end(), pixel, pixel + image.channels);
    }
  return out;
}

// Grey or colour onto colour; it has to fit.
void paste(Image& sheet, const Image& image, int left, int top) {
  auto from = image.pixels.begin();
  for (int y = 0; y < image.height; ++y) {
    auto to = sheet.pixels.begin() + (top + y) * static_cast<std::ptrdiff_t>(sheet.row_bytes()) + left * 3;
    for (int x = 0; x < image.width; ++x, from += image.channels)
      for (int c = 0; c < 3; ++c) *to++ = from[image.channels == 3 ? c : 0];
  }
}

Image white(int height, int width) {
  Image image{height, width, 3, {}};
  image.pixels.assign(static_cast<std::size_t>(height) * image.row_bytes(), 255);
  return image;
}

Image tile_of(const Image& image, const Tiling& tiling) {
  const auto scaled = [&](const Image& plane) {
    return plane.width * tiling.enlarged > tiling.plane ? resize_bilinear(plane, tiling.plane, tiling.plane)
                                                        : enlarged(plane, tiling.enlarged);
  };
  if (tiling.planes == 1) return scaled(image);
  Image tile = white(tiling.plane * ((tiling.planes + tiling.across - 1) / tiling.across), tiling.side());
  for (int p = 0; p < tiling.planes; ++p)
    paste(tile, scaled(grey_plane(image, p)), p % tiling.across * tiling.plane, p / tiling.across * tiling.plane);
  return tile;
}

// The images of one class in one part.
struct Row {
  Part part = Part::train;
  std::int64_t label = 0;
  std::vector<std::int64_t> samples;         // in the order in which they are drawn
  std::vector<std::vector<Image>> pictures;  // of each image plain, and in train augmented
  std::vector<Diagnostic> faults;
};

class Drawing {
 public:
  Drawing(const Experiment& experiment, const Source& source, const Parts& parts)
      : spec_(experiment.data),
        seed_(experiment.seed),
        source_(source),
        parts_(parts),
        size_(static_cast<int>(spec_.image_size)),
        channels_(spec_.channels != 0 ? static_cast<int>(spec_.channels) : source.channels()),
        tiling_(tiling_of(size_, channels_)) {
    constexpr int usual_width = 1600, fewest = 8, most = 12;
    const int fit = std::clamp(usual_width / (tiling_.side() + gap), fewest, most);
    columns_ = fit / (1 + epochs_drawn) * (1 + epochs_drawn);
    choose_rows();
    if (experiment.training.mixup > 0.0)
      sheet_.notes.push_back("mixup blends pairs of the training images; it is not drawn");
  }

  ContactSheet draw() {
    const std::vector<float> erased = colour_of_erased();
    for_each_index(rows_.size(), available_cores(), [&](std::size_t r) {
      Row& row = rows_[r];
      Transform transform(spec_.augment, size_, channels_, erased,
                          std::vector<float>(static_cast<std::size_t>(channels_), 1.0f));
      for_images(row, [&](std::int64_t sample, const Image& image) {
        std::vector<Image>& pictures = row.pictures.emplace_back();
        pictures.push_back(tile_of(image, tiling_));
        for (int epoch = 1; row.part == Part::train && epoch <= epochs_drawn; ++epoch)
          pictures.push_back(tile_of(augmented(transform, image, erased, epoch, sample), tiling_));
      });
    });
    std::vector<Diagnostic> faults;
    for (const Row& row : rows_) faults.insert(faults.end(), row.faults.begin(), row.faults.end());
    if (!faults.empty()) throw Error(Failure::usage, std::move(faults));
    leave_out_what_is_plain();
    lay_out();
    return std::move(sheet_);
  }

 private:
  void choose_rows() {
    const std::size_t count = source_.classes().size(), shown = std::min(count, classes_shown);
    if (shown < count)
      sheet_.notes.push_back(fmt::format("{} of {} are shown, evenly spaced", shown, counted(count, "class")));
    if (channels_ != 1 && channels_ != 3 && channels_ > planes_shown)
      sheet_.notes.push_back(fmt::format("the first {} of {} are shown", planes_shown, counted(channels_, "channel")));
    for (const Part part : all_parts)
      for (std::size_t i = 0; i < shown; ++i) {
        Row row{.part = part, .label = static_cast<std::int64_t>(i * count / shown)};
        for (const std::int64_t sample : parts_[static_cast<std::size_t>(part)])
          if (source_.samples()[static_cast<std::size_t>(sample)].label == row.label) row.samples.push_back(sample);
        // Epochs count from 1: no other draw has this key.
        RandomStream(seed_, Purpose::shuffle, 0, static_cast<std::uint64_t>(row.label)).shuffle(row.samples);
        rows_.push_back(std::move(row));
      }
  }

  // Calls f(sample, image) for as many images as the row shows.
  template <typename F>
  void for_images(Row& row, F f) const {
    int left = row.part == Part::train ? columns_ / (1 + epochs_drawn) : columns_;
    for (auto sample = row.samples.begin(); sample != row.samples.end() && left > 0; ++sample) {
      std::optional<Image> image;
      try {
        image = prepared_image(source_, static_cast<std::size_t>(*sample), spec_, channels_);
      } catch (const Error& error) {
        if (spec_.on_bad_image == OnBadImage::error) row.faults.push_back(error.diagnostics().front());
        if (spec_.on_bad_image == OnBadImage::skip) continue;
      }
      if (image) f(*sample, *image);
      --left;
    }
  }

  // The mean, in [0, 1]. Where that is measured, it is measured here of the training images that are shown.
  std::vector<float> colour_of_erased() {
    const auto channels = static_cast<std::size_t>(channels_);
    const std::vector<double>& given = spec_.normalize.mean;
    std::vector<float> colour(channels, 0.0f);
    if (spec_.augment.erase <= 0.0 || spec_.normalize.source == NormalizeSpec::Source::none) return colour;
    if (spec_.normalize.source == NormalizeSpec::Source::given) {
      // One value is for all channels; another number that does not fit is told when the data is loaded.
      for (std::size_t c = 0; c < channels; ++c) colour[c] = static_cast<float>(given[std::min(c, given.size() - 1)]);
      return colour;
    }
    std::vector<double> sums(channels, 0.0);
    double pixels = 0.0;
    for (Row& row : rows_) {
      if (row.part != Part::train) continue;
      for_images(row, [&](std::int64_t, const Image& image) {
        for (std::size_t i = 0; i < image.pixels.size(); ++i) sums[i % channels] += image.pixels[i];
        pixels += static_cast<double>(image.pixels.size() / channels);
      });
      row.faults.clear();  // told when the row is drawn
    }
    for (std::size_t c = 0; c < channels && pixels > 0.0; ++c) colour[c] = static_cast<float>(sums[c] / pixels / 255.0);
    return colour;
  }

  Image augmented(Transform& transform, const Image& image, const std::vector<float>& mean, int epoch,
                  std::int64_t sample) const {
    std::vector<float> values(image.pixels.size());
    transform.augmented(
        image.pixels,
        RandomStream(seed_, Purpose::augment, static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(sample)),
        values.data());
    Image out = image;
    for (std::size_t i = 0; i < values.size(); ++i)
      out.pixels[i] =
          static_cast<std::uint8_t>(std::clamp(std::lround((values[i] + mean[i % mean.size()]) * 255.0f), 0l, 255l));
    return out;
  }

  // Without augmentation each picture would be there four times.
  void leave_out_what_is_plain() {
    const auto same = [](const std::vector<Image>& pictures) {
      return std::all_of(pictures.begin(), pictures.end(), [&](const Image& p) { return p == pictures.front(); });
    };
    plain_ = std::all_of(rows_.begin(), rows_.end(),
                         [&](const Row& row) { return std::all_of(row.pictures.begin(), row.pictures.end(), same); });
    if (!plain_) return;
    for (Row& row : rows_)
      for (std::vector<Image>& pictures : row.pictures) pictures.resize(1);
  }

  std::string heading(Part part) const {
    const std::string images =
        fmt::format("{}: {}", to_string(part), counted(parts_[static_cast<std::size_t>(part)].size(), "image"));
    if (part != Part::train) return images;
    return images + (plain_ ? ", which no augmentation changes"
                            : "; each is shown plain, then as it is augmented in epochs 1, 2 and 3");
  }

  // With its number: a name may have letters that are not drawn.
  std::string class_in_words(std::int64_t label) const {
    const std::string& name = source_.classes()[static_cast<std::size_t>(label)];
    return name == std::to_string(label) ? "class " + name : fmt::format("class {}, {}", label, name);
  }

  std::string title() const {
    std::string text = fmt::format("input {}x{}x{}", channels_, size_, size_);
    if (tiling_.planes > 1) text += ", channel by channel";
    if (tiling_.enlarged > 1) text += fmt::format(", drawn {} times as large", tiling_.enlarged);
    if (size_ > tiling_.plane) text += fmt::format(", reduced here to {}x{}", tiling_.plane, tiling_.plane);
    return text;
  }

  void lay_out() {
    const int side = tiling_.side();
    const int width = 2 * margin + columns_ * (side + gap) + columns_ / (1 + epochs_drawn) * 2 * gap;
    const int row_height = text_height + side + 2 * gap;
    int height = 2 * margin + text_height * (1 + static_cast<int>(sheet_.notes.size()));
    for (std::size_t r = 0; r < rows_.size(); ++r)
      height += (begins_part(r) ? 2 * text_height : 0) + (rows_[r].pictures.empty() ? text_height : row_height);

    sheet_.image = white(height, width);
    int top = margin;
    const auto write = [&](const std::string& text) {
      const int room = (width - 2 * margin) / text_scale;
      draw_text(sheet_.image, margin, top, text_within(text, room), text_scale);
      top += text_height;
    };
    write(title());
    for (const std::string& note : sheet_.notes) write(note);
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      const Row& row = rows_[r];
      if (begins_part(r)) {
        top += text_height;
        write(heading(row.part));
      }
      write(fmt::format("{}: {}", class_in_words(row.label),
                        row.samples.empty() ? "no images" : counted(row.samples.size(), "image")));
      if (row.pictures.empty()) continue;
      int left = margin;
      for (const std::vector<Image>& pictures : row.pictures) {
        for (const Image& picture : pictures) {
          paste(sheet_.image, picture, left, top);
          left += side + gap;
        }
        if (pictures.size() > 1) left += 2 * gap;
      }
      top += side + 2 * gap;
    }
  }

  bool begins_part(std::size_t row) const { return row == 0 || rows_[row - 1].part != rows_[row].part; }

  const DataSpec& spec_;
  const std::uint64_t seed_;
  const Source& source_;
  const Parts& parts_;
  const int size_, channels_;
  const Tiling tiling_;
  int columns_ = 0;
  bool plain_ = false;
  std::vector<Row> rows_;
  ContactSheet sheet_;
};

}  // namespace

ContactSheet contact_sheet(const Experiment& experiment, const Source& source, const Parts& parts) {
  return Drawing(experiment, source, parts).draw();
}

}  // namespace rxrun
