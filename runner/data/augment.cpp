#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>

#include "data/colour.h"
#include "data/filter_kernels.h"

namespace rxrun {
namespace {

// Where output pixel (y, x) comes from: (yy·y + yx·x + y0, xy·y + xx·x + x0). Moves by whole pixels compose exactly.
struct Move {
  int yy = 1, yx = 0, y0 = 0, xy = 0, xx = 1, x0 = 0;
  bool identity() const { return yy == 1 && xx == 1 && y0 == 0 && x0 == 0; }
};

// First `before`, then `after`: the output's pixel is looked up in `after`, and from there in `before`.
Move then(const Move& before, const Move& after) {
  return {before.yy * after.yy + before.yx * after.xy,
          before.yy * after.yx + before.yx * after.xx,
          before.yy * after.y0 + before.yx * after.x0 + before.y0,
          before.xy * after.yy + before.xx * after.xy,
          before.xy * after.yx + before.xx * after.xx,
          before.xy * after.y0 + before.xx * after.x0 + before.x0};
}

int within(RandomStream& draws, std::int64_t range) {
  return static_cast<int>(static_cast<std::int64_t>(draws.below(2 * static_cast<std::uint64_t>(range) + 1)) - range);
}

Move shift(RandomStream& draws, std::int64_t range) {
  const int y = within(draws, range);
  const int x = within(draws, range);
  return {1, 0, y, 0, 1, x};
}

// `channels`: an int, or a constant that the compiler unrolls the innermost loop by.
template <typename Channels>
void copy_moved(const std::uint8_t* from, int size, const Move& move, std::uint8_t* to, Channels channels) {
  for (int y = 0; y < size; ++y) {
    int row = move.yy * y + move.y0, column = move.xy * y + move.x0;
    for (int x = 0; x < size; ++x, row += move.yx, column += move.xx, to += channels) {
      const bool inside = row >= 0 && row < size && column >= 0 && column < size;
      const std::uint8_t* pixel = from + (inside ? (row * size + column) * channels : 0);
      for (int c = 0; c < channels; ++c) to[c] = inside ? pixel[c] : std::uint8_t{0};
    }
  }
}

struct Crop {
  double top, left, height, width;  // as shares of the side
};

// As torchvision's RandomResizedCrop draws it: ten tries for a rectangle that fits, else the whole.
Crop draw_crop(RandomStream& draws, double scale_low) {
  constexpr int tries = 10;
  const double widest = std::log(4.0 / 3.0);
  for (int i = 0; i < tries; ++i) {
    const double area = draws.uniform(scale_low, 1.0);
    const double aspect = std::exp(draws.uniform(-widest, widest));
    const double width = std::sqrt(area * aspect), height = std::sqrt(area / aspect);
    if (width > 1.0 || height > 1.0) continue;
    const double top = draws.uniform() * (1.0 - height);
    const double left = draws.uniform() * (1.0 - width);
    return {top, left, height, width};
  }
  return {0.0, 0.0, 1.0, 1.0};
}

int mirrored(int at, int size) {
  if (size == 1) return 0;
  const int period = 2 * (size - 1);
  at = ((at % period) + period) % period;
  return at < size ? at : period - at;
}

float draw_factor(RandomStream& draws, double range) {
  return static_cast<float>(draws.uniform(std::max(0.0, 1.0 - range), 1.0 + range));
}

}  // namespace

Transform::Transform(const AugmentSpec& augment, int size, int channels, const std::vector<float>& mean,
                     const std::vector<float>& deviation)
    : augment_(augment), size_(size), channels_(channels) {
  const auto width = static_cast<std::size_t>(size) * static_cast<std::size_t>(channels);
  for (std::size_t i = 0; i < width; ++i) {
    const std::size_t c = i % static_cast<std::size_t>(channels);
    scale_.push_back(1.0f / (255.0f * deviation[c]));
    shift_.push_back(-mean[c] / deviation[c]);
  }
  moved_.resize(width * static_cast<std::size_t>(size));
  values_.resize(moved_.size());
}

void Transform::normalise(const std::uint8_t* from, float* to) const {
  const std::size_t width = scale_.size();
  for (int y = 0; y < size_; ++y, from += width, to += width)
    scale_and_shift(from, scale_.data(), shift_.data(), width, to);
}

void Transform::plain(std::span<const std::uint8_t> image, float* to) const { normalise(image.data(), to); }

void Transform::augmented(std::span<const std::uint8_t> image, RandomStream draws, float* to) {
  const std::uint8_t* moved = move_pixels(image, draws);
  const bool resamples = augment_.rotate > 0.0 || augment_.scale_low < 1.0;
  const bool colours = augment_.brightness > 0.0 || augment_.contrast > 0.0 || augment_.saturation > 0.0 ||
                       augment_.hue > 0.0 || augment_.stain > 0.0;
  if (!resamples && !colours) {
    normalise(moved, to);
  } else {
    if (resamples)
      resample(moved, draws);
    else
      for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = static_cast<float>(moved[i]) * (1.0f / 255.0f);
    jitter_colours(draws);
    jitter_stain(draws);
    const std::size_t width = scale_.size();
    for (std::size_t row = 0; row < values_.size(); row += width)
      for (std::size_t i = 0; i < width; ++i) to[row + i] = values_[row + i] * (255.0f * scale_[i]) + shift_[i];
  }
  erase(draws, to);
}

const std::uint8_t* Transform::move_pixels(std::span<const std::uint8_t> image, RandomStream& draws) {
  const int last = size_ - 1;
  Move move;
  if (augment_.pad > 0) move = then(move, shift(draws, augment_.pad));
  if (augment_.horizontal_flip && draws.chance(0.5)) move = then(move, {1, 0, 0, 0, -1, last});
  if (augment_.vertical_flip && draws.chance(0.5)) move = then(move, {-1, 0, last, 0, 1, 0});
  if (augment_.rotate_90) {
    const std::uint64_t quarters = draws.below(4);
    for (std::uint64_t i = 0; i < quarters; ++i) move = then(move, {0, 1, 0, -1, 0, last});
  }
  if (augment_.translate > 0) move = then(move, shift(draws, augment_.translate));
  if (move.identity()) return image.data();
  if (channels_ == 1)
    copy_moved(image.data(), size_, move, moved_.data(), std::integral_constant<int, 1>());
  else if (channels_ == 3)
    copy_moved(image.data(), size_, move, moved_.data(), std::integral_constant<int, 3>());
  else
    copy_moved(image.data(), size_, move, moved_.data(), channels_);
  return moved_.data();
}

void Transform::resample(const std::uint8_t* from, RandomStream& draws) {
  const double angle =
      augment_.rotate > 0.0 ? draws.uniform(-augment_.rotate, augment_.rotate) * std::numbers::pi / 180.0 : 0.0;
  const Crop crop = augment_.scale_low < 1.0 ? draw_crop(draws, augment_.scale_low) : Crop{0.0, 0.0, 1.0, 1.0};
  const float cosine = static_cast<float>(std::cos(angle)), sine = static_cast<float>(std::sin(angle));
  const float side = static_cast<float>(size_), middle = side / 2.0f;
  const float y_step = static_cast<float>(crop.height), x_step = static_cast<float>(crop.width);
  const float top = static_cast<float>(crop.top) * side - middle, left = static_cast<float>(crop.left) * side - middle;
  const std::size_t channels = static_cast<std::size_t>(channels_);
  float* to = values_.data();
  for (int y = 0; y < size_; ++y) {
    const float v = top + (static_cast<float>(y) + 0.5f) * y_step;
    for (int x = 0; x < size_; ++x, to += channels) {
      const float u = left + (static_cast<float>(x) + 0.5f) * x_step;
      const float row = cosine * v + sine * u + middle - 0.5f, column = cosine * u - sine * v + middle - 0.5f;
      const float row_floor = std::floor(row), column_floor = std::floor(column);
      const float b = row - row_floor, r = column - column_floor;
      const int y0 = static_cast<int>(row_floor), x0 = static_cast<int>(column_floor);
      const std::uint8_t* upper = from + static_cast<std::size_t>(mirrored(y0, size_)) * scale_.size();
      const std::uint8_t* lower = from + static_cast<std::size_t>(mirrored(y0 + 1, size_)) * scale_.size();
      const std::size_t i = static_cast<std::size_t>(mirrored(x0, size_)) * channels,
                        j = static_cast<std::size_t>(mirrored(x0 + 1, size_)) * channels;
      for (std::size_t c = 0; c < channels; ++c) {
        const float above = static_cast<float>(upper[i + c]) * (1.0f - r) + static_cast<float>(upper[j + c]) * r;
        const float below = static_cast<float>(lower[i + c]) * (1.0f - r) + static_cast<float>(lower[j + c]) * r;
        to[c] = (above * (1.0f - b) + below * b) * (1.0f / 255.0f);
      }
    }
  }
}

void Transform::jitter_colours(RandomStream& draws) {
  if (augment_.brightness > 0.0) adjust_brightness(values_, draw_factor(draws, augment_.brightness));
  if (augment_.contrast > 0.0) adjust_contrast(values_, channels_, draw_factor(draws, augment_.contrast));
  if (channels_ != 3) return;
  if (augment_.saturation > 0.0) adjust_saturation(values_, draw_factor(draws, augment_.saturation));
  if (augment_.hue > 0.0) adjust_hue(values_, static_cast<float>(draws.uniform(-augment_.hue, augment_.hue)));
}

void Transform::jitter_stain(RandomStream& draws) {
  if (augment_.stain <= 0.0 || channels_ != 3) return;
  std::array<float, 3> factor{}, offset{};
  for (std::size_t s = 0; s < 3; ++s) {
    factor[s] = static_cast<float>(draws.uniform(1.0 - augment_.stain, 1.0 + augment_.stain));
    offset[s] = static_cast<float>(draws.uniform(-augment_.stain, augment_.stain));
  }
  adjust_stain(values_, factor, offset);
}

void Transform::erase(RandomStream& draws, float* to) const {
  if (augment_.erase <= 0.0 || !draws.chance(augment_.erase)) return;
  constexpr int tries = 10;
  const double widest = std::log(10.0 / 3.0);
  for (int i = 0; i < tries; ++i) {
    const double area = draws.uniform(0.02, 0.33) * size_ * size_;
    const double aspect = std::exp(draws.uniform(-widest, widest));
    const int height = static_cast<int>(std::lround(std::sqrt(area * aspect))),
              width = static_cast<int>(std::lround(std::sqrt(area / aspect)));
    if (height < 1 || width < 1 || height >= size_ || width >= size_) continue;
    const int top = static_cast<int>(draws.below(static_cast<std::uint64_t>(size_ - height) + 1));
    const int left = static_cast<int>(draws.below(static_cast<std::uint64_t>(size_ - width) + 1));
    for (int y = top; y < top + height; ++y)
      std::fill_n(to + static_cast<std::size_t>(y) * scale_.size() + static_cast<std::size_t>(left * channels_),
                  width * channels_, 0.0f);
    return;
  }
}

}  // namespace rxrun
