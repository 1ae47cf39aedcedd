// Which code computes a run, as far as that decides its numbers.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "plugin/catalog.h"

namespace rxrun {

// To be raised by one, by hand, whenever the engine gives other numbers than before (beyond rounding) for an experiment
// that it accepted before: the arithmetic of training, evaluation, optimizers, schedules, losses, augmentations,
// splits, decoding, normalisation, generated samples, random numbers or initial values has changed, or the default of a
// key. Not for a new key, whose default leaves everything as it is; not for a layer, which has a revision of its own
// (LayerBuilder::revision). A raised number makes every finished run one that would have to be computed again.
// tests/identity fails where it should have been raised, as far as its figures see.
inline constexpr std::int64_t kEngineRevision = 1;

struct Revisions {
  std::int64_t engine = kEngineRevision;
  std::map<std::string, std::int64_t> layers;  // in use, of plugins that are shipped
  std::map<std::string, std::string> builds;   // of the other plugins that the network names: their build ids
};

Revisions revisions_of(const CheckedNetwork& network);

}  // namespace rxrun
