// The questions that an experiment's section `data` answers, each answered by looking at the data. Within this folder
// only.
#pragma once

#include <string>

#include "drafting/draft.h"
#include "drafting/sampled_images.h"

namespace rxrun {

// Each sets its keys in `data.spec` and its reason.
void settle_size(const SampledImages& sampled, DraftedData& data);
void settle_channels(const SampledImages& sampled, int source_channels, DraftedData& data);
void settle_window(const SampledImages& sampled, DraftedData& data);
// By the parts that the listing has, else by fractions.
void settle_split(const Listing& listing, DraftedData& data);

// Whether an image and its mirror image are taken to be of one class, with the reason.
bool settle_mirroring(DraftedData& data);

// A regular expression whose group is the beginning of a file's name up to the first `_` or `-`, if that divides the
// images as patients or scenes might: into at least 3 groups and far fewer than images, and not just into the classes.
std::string group_suggestion(const Listing& listing);

}  // namespace rxrun
