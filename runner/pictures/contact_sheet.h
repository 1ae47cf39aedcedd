// A contact sheet: images as the network sees them, with part and class in words, to be looked at before a training.
#pragma once

#include <string>
#include <vector>

#include "data/image.h"
#include "data/source.h"
#include "data/split.h"
#include "experiment/experiment.h"

namespace rxrun {

struct ContactSheet {
  Image image;                     // colour
  std::vector<std::string> notes;  // in words: what is left out, and what is not drawn
};

// Of each part some images of each class, decoded, windowed and resized; those of train plain and as the loader
// augments them in epochs 1, 2 and 3. The normalisation is undone. Images of other than 1 or 3 channels are drawn
// channel by channel, in grey. Which ones are drawn follows from the seed alone. Of many classes, and of many channels,
// some are left out. Only what is shown is decoded; an image that cannot be is an Error, or passed over, as
// `on_bad_image` says.
ContactSheet contact_sheet(const Experiment& experiment, const Source& source, const Parts& parts);

}  // namespace rxrun
