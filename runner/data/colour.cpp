#include "data/colour.h"

#include <algorithm>
#include <cmath>

namespace rxrun {
namespace {

float clamp01(float value) { return std::min(1.0f, std::max(0.0f, value)); }

float luma(const float* rgb) { return 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]; }

using Matrix = std::array<std::array<double, 3>, 3>;

// Rows: optical densities of haematoxylin, eosin and DAB in red, green, blue (Ruifrok and Johnston 2001), unit length.
Matrix stain_vectors() {
  Matrix rows = {{{0.65, 0.70, 0.29}, {0.07, 0.99, 0.11}, {0.27, 0.57, 0.78}}};
  for (auto& row : rows) {
    const double length = std::hypot(row[0], row[1], row[2]);
    for (double& value : row) value /= length;
  }
  return rows;
}

Matrix inverse(const Matrix& m) {
  const auto minor = [&](std::size_t i, std::size_t j) {
    const std::size_t a = (i + 1) % 3, b = (i + 2) % 3, c = (j + 1) % 3, d = (j + 2) % 3;
    return m[a][c] * m[b][d] - m[a][d] * m[b][c];
  };
  const double determinant = m[0][0] * minor(0, 0) + m[0][1] * minor(0, 1) + m[0][2] * minor(0, 2);
  Matrix out{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) out[i][j] = minor(j, i) / determinant;
  return out;
}

}  // namespace

void adjust_brightness(std::span<float> values, float factor) {
  for (float& value : values) value = clamp01(value * factor);
}

void adjust_contrast(std::span<float> values, int channels, float factor) {
  double sum = 0.0;
  if (channels == 3)
    for (std::size_t i = 0; i < values.size(); i += 3) sum += luma(&values[i]);
  else
    for (const float value : values) sum += value;
  const float rest =
      (1.0f - factor) * static_cast<float>(sum / (static_cast<double>(values.size()) / (channels == 3 ? 3 : 1)));
  for (float& value : values) value = clamp01(value * factor + rest);
}

void adjust_saturation(std::span<float> rgb, float factor) {
  for (std::size_t i = 0; i < rgb.size(); i += 3) {
    const float rest = (1.0f - factor) * luma(&rgb[i]);
    for (std::size_t c = 0; c < 3; ++c) rgb[i + c] = clamp01(rgb[i + c] * factor + rest);
  }
}

void adjust_hue(std::span<float> rgb, float shift) {
  for (std::size_t i = 0; i < rgb.size(); i += 3) {
    float* p = &rgb[i];
    const float high = std::max({p[0], p[1], p[2]}), low = std::min({p[0], p[1], p[2]}), range = high - low;
    if (range <= 0.0f) continue;
    // Hue in sixths of the circle.
    float hue = high == p[0]   ? (p[1] - p[2]) / range
                : high == p[1] ? 2.0f + (p[2] - p[0]) / range
                               : 4.0f + (p[0] - p[1]) / range;
    hue += 6.0f * shift;
    // Each channel is `high` within one sixth of its own hue, `low` beyond two, straight in between.
    constexpr float centre[3] = {0.0f, 2.0f, 4.0f};
    for (int c = 0; c < 3; ++c) {
      float away = std::fabs(std::remainder(hue - centre[c], 6.0f));
      p[c] = clamp01(low + range * clamp01(2.0f - away));
    }
  }
}

void adjust_stain(std::span<float> rgb, const std::array<float, 3>& factor, const std::array<float, 3>& offset) {
  static const Matrix vectors = stain_vectors();
  static const Matrix separate = inverse(vectors);
  // density' = density × separate × diag(factor) × vectors + offset × vectors: one matrix and one vector an image.
  float mix[3][3], bias[3];
  for (std::size_t j = 0; j < 3; ++j) {
    double sum = 0.0;
    for (std::size_t s = 0; s < 3; ++s) sum += offset[s] * vectors[s][j];
    bias[j] = static_cast<float>(sum);
    for (std::size_t i = 0; i < 3; ++i) {
      double entry = 0.0;
      for (std::size_t s = 0; s < 3; ++s) entry += separate[i][s] * factor[s] * vectors[s][j];
      mix[i][j] = static_cast<float>(entry);
    }
  }
  constexpr float darkest = 1.0f / 512.0f;  // half a step of a byte: black has a finite density
  for (std::size_t i = 0; i < rgb.size(); i += 3) {
    float density[3];
    for (int c = 0; c < 3; ++c) density[c] = -std::log(std::max(rgb[i + static_cast<std::size_t>(c)], darkest));
    for (int j = 0; j < 3; ++j) {
      const float mixed = density[0] * mix[0][j] + density[1] * mix[1][j] + density[2] * mix[2][j] + bias[j];
      rgb[i + static_cast<std::size_t>(j)] = clamp01(std::exp(-mixed));
    }
  }
}

}  // namespace rxrun
