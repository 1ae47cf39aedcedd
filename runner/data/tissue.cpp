#include "data/tissue.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "data/noise.h"
#include "data/nucleus.h"
#include "data/slide.h"

namespace rxrun {
namespace {

constexpr double turn = 2.0 * std::numbers::pi;
constexpr double darker_by_degree = 0.45;  // logarithm of the mean haematoxylin, from degree 0 to 1

// One patch while it is drawn.
class Patch {
 public:
  Patch(int size, double degree, RandomStream draws)
      : size_(size),
        degree_(degree),
        draws_(draws),
        coarse_(draws_),
        fibre_(draws_),
        grain_(draws_),
        warp_(draws_),
        slide_(size) {}

  void draw() {
    draw_stroma();
    draw_gaps();
    const bool glandular = draws_.chance(mix(0.72, 0.16, degree_));
    const bool solid = draws_.chance(glandular ? mix(0.1, 0.5, degree_) : mix(0.55, 0.95, degree_));
    if (glandular) draw_glands();
    if (solid) draw_sheet();
    if (!glandular && !solid) infiltrate();
    scatter_spindles();
    scatter_lymphocytes();
    for (const Nucleus& nucleus : nuclei_) paint_nucleus(nucleus, grain_, slide_);
  }

  Image develop(const Stain& stain) { return slide_.develop(stain, darker_by_degree * (degree_ - 0.5), draws_); }

 private:
  void draw_stroma();
  void draw_gaps();
  void draw_glands();
  void draw_gland(double x, double y, double lumen);
  void draw_sheet();
  void infiltrate();
  void scatter_spindles();
  void scatter_lymphocytes();
  Nucleus epithelial(double x, double y) { return epithelial_nucleus(x, y, degree_, draws_); }
  bool is_free(const Nucleus& nucleus, double spacing) const;

