// Predictions averaged over the positions of an image (test-time augmentation). Includes LibTorch: for .cpp files of
// this folder only.
#pragma once

#include <torch/types.h>

#include "network/network.h"

namespace rxrun {

// pixels: {batch, channels, height, width} → {batch, classes}: the network's logits, or with augmentation the logarithm
// of the mean of the positions' probabilities. Images that are not square are not turned by 90 degrees: dihedral means
// their four positions of equal shape.
at::Tensor logits_of(const Network& network, const at::Tensor& pixels, TestTimeAugmentation augmentation);

}  // namespace rxrun
