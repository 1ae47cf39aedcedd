// Image files to pixels. The format is told by the content, not by the file's name.
//
// Every decoder looks at the header first and refuses what is absurdly large before memory is taken. The result is grey
// (1 channel) or RGB (3 channels): of 16 bits a window is scaled to 8, palettes expanded, transparent pixels laid on
// white, CMYK converted without a colour profile, and the orientation that Exif or TIFF declares is applied. Of an
// animation or a multi-page file the first picture is taken; Image::origin tells of this and of all else that is left
// out. Anything damaged or cut short is an Error: half a picture is no picture. So is what is neither grey nor colour,
// except that of `channels` bands, if that is neither 1 nor 3, each becomes a channel as it is stored.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "data/image.h"
#include "experiment/experiment.h"

namespace rxrun {

inline constexpr std::int64_t max_image_side = 20'000;
inline constexpr std::int64_t max_image_pixels = 64'000'000;
inline constexpr std::int64_t max_image_bytes = 640'000'000;  // decoded, of many bands

// Throws Error (usage) whose message is the cause alone; the caller knows the path. `window` matters to 16 bits only;
// none: all that they can be. `channels` is data.channels, 0 for auto.
Image decode_image(std::span<const std::uint8_t> bytes, const std::optional<GreyWindow>& window = {}, int channels = 0);

// The formats, for decode_image.
Image decode_png(std::span<const std::uint8_t> bytes, const std::optional<GreyWindow>& window = {}, int channels = 0);
// The same for most of them, faster: nothing for one that it leaves to libpng. Throws for what is absurdly large.
std::optional<Image> decode_plain_png(std::span<const std::uint8_t> bytes);
Image decode_jpeg(std::span<const std::uint8_t> bytes, int channels = 0);
Image decode_tiff(std::span<const std::uint8_t> bytes, const std::optional<GreyWindow>& window = {}, int channels = 0);
Image decode_bmp(std::span<const std::uint8_t> bytes);
Image decode_webp(std::span<const std::uint8_t> bytes, int channels = 0);

// Throws for sides below 1 or beyond the bounds.
void check_image_size(std::int64_t width, std::int64_t height);

// Turns and mirrors as Exif's orientation 1 to 8 says, so that the image stands upright.
Image upright(Image image, int orientation);

// The orientation in an Exif block ("II*\0..." or "MM\0*..."), 1 when there is none.
int exif_orientation(std::span<const std::uint8_t> exif);

// Interleaved pixels with alpha last (channels 2 or 4), laid on white; the alpha channel is gone afterwards.
Image on_white(const Image& image);

[[noreturn]] void bad_image(const std::string& reason);

// An image of `bands` that cannot be told to be grey or colour: "unsupported TIFF: 5 bands, one of them grey and ...".
[[noreturn]] void refuse_bands(const std::string& format, int bands, const std::string& meaning);

// What `bytes` are that no decoder here reads, such as "a HEIC image"; empty: unknown.
std::string unread_format(std::span<const std::uint8_t> bytes);

}  // namespace rxrun