  int size_;
  double degree_;
  RandomStream draws_;
  Noise coarse_, fibre_, grain_, warp_;
  double fibre_angle_ = 0.0;
  Slide slide_;
  std::vector<Nucleus> nuclei_;
};

// Collagen: bands along one direction that wanders, over an uneven ground.
void Patch::draw_stroma() {
  fibre_angle_ = draws_.uniform(0.0, std::numbers::pi);
  const double strength = draws_.uniform(0.15, 0.5), width = draws_.uniform(1.6, 3.2);
  const double cosine = std::cos(fibre_angle_), sine = std::sin(fibre_angle_);
  slide_.each_cell([&](std::size_t i, double x, double y) {
    const double bend = 9.0 * (warp_.at(x / 22.0, y / 22.0) - 0.5);
    const double along = cosine * x + sine * y, across = cosine * y - sine * x + bend;
    const double band = fibre_.at(along / 16.0 + 7.0, across / width);
    slide_.eosin[i] = 0.32 + 0.3 * (coarse_.rough(x / 14.0, y / 14.0) - 0.5) +
                      strength * (ramp(0.25, 0.8, band) - 0.4) + 0.08 * (grain_.at(x * 1.3, y * 1.3) - 0.5);
    slide_.haematoxylin[i] = 0.06 + 0.05 * coarse_.at(x / 9.0 + 40.0, y / 9.0);
  });
}

// Fat cells with thin walls, or clefts in the tissue.
void Patch::draw_gaps() {
  if (draws_.chance(0.14)) {
    const double edge = draws_.uniform(0.0, turn), reach = draws_.uniform(-8.0, 14.0),
                 radius = draws_.uniform(6.0, 10.0);
    const double half = size_ / 2.0;
    slide_.each_cell([&](std::size_t i, double x, double y) {
      const double inside = (x - half) * std::cos(edge) + (y - half) * std::sin(edge) - reach +
                            6.0 * (warp_.at(x / 12.0, y / 12.0) - 0.5);
      // Cells on a hexagonal grid, bent by the noise.
      const double u = x + 3.0 * (warp_.at(x / 10.0 + 3.0, y / 10.0) - 0.5),
                   v = y + 3.0 * (warp_.at(x / 10.0, y / 10.0 + 9.0) - 0.5);
      const double row = std::round(v / (1.7 * radius)), shift = static_cast<long>(row) % 2 != 0 ? radius : 0.0;
      const double column = std::round((u - shift) / (2.0 * radius));
      const double distance = std::hypot(u - shift - column * 2.0 * radius, v - row * 1.7 * radius);
      slide_.open[i] =
          std::max(slide_.open[i], ramp(0.0, 2.0, inside) * (1.0 - ramp(radius - 1.2, radius - 0.2, distance)));
    });
  }
  const double threshold = draws_.uniform(0.66, 0.95);
  slide_.each_cell([&](std::size_t i, double x, double y) {
    slide_.open[i] =
        std::max(slide_.open[i], ramp(threshold, threshold + 0.06, coarse_.rough(x / 13.0 + 90.0, y / 13.0 + 30.0)));
  });
}

bool Patch::is_free(const Nucleus& nucleus, double spacing) const {
  return std::none_of(nuclei_.begin(), nuclei_.end(), [&](const Nucleus& other) {
    return std::hypot(other.x - nucleus.x, other.y - nucleus.y) < spacing * (other.radius + nucleus.radius);
  });
}

void Patch::draw_glands() {
  const int count = 1 + static_cast<int>(draws_.below(3));
  std::vector<std::array<double, 3>> placed;
  for (int i = 0; i < 12 * count && static_cast<int>(placed.size()) < count; ++i) {
    const double lumen = draws_.uniform(2.0, 8.0);
    const double x = draws_.uniform(-4.0, size_ + 4.0), y = draws_.uniform(-4.0, size_ + 4.0);
    const bool apart = std::none_of(placed.begin(), placed.end(), [&](const auto& other) {
      return std::hypot(other[0] - x, other[1] - y) < other[2] + lumen + 13.0;
    });
    if (!apart) continue;
    placed.push_back({x, y, lumen});
    draw_gland(x, y, lumen);
  }
}

// Lumen, a seam of cytoplasm, and rings of nuclei; order is lost with the degree.
void Patch::draw_gland(double centre_x, double centre_y, double lumen) {
  const double squeeze = draws_.uniform(0.75, 1.0), angle = draws_.uniform(0.0, turn);
  const int layers = draws_.chance(0.75) ? 2 : 1;
  const double wall = lumen + 2.2 + 3.9 * layers;
  const double cosine = std::cos(angle), sine = std::sin(angle);
  slide_.each_cell([&](std::size_t i, double x, double y) {
    const double u = cosine * (x - centre_x) + sine * (y - centre_y),
                 v = (cosine * (y - centre_y) - sine * (x - centre_x)) / squeeze;
    const double radius = std::hypot(u, v) + 2.5 * (warp_.at(x / 7.0 + 60.0, y / 7.0) - 0.5);
    const double in_wall = 1.0 - ramp(wall - 0.5, wall + 0.7, radius);
    slide_.eosin[i] = slide_.eosin[i] * (1.0 - in_wall) + in_wall * (0.3 + 0.12 * grain_.at(x / 1.5, y / 1.5));
    slide_.haematoxylin[i] += 0.12 * in_wall;
    slide_.open[i] = slide_.open[i] * (1.0 - in_wall) + in_wall * 0.9 * (1.0 - ramp(lumen - 0.9, lumen + 0.5, radius));
  });
  const double disorder = mix(0.25, 1.5, degree_);
  for (int layer = 0; layer < layers; ++layer) {
    const double ring = lumen + 2.6 + 3.9 * layer;
    const double step = 4.1 / ring;
    for (double at = draws_.uniform(0.0, step); at < turn; at += step * std::exp(0.25 * disorder * draws_.normal())) {
      const double radius = ring + disorder * draws_.normal() * 0.8;
      const double u = radius * std::cos(at), v = radius * squeeze * std::sin(at);
      Nucleus nucleus = epithelial(centre_x + cosine * u - sine * v, centre_y + sine * u + cosine * v);
      if (degree_ < 0.5) nucleus.angle = at + angle;
      if (is_free(nucleus, mix(0.8, 0.5, degree_))) nuclei_.push_back(nucleus);
    }
  }
}

// Epithelium without a lumen: an even sheet, or cords and nests that break into the stroma.
void Patch::draw_sheet() {
  const double cover = draws_.uniform(0.36, 0.58), reach = mix(19.0, 11.0, degree_);
  const double spacing = mix(0.98, 0.66, degree_) * draws_.uniform(0.92, 1.08);
  const double x0 = draws_.uniform(0.0, 100.0), y0 = draws_.uniform(0.0, 100.0);
  const auto inside = [&](double x, double y) { return coarse_.rough(x / reach + x0, y / reach + y0) - cover; };
  slide_.each_cell([&](std::size_t i, double x, double y) {
    const double nest = ramp(-0.02, 0.06, inside(x, y));
    slide_.eosin[i] = slide_.eosin[i] * (1.0 - nest) + nest * (0.27 + 0.15 * grain_.at(x / 1.7, y / 1.7));
    slide_.haematoxylin[i] += 0.12 * nest;
    slide_.open[i] *= 1.0 - nest;
  });
  constexpr int throws = 700;
  for (int i = 0; i < throws; ++i) {
    const double x = draws_.uniform(-2.0, size_ + 2.0), y = draws_.uniform(-2.0, size_ + 2.0);
    if (inside(x, y) < 0.0) continue;
    const Nucleus nucleus = epithelial(x, y);
    if (is_free(nucleus, spacing)) nuclei_.push_back(nucleus);
  }
}

// Single cells and files of cells between the fibres; few where the tissue is benign.
void Patch::infiltrate() {
  const int files = static_cast<int>(std::lround(mix(0.0, 9.0, degree_) * draws_.uniform(0.6, 1.2)));
  for (int i = 0; i < files; ++i) {
    double x = draws_.uniform(0.0, size_), y = draws_.uniform(0.0, size_);
    const int cells = 1 + static_cast<int>(draws_.below(7));
    for (int k = 0; k < cells; ++k) {
      const Nucleus nucleus = epithelial(x, y);
      if (is_free(nucleus, 0.8)) nuclei_.push_back(nucleus);
      const double step = 2.2 * nucleus.radius, angle = fibre_angle_ + 0.2 * draws_.normal();
      x += step * std::cos(angle);
      y += step * std::sin(angle);
    }
  }
}

void Patch::scatter_spindles() {
  const int count = static_cast<int>(draws_.below(22)) + 4;
  for (int i = 0; i < count; ++i) {
    Nucleus nucleus{};
    nucleus.x = draws_.uniform(0.0, size_);
    nucleus.y = draws_.uniform(0.0, size_);
    nucleus.radius = draws_.uniform(1.0, 1.6);
    nucleus.elongation = draws_.uniform(1.8, 3.4);
    nucleus.angle = fibre_angle_ + 0.25 * draws_.normal();
    nucleus.darkness = draws_.uniform(0.6, 1.0);
    if (is_free(nucleus, 1.1)) nuclei_.push_back(nucleus);
  }
}

void Patch::scatter_lymphocytes() {
  const int count = draws_.chance(0.35) ? static_cast<int>(draws_.below(45)) : static_cast<int>(draws_.below(5));
  const double x = draws_.uniform(0.0, size_), y = draws_.uniform(0.0, size_), spread = draws_.uniform(5.0, 16.0);
  for (int i = 0; i < count; ++i) {
    Nucleus nucleus{};
    nucleus.x = x + spread * draws_.normal();
    nucleus.y = y + spread * draws_.normal();
    nucleus.radius = draws_.uniform(1.15, 1.5);
    nucleus.elongation = 1.0;
    nucleus.darkness = draws_.uniform(1.0, 1.3);
    if (is_free(nucleus, 0.9)) nuclei_.push_back(nucleus);
  }
}

}  // namespace

Image render_tissue(int size, bool malignant, const Stain& stain, RandomStream draws) {
  const double middle = draws.chance(0.04) ? 0.5 : malignant ? 0.8 : 0.2;
  Patch patch(size, std::clamp(middle + 0.14 * draws.normal(), 0.0, 1.0), draws);
  patch.draw();
  return patch.develop(stain);
}

}  // namespace rxrun
