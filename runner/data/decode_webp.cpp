// WebP by libwebp: of an animation the first frame, on its canvas.
#include <webp/decode.h>
#include <webp/demux.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "data/decode.h"

namespace rxrun {
namespace {

struct Closer {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

// With what it means for the file.
const char* cause_of(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
      return "not enough memory for the pixels";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "unsupported WebP: a feature that libwebp does not know";
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "damaged WebP: the file ends early";
    default:
      return "damaged WebP: the pixels cannot be read";
  }
}

int orientation_of(WebPDemuxer* demuxer) {
  WebPChunkIterator chunk;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk) == 0) return 1;
  std::span<const std::uint8_t> exif(chunk.chunk.bytes, chunk.chunk.size);
  constexpr std::string_view as_in_jpeg("Exif\0\0", 6);  // which some programs write and the format does not have
  if (exif.size() >= as_in_jpeg.size() && std::memcmp(exif.data(), as_in_jpeg.data(), as_in_jpeg.size()) == 0)
    exif = exif.subspan(as_in_jpeg.size());
  const int orientation = exif_orientation(exif);
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

// Four bytes a pixel; frames of an animation may be smaller than it and lie anywhere on it.
void read_first_frame(const WebPData& data, Image& image) {
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0) bad_image("libwebp cannot be initialised");
  options.color_mode = MODE_RGBA;
  const std::unique_ptr<WebPAnimDecoder, Closer> decoder(WebPAnimDecoderNew(&data, &options));
  std::uint8_t* pixels = nullptr;
  int at = 0;
  if (decoder == nullptr || WebPAnimDecoderGetNext(decoder.get(), &pixels, &at) == 0)
    bad_image("damaged WebP: the first frame cannot be read");
  image.channels = 4;
  image.pixels.assign(pixels, pixels + static_cast<std::size_t>(image.height) * image.row_bytes());
}

void read_still(std::span<const std::uint8_t> bytes, bool has_alpha, Image& image) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) bad_image("libwebp cannot be initialised");
  image.channels = has_alpha ? 4 : 3;
  image.pixels.resize(static_cast<std::size_t>(image.height) * image.row_bytes());
  config.output.colorspace = has_alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {image.pixels.data(), static_cast<int>(image.row_bytes()), image.pixels.size()};
  const VP8StatusCode status = WebPDecode(bytes.data(), bytes.size(), &config);
  WebPFreeDecBuffer(&config.output);
  if (status != VP8_STATUS_OK) bad_image(cause_of(status));
}

}  // namespace

Image decode_webp(std::span<const std::uint8_t> bytes, int channels) {
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(bytes.data(), bytes.size(), &features);
  if (status != VP8_STATUS_OK) bad_image(cause_of(status));
  check_image_size(features.width, features.height);
  const WebPData data{bytes.data(), bytes.size()};
  const std::unique_ptr<WebPDemuxer, Closer> demuxer(WebPDemux(&data));
  if (demuxer == nullptr) bad_image("damaged WebP: the file ends early");  // chunks that its header promises
  Image image{features.height, features.width, 0, {}};
  if (features.has_animation != 0) {
    read_first_frame(data, image);
    image.origin.further_pictures = static_cast<int>(WebPDemuxGetI(demuxer.get(), WEBP_FF_FRAME_COUNT)) - 1;
  } else {
    read_still(bytes, features.has_alpha != 0, image);
  }
  if (image.channels == 4 && channels != 4) image = on_white(image);
  return upright(std::move(image), orientation_of(demuxer.get()));
}

}  // namespace rxrun
