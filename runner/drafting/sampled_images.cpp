#include "drafting/sampled_images.h"

#include <algorithm>
#include <utility>

#include "data/parallel.h"
#include "machine/cores.h"

namespace rxrun {
namespace {

bool has_equal_channels(const Image& image) {
  const auto channels = static_cast<std::size_t>(image.channels);
  for (std::size_t i = 0; i < image.pixels.size(); i += channels)
    for (std::size_t c = 1; c < channels; ++c)
      if (image.pixels[i + c] != image.pixels[i]) return false;
  return true;
}

}  // namespace

SampledImages sample_images(const Source& source, std::size_t most) {
  const std::size_t all = source.samples().size(), count = std::min(all, most);
  std::vector<std::optional<ImageLook>> looks(count);
  std::vector<std::optional<Diagnostic>> faults(count);
  for_each_index(count, available_cores(), [&](std::size_t i) {
    try {
      const Image image = source.decode(i * all / count);
      looks[i] = {image.height, image.width, image.channels, has_equal_channels(image), image.origin.wide};
    } catch (const Error& error) {
      faults[i] = error.diagnostics().front();
    }
  });
  SampledImages sampled;
  for (const auto& look : looks)
    if (look) sampled.looks.push_back(*look);
  for (auto& fault : faults)
    if (fault) sampled.bad.push_back(std::move(*fault));
  if (sampled.looks.empty()) {
    constexpr std::size_t told_at_most = 20;
    sampled.bad.resize(std::min(sampled.bad.size(), told_at_most));
    throw Error(Failure::usage, std::move(sampled.bad));
  }
  return sampled;
}

}  // namespace rxrun
