// Transforms: from a prepared image to the network's floats, channels last, with or without augmentation.
//
// The augmentations apply in the order of AugmentSpec; each draw is from RandomStream(seed, augment, epoch, sample), so
// an image is the same whichever thread makes it.
//   pad, translate            what comes in from outside is black
//   rotate, scale             one bilinear resampling for both, mirrored at the border; the kept area's aspect is 3/4
//                             to 4/3
//   brightness ... hue        factors and shifts as torchvision's ColorJitter, in this order; the last two for colour
//                             only; contrast towards the mean of luma, or of all channels where they are not colours
//   stain                     optical densities of haematoxylin, eosin and DAB (Ruifrok and Johnston 2001), each times
//                             [1 - stain, 1 + stain] plus [-stain, stain] (Tellez et al. 2018); colour only
//   erase                     a rectangle of 2 to 33 % of the area takes the mean (0 once normalised)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "experiment/experiment.h"
#include "random/random.h"

namespace rxrun {

// One a thread: it holds the memory that it works in.
class Transform {
 public:
  Transform(const AugmentSpec& augment, int size, int channels, const std::vector<float>& mean,
            const std::vector<float>& deviation);

  // Both write size × size × channels floats from as many bytes.
  void plain(std::span<const std::uint8_t> image, float* to) const;
  void augmented(std::span<const std::uint8_t> image, RandomStream draws, float* to);

 private:
  const std::uint8_t* move_pixels(std::span<const std::uint8_t> image, RandomStream& draws);
  void resample(const std::uint8_t* from, RandomStream& draws);
  void jitter_colours(RandomStream& draws);
  void jitter_stain(RandomStream& draws);
  void erase(RandomStream& draws, float* to) const;
  void normalise(const std::uint8_t* from, float* to) const;

  AugmentSpec augment_;
  int size_, channels_;
  std::vector<float> scale_, shift_;  // a row long: float = byte × scale + shift
  std::vector<std::uint8_t> moved_;   // after whole-pixel moves
  std::vector<float> values_;         // in [0, 1], when more than moves is asked for
};

}  // namespace rxrun
