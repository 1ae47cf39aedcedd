// What images held that the network does not see.
#pragma once

#include <vector>

#include "data/image_cache.h"
#include "data/source.h"
#include "diagnostics/diagnostic.h"
#include "experiment/experiment.h"

namespace rxrun {

// Told with counts: levels of grey, pages and frames, bands, colours. Throws Error where colour is lost that nobody has
// asked to lose: data.channels is auto.
std::vector<Diagnostic> left_out_of_images(const DataSpec& spec, const Source& source,
                                           const std::vector<ImageFacts>& facts);

}  // namespace rxrun
