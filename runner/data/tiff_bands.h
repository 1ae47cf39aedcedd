// The bands (samples) of a TIFF image as they are stored, of 8 or 16 bits, and grey or colour out of them.
#pragma once

#include <tiffio.h>

#include <cstdint>
#include <optional>
#include <string>

#include "data/image.h"
#include "experiment/experiment.h"

namespace rxrun {

std::uint16_t tiff_number(TIFF* tiff, std::uint32_t tag, std::uint16_t otherwise);

// What the first bands mean; where the file does not say, by their number.
std::uint16_t tiff_photometric(TIFF* tiff);

// How many bands follow those of the colours, declared or not. Throws for fewer bands than there are colours.
int tiff_extra_bands(TIFF* tiff);

// Whether tiff_from_bands() reads it: grey or RGB, or, of as many bands as `channels`, any; of 8 or 16 bits.
bool tiff_has_plain_bands(TIFF* tiff, int channels);

// As decode_image, but not upright. `cause` is the first error that libtiff has told, empty while there is none.
Image tiff_from_bands(TIFF* tiff, const std::string& cause, const std::optional<GreyWindow>& window, int channels);

}  // namespace rxrun
