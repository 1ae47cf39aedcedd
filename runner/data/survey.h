// What one pass over all images finds out: the same whatever the split, its seed and the normalisation, so that many
// splits of the same images cost one pass.
#pragma once

#include <cstdint>
#include <memory>

#include "data/dataset.h"

namespace rxrun {

struct ImageSurvey;

// `spec`, `threads`, `on_progress` and `stop` as for load_dataset; no image is kept but in a cache file, if `caching`
// names a folder.
std::shared_ptr<const ImageSurvey> survey_images(const DataSpec& spec, const std::shared_ptr<const Source>& source,
                                                 int threads, const OnProgress& on_progress = {},
                                                 const ImageCaching& caching = {},
                                                 const std::atomic<int>* stop = nullptr);

// What load_dataset gives but for the images, by a survey of the same ones, or throws what it throws.
Dataset describe_dataset(const DataSpec& spec, std::shared_ptr<const Source> source, std::uint64_t seed,
                         const ImageSurvey& survey);

}  // namespace rxrun
