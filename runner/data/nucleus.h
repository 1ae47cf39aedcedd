// Nuclei of cells, as they are drawn on a slide.
#pragma once

#include "data/noise.h"
#include "data/slide.h"
#include "random/random.h"

namespace rxrun {

struct Nucleus {
  double x, y, radius, elongation, angle;
  double lobes[3];  // amplitude of the outline's second to fourth harmonic
  double phases[3];
  double darkness, clumping, rim;
};

// A value between that of benign tissue (degree 0) and of malignant tissue (1).
inline double mix(double benign, double malignant, double degree) { return benign + (malignant - benign) * degree; }

// The nucleus of a gland's or a tumour's cell.
Nucleus epithelial_nucleus(double x, double y, double degree, RandomStream& draws);

// `grain` gives the chromatin its clumps.
void paint_nucleus(const Nucleus& nucleus, const Noise& grain, Slide& slide);

}  // namespace rxrun
