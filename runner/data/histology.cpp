// The generated sample: patches of tissue (see tissue.h) of a number of patients, named as the breast data set names
// its files, so that the same group_by works on both.
#include <algorithm>
#include <cmath>

#include "data/source.h"
#include "data/tissue.h"
#include "files/files.h"

namespace rxrun {
namespace {

// To be raised with every change of what is drawn: the recipe of other images is another one.
constexpr int drawing_version = 1;
constexpr int patch_size = 50;
constexpr std::int64_t patches_a_patient = 24;

class Histology final : public Source {
 public:
  Histology(std::int64_t images, std::uint64_t seed) : seed_(seed) {
    const std::int64_t patients = std::max<std::int64_t>(6, (images + patches_a_patient - 1) / patches_a_patient);
    listing_.classes = {"benign", "malignant"};
    listing_.channels = 3;
    listing_.generated = true;
    std::vector<std::pair<Sample, Origin>> all;
    std::int64_t malignant_before = 0;
    for (std::int64_t patient = 0; patient < patients; ++patient) {
      const std::int64_t first = images * patient / patients, last = images * (patient + 1) / patients;
      // Patients in pairs mirror each other's share of malignant patches, so that the classes come out even.
      const double share =
          RandomStream(seed, Purpose::sample, 1, static_cast<std::uint64_t>(patient / 2)).uniform(0.15, 0.85);
      const double upto = static_cast<double>(last - first) * (patient % 2 == 0 ? share : 1.0 - share);
      const std::int64_t wanted = patient % 2 == 0
                                      ? std::llround(upto)
                                      : std::clamp<std::int64_t>(last / 2 - malignant_before, 0, last - first);
      malignant_before += wanted;
      for (std::int64_t i = first; i < last; ++i) all.push_back(patch_of(patient, i - first, i - first < wanted));
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first.name < b.first.name; });
    for (auto& [sample, origin] : all) {
      listing_.samples.push_back(std::move(sample));
      origins_.push_back(origin);
    }
  }

  Image decode(std::size_t index, std::string* digest) const override {
    const Origin& origin = origins_[index];
    const Stain stain = draw_stain(RandomStream(seed_, Purpose::sample, 2, static_cast<std::uint64_t>(origin.patient)));
    const std::uint64_t patch =
        static_cast<std::uint64_t>(origin.patient) << 32 | static_cast<std::uint64_t>(origin.place);
    Image image = render_tissue(patch_size, listing_.samples[index].label == 1, stain,
                                RandomStream(seed_, Purpose::sample, 3, patch));
    if (digest != nullptr)
      *digest = sha256_hex({reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()});
    return image;
  }

  std::string recipe() const override {
    return "histology " + std::to_string(drawing_version) + ", " + std::to_string(origins_.size()) + " images, seed " +
           std::to_string(seed_);
  }

 private:
  struct Origin {
    std::int64_t patient, place;  // the patient's patches count from 0
  };

  // 9012_idx5_x101_y51_class1: patient, slide scan, position, class.
  static std::pair<Sample, Origin> patch_of(std::int64_t patient, std::int64_t place, bool malignant) {
    constexpr std::int64_t first_patient = 9000, a_row = 8;
    const std::string label = malignant ? "1" : "0";
    const std::string name = label + "/" + std::to_string(first_patient + patient) + "_idx5_x" +
                             std::to_string(1 + patch_size * (place % a_row)) + "_y" +
                             std::to_string(1 + patch_size * (place / a_row)) + "_class" + label;
    return {{name, malignant ? 1 : 0, name, ""}, {patient, place}};
  }

  std::uint64_t seed_;
  std::vector<Origin> origins_;
};

}  // namespace

std::unique_ptr<Source> open_histology(const DataSpec& spec, std::uint64_t seed) {
  return std::make_unique<Histology>(spec.sample_images, seed);
}

}  // namespace rxrun
