// Tissue: the generated sample's patches, which look like breast tissue stained with haematoxylin and eosin.
//
// What makes the classes differ. A patch has a degree of malignancy, drawn around 0.2 for benign and 0.8 for malignant
// patches (deviation 0.14), and for about one in twenty-five of either class around 0.5, so that no method is right
// always. The degree moves, all together and with their own scatter:
//   nuclei          size (mean radius 1.7 to 2.7 pixels), spread of sizes (8 to 36 %), outline (round to lobed),
//                   chromatin (even to clumped with a rim and nucleolus)
//   architecture    rings of nuclei around an open lumen, in layers, against sheets and cords without order that invade
//                   the stroma, cell by cell at times; either class shows some of the other's (hyperplasia; tubules)
//   spacing         regular against crowded and overlapping
//   haematoxylin    the patch's mean is a little higher where nuclei crowd, as in real tissue (there colour statistics
//                   alone are right in 87 % of patches): here by about one deviation of its own scatter
// What does not tell the classes apart. Stain hue, strength and balance are the patient's and the patch's own; the mean
// eosin of a patch is a draw that does not know the class. Lymphocytes, fibres, fat and empty glass occur in both.
#pragma once

#include <cstdint>

#include "data/image.h"
#include "data/slide.h"
#include "random/random.h"

namespace rxrun {

Image render_tissue(int size, bool malignant, const Stain& stain, RandomStream draws);

}  // namespace rxrun
