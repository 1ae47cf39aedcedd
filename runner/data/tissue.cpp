#include "data/tissue.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "data/noise.h"

namespace rxrun {
namespace {

constexpr int oversampling = 2;
constexpr double turn = 2.0 * std::numbers::pi;

struct Nucleus {
  double x, y, radius, elongation, angle;
  double lobes[3];   // amplitude of the outline's second to fourth harmonic
  double phases[3];
  double darkness, clumping, rim;
};

double mix(double benign, double malignant, double degree) { return benign + (malignant - benign) * degree; }

double ramp(double low, double high, double value) {
  const double t = std::clamp((value - low) / (high - low), 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

// One patch while it is drawn: densities of the two stains on a finer grid.
class Patch {
 public:
  Patch(int size, double degree, RandomStream draws)
      : size_(size), fine_(size * oversampling), degree_(degree), draws_(draws), coarse_(draws_), fibre_(draws_), grain_(draws_), warp_(draws_),
        haematoxylin_(static_cast<std::size_t>(fine_) * static_cast<std::size_t>(fine_), 0.0), eosin_(haematoxylin_), open_(haematoxylin_) {}

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
    for (const Nucleus& nucleus : nuclei_) paint(nucleus);
  }

  Image develop(const Stain& stain);

 private:
  std::size_t cell(int x, int y) const { return static_cast<std::size_t>(y) * static_cast<std::size_t>(fine_) + static_cast<std::size_t>(x); }

  template <typename F>
  void each_cell(F f) {
    for (int y = 0; y < fine_; ++y)
      for (int x = 0; x < fine_; ++x) f(cell(x, y), (x + 0.5) / oversampling, (y + 0.5) / oversampling);
  }

  void draw_stroma();
  void draw_gaps();
  void draw_glands();
  void draw_gland(double x, double y, double lumen);
  void draw_sheet();
  void infiltrate();
  void scatter_spindles();
  void scatter_lymphocytes();
  void paint(const Nucleus& nucleus);
  Nucleus epithelial(double x, double y);
  bool is_free(const Nucleus& nucleus, double spacing) const;
  void set_mean(std::vector<double>& density, double mean) const;

  int size_, fine_;
  double degree_;
  RandomStream draws_;
  Noise coarse_, fibre_, grain_, warp_;
  double fibre_angle_ = 0.0;
  std::vector<double> haematoxylin_, eosin_, open_;  // open: how much glass shows, [0, 1]
  std::vector<Nucleus> nuclei_;
};

// Collagen: bands along one direction that wanders, over an uneven ground.
void Patch::draw_stroma() {
  fibre_angle_ = draws_.uniform(0.0, std::numbers::pi);
  const double strength = draws_.uniform(0.15, 0.5), width = draws_.uniform(1.6, 3.2);
  const double cosine = std::cos(fibre_angle_), sine = std::sin(fibre_angle_);
  each_cell([&](std::size_t i, double x, double y) {
    const double bend = 9.0 * (warp_.at(x / 22.0, y / 22.0) - 0.5);
    const double along = cosine * x + sine * y, across = cosine * y - sine * x + bend;
    const double band = fibre_.at(along / 16.0 + 7.0, across / width);
    eosin_[i] = 0.32 + 0.3 * (coarse_.rough(x / 14.0, y / 14.0) - 0.5) + strength * (ramp(0.25, 0.8, band) - 0.4) + 0.08 * (grain_.at(x * 1.3, y * 1.3) - 0.5);
    haematoxylin_[i] = 0.06 + 0.05 * coarse_.at(x / 9.0 + 40.0, y / 9.0);
  });
}

// Fat cells with thin walls, or clefts in the tissue.
void Patch::draw_gaps() {
  if (draws_.chance(0.14)) {
    const double edge = draws_.uniform(0.0, turn), reach = draws_.uniform(-8.0, 14.0), radius = draws_.uniform(6.0, 10.0);
    const double half = size_ / 2.0;
    each_cell([&](std::size_t i, double x, double y) {
      const double inside = (x - half) * std::cos(edge) + (y - half) * std::sin(edge) - reach + 6.0 * (warp_.at(x / 12.0, y / 12.0) - 0.5);
      // Cells on a hexagonal grid, bent by the noise.
      const double u = x + 3.0 * (warp_.at(x / 10.0 + 3.0, y / 10.0) - 0.5), v = y + 3.0 * (warp_.at(x / 10.0, y / 10.0 + 9.0) - 0.5);
      const double row = std::round(v / (1.7 * radius)), shift = static_cast<long>(row) % 2 != 0 ? radius : 0.0;
      const double column = std::round((u - shift) / (2.0 * radius));
      const double distance = std::hypot(u - shift - column * 2.0 * radius, v - row * 1.7 * radius);
      open_[i] = std::max(open_[i], ramp(0.0, 2.0, inside) * (1.0 - ramp(radius - 1.2, radius - 0.2, distance)));
    });
  }
  const double threshold = draws_.uniform(0.66, 0.95);
  each_cell([&](std::size_t i, double x, double y) {
    open_[i] = std::max(open_[i], ramp(threshold, threshold + 0.06, coarse_.rough(x / 13.0 + 90.0, y / 13.0 + 30.0)));
  });
}

Nucleus Patch::epithelial(double x, double y) {
  Nucleus nucleus{};
  const double spread = mix(0.08, 0.36, degree_);
  nucleus.x = x;
  nucleus.y = y;
  nucleus.radius = mix(1.75, 2.65, degree_) * std::clamp(std::exp(spread * draws_.normal()), 0.5, 2.0);
  nucleus.elongation = 1.0 + std::abs(mix(0.12, 0.4, degree_) * draws_.normal());
  nucleus.angle = draws_.uniform(0.0, turn);
  for (int k = 0; k < 3; ++k) {
    nucleus.lobes[k] = mix(0.02, 0.13, degree_) * std::abs(draws_.normal()) / (k + 1.0);
    nucleus.phases[k] = draws_.uniform(0.0, turn);
  }
  nucleus.darkness = 0.85 * std::exp(mix(0.08, 0.28, degree_) * draws_.normal());
  nucleus.clumping = mix(0.15, 0.6, degree_) * draws_.uniform(0.5, 1.5);
  nucleus.rim = mix(0.1, 0.45, degree_) * draws_.uniform(0.3, 1.4);
  return nucleus;
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
    const bool apart = std::none_of(placed.begin(), placed.end(), [&](const auto& other) { return std::hypot(other[0] - x, other[1] - y) < other[2] + lumen + 13.0; });
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
  each_cell([&](std::size_t i, double x, double y) {
    const double u = cosine * (x - centre_x) + sine * (y - centre_y), v = (cosine * (y - centre_y) - sine * (x - centre_x)) / squeeze;
    const double radius = std::hypot(u, v) + 2.5 * (warp_.at(x / 7.0 + 60.0, y / 7.0) - 0.5);
    const double in_wall = 1.0 - ramp(wall - 0.5, wall + 0.7, radius);
    eosin_[i] = eosin_[i] * (1.0 - in_wall) + in_wall * (0.3 + 0.12 * grain_.at(x / 1.5, y / 1.5));
    haematoxylin_[i] += 0.12 * in_wall;
    open_[i] = open_[i] * (1.0 - in_wall) + in_wall * 0.9 * (1.0 - ramp(lumen - 0.9, lumen + 0.5, radius));
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
  each_cell([&](std::size_t i, double x, double y) {
    const double nest = ramp(-0.02, 0.06, inside(x, y));
    eosin_[i] = eosin_[i] * (1.0 - nest) + nest * (0.27 + 0.15 * grain_.at(x / 1.7, y / 1.7));
    haematoxylin_[i] += 0.12 * nest;
    open_[i] *= 1.0 - nest;
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

void Patch::paint(const Nucleus& nucleus) {
  const double cosine = std::cos(nucleus.angle), sine = std::sin(nucleus.angle), stretch = std::sqrt(nucleus.elongation);
  const double reach = nucleus.radius * stretch * 1.5 + 1.0;
  const auto low = [&](double at) { return std::max(0, static_cast<int>((at - reach) * oversampling)); };
  const auto high = [&](double at) { return std::min(fine_ - 1, static_cast<int>((at + reach) * oversampling)); };
  for (int y = low(nucleus.y); y <= high(nucleus.y); ++y) {
    for (int x = low(nucleus.x); x <= high(nucleus.x); ++x) {
      const double dx = (x + 0.5) / oversampling - nucleus.x, dy = (y + 0.5) / oversampling - nucleus.y;
      const double u = (cosine * dx + sine * dy) / stretch, v = (cosine * dy - sine * dx) * stretch;
      const double at = std::atan2(v, u);
      double outline = nucleus.radius;
      for (int k = 0; k < 3; ++k) outline *= 1.0 + nucleus.lobes[k] * std::cos((k + 2) * at + nucleus.phases[k]);
      const double rho = std::hypot(u, v) / outline, soft = 0.35 / outline;
      const double inside = 1.0 - ramp(1.0 - soft, 1.0 + soft, rho);
      if (inside <= 0.0) continue;
      double chromatin = 1.0 - nucleus.rim * (1.0 - ramp(0.45, 0.95, rho));
      chromatin += nucleus.clumping * (grain_.at(nucleus.x * 3.1 + dx * 0.9, nucleus.y * 2.3 + dy * 0.9) - 0.5);
      const std::size_t i = cell(x, y);
      haematoxylin_[i] = std::max(haematoxylin_[i], inside * nucleus.darkness * std::max(0.2, chromatin));
      open_[i] *= 1.0 - inside;
    }
  }
}

// Scales to the mean that is asked for; contrast goes with it.
void Patch::set_mean(std::vector<double>& density, double mean) const {
  double sum = 0.0;
  for (std::size_t i = 0; i < density.size(); ++i) sum += density[i];
  const double factor = mean * static_cast<double>(density.size()) / std::max(sum, 1e-9);
  for (double& value : density) value *= factor;
}

Image Patch::develop(const Stain& stain) {
  for (std::size_t i = 0; i < open_.size(); ++i) {
    haematoxylin_[i] *= 1.0 - open_[i];
    eosin_[i] = std::max(0.0, eosin_[i]) * (1.0 - open_[i]);
  }
  set_mean(haematoxylin_, std::exp(-1.17 + 0.26 * draws_.normal()));
  set_mean(eosin_, std::exp(-1.25 + 0.2 * draws_.normal()));
  Image image{size_, size_, 3, {}};
  const double sensor = draws_.uniform(1.0, 4.0);
  for (int y = 0; y < size_; ++y) {
    for (int x = 0; x < size_; ++x) {
      double light[3] = {0.0, 0.0, 0.0};
      // Light adds up over the pixel and a rim around it: the blur of the optics.
      double weights = 0.0;
      for (int dy = -1; dy <= oversampling; ++dy) {
        for (int dx = -1; dx <= oversampling; ++dx) {
          const int fx = std::clamp(x * oversampling + dx, 0, fine_ - 1), fy = std::clamp(y * oversampling + dy, 0, fine_ - 1);
          const double weight = (dx < 0 || dx == oversampling ? 0.5 : 1.0) * (dy < 0 || dy == oversampling ? 0.5 : 1.0);
          const std::size_t i = cell(fx, fy);
          for (int c = 0; c < 3; ++c) light[c] += weight * std::exp(-haematoxylin_[i] * stain.haematoxylin[c] - eosin_[i] * stain.eosin[c]);
          weights += weight;
        }
      }
      for (int c = 0; c < 3; ++c)
        image.pixels.push_back(static_cast<std::uint8_t>(std::lround(std::clamp(255.0 * stain.glass * light[c] / weights + sensor * draws_.normal(), 0.0, 255.0))));
    }
  }
  return image;
}

}  // namespace

Stain draw_stain(RandomStream draws) {
  constexpr double haematoxylin[3] = {1.45, 1.75, 0.95}, eosin[3] = {0.22, 1.35, 0.75};
  Stain stain{};
  const double strength = std::exp(0.15 * draws.normal()), balance = std::exp(0.18 * draws.normal());
  for (int c = 0; c < 3; ++c) {
    stain.haematoxylin[c] = haematoxylin[c] * strength * balance * std::exp(0.08 * draws.normal());
    stain.eosin[c] = eosin[c] * strength / balance * std::exp(0.13 * draws.normal());
  }
  stain.glass = draws.uniform(0.93, 0.98);
  return stain;
}

Image render_tissue(int size, bool malignant, const Stain& stain, RandomStream draws) {
  const double middle = draws.chance(0.04) ? 0.5 : malignant ? 0.8 : 0.2;
  Patch patch(size, std::clamp(middle + 0.14 * draws.normal(), 0.0, 1.0), draws);
  patch.draw();
  return patch.develop(stain);
}

}  // namespace rxrun
