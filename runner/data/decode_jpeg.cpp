#include <cstddef>
#include <cstdio>
// jpeglib.h wants <cstdio> first.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <csetjmp>
#include <string>

#include "data/decode.h"
#include "data/jpeg_scan.h"

namespace rxrun {
namespace {

// A file of a few kilobytes can declare thousands of progressive scans, each of which costs a pass over the image.
constexpr int max_scans = 500;

// All that has a destructor, or is read after a longjmp, lives here and outside the frame that calls setjmp.
struct JpegReading {
  jpeg_decompress_struct jpeg;  // first: libjpeg hands back its address
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::span<const std::uint8_t> bytes;
  int channels = 0;  // as decode_image's
  Image image;
  int orientation = 1;
  bool created = false;
  bool refused = false;      // not damaged: the cause alone tells what is wrong
  bool unsupported = false;  // not damaged: libjpeg cannot read it
  char cause[JMSG_LENGTH_MAX] = "";
  std::jmp_buf failed;

  ~JpegReading() {
    if (created) jpeg_destroy_decompress(&jpeg);
  }
};

JpegReading& reading_of(j_common_ptr jpeg) { return *static_cast<JpegReading*>(jpeg->client_data); }

bool is_unsupported(int code) {
  return code == JERR_ARITH_NOTIMPL || code == JERR_BAD_PRECISION || code == JERR_CONVERSION_NOTIMPL ||
         code == JERR_NOT_COMPILED || code == JERR_SOF_UNSUPPORTED;
}

// Warnings are how libjpeg tells of damage that it fills up with grey, but also of oddities that cost no pixel.
bool loses_pixels(JpegReading& reading) {
  const jpeg_decompress_struct& jpeg = reading.jpeg;
  switch (jpeg.err->msg_code) {
    case JWRN_ADOBE_XFORM:     // taken for YCbCr or YCCK, as by every reader
    case JWRN_BOGUS_ICC:       // no colour profile is used
    case JWRN_JFIF_MAJOR:      // no revision is read otherwise
    case JWRN_NOT_SEQUENTIAL:  // numbers of a scan that a sequential one has no use for
      return false;
    case JWRN_EXTRANEOUS_DATA:
      if (jpeg.input_scan_number == 0) return false;  // between headers
      reading.image.origin.stray_bytes = true;        // or the decoder has lost its place: seen once all is read
      jpeg.err->format_message(reinterpret_cast<j_common_ptr>(&reading.jpeg), reading.cause);
      return false;
    case JWRN_JPEG_EOF:
      // The marker of the end is missing. Of pixels that are missing too JWRN_HIT_MARKER tells, but of nothing that a
      // later scan would have brought, and an arithmetic decoder never runs out.
      return jpeg.arith_code != FALSE || jpeg.progressive_mode != FALSE || jpeg.input_scan_number != 1 ||
             jpeg.comps_in_scan != jpeg.num_components;
    default:
      return true;
  }
}

extern "C" {
static void rxrun_jpeg_error(j_common_ptr jpeg) {
  JpegReading& reading = reading_of(jpeg);
  jpeg->err->format_message(jpeg, reading.cause);
  reading.unsupported = is_unsupported(jpeg->err->msg_code);
  std::longjmp(reading.failed, 1);
}

static void rxrun_jpeg_message(j_common_ptr jpeg, int level) {
  if (level < 0 && loses_pixels(reading_of(jpeg))) rxrun_jpeg_error(jpeg);
}

static void rxrun_jpeg_progress(j_common_ptr jpeg) {
  JpegReading& reading = reading_of(jpeg);
  if (reading.jpeg.input_scan_number <= max_scans) return;
  std::snprintf(reading.cause, sizeof reading.cause, "more than %d scans", max_scans);
  std::longjmp(reading.failed, 1);
}
}

void read_exif(JpegReading& reading) {
  for (jpeg_saved_marker_ptr marker = reading.jpeg.marker_list; marker != nullptr; marker = marker->next) {
    constexpr unsigned char exif[] = {'E', 'x', 'i', 'f', 0, 0};
    if (marker->marker != JPEG_APP0 + 1 || marker->data_length < sizeof exif) continue;
    if (!std::equal(std::begin(exif), std::end(exif), marker->data)) continue;
    reading.orientation = exif_orientation({marker->data + sizeof exif, marker->data_length - sizeof exif});
    return;
  }
}

// Nothing in this frame has a destructor: errors leave it by longjmp.
bool read_jpeg(JpegReading& reading) {
  if (setjmp(reading.failed) != 0) return false;
  jpeg_decompress_struct& jpeg = reading.jpeg;
  jpeg_create_decompress(&jpeg);
  reading.created = true;
  jpeg.client_data = &reading;
  jpeg.progress = &reading.progress;
  jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xffff);
  jpeg_mem_src(&jpeg, reading.bytes.data(), reading.bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  try {
    check_image_size(jpeg.image_width, jpeg.image_height);
    if (jpeg.jpeg_color_space == JCS_UNKNOWN && jpeg.num_components != reading.channels)
      refuse_bands("JPEG", jpeg.num_components, "whose meaning it does not declare");
  } catch (const std::exception& error) {
    std::snprintf(reading.cause, sizeof reading.cause, "%s", error.what());
    reading.refused = true;
    return false;
  }
  if (jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK)
    jpeg.out_color_space = JCS_CMYK;
  else if (jpeg.jpeg_color_space == JCS_UNKNOWN && jpeg.num_components == reading.channels)
    jpeg.out_color_space = JCS_UNKNOWN;
  else
    jpeg.out_color_space = jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&jpeg);
  reading.image.height = static_cast<int>(jpeg.output_height);
  reading.image.width = static_cast<int>(jpeg.output_width);
  reading.image.channels = jpeg.output_components;
  const std::size_t row = reading.image.row_bytes();
  try {
    reading.image.pixels.resize(static_cast<std::size_t>(reading.image.height) * row);
  } catch (...) {
    std::snprintf(reading.cause, sizeof reading.cause, "not enough memory for the pixels");
    return false;
  }
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW to = reading.image.pixels.data() + jpeg.output_scanline * row;
    jpeg_read_scanlines(&jpeg, &to, 1);
  }
  read_exif(reading);  // finishing forgets the markers
  jpeg_finish_decompress(&jpeg);
  return true;
}

// Adobe's programs store CMYK inverted (255: no ink) and say so by their marker.
Image from_cmyk(const Image& image, bool inverted) {
  Image out{image.height, image.width, 3, {}, image.origin};
  out.pixels.resize(static_cast<std::size_t>(out.height) * out.row_bytes());
  const std::uint8_t* from = image.pixels.data();
  std::uint8_t* to = out.pixels.data();
  const std::size_t count = image.pixels.size() / 4;
  for (std::size_t i = 0; i < count; ++i, from += 4, to += 3) {
    const int black = inverted ? from[3] : 255 - from[3];
    for (int c = 0; c < 3; ++c)
      to[c] = static_cast<std::uint8_t>(((inverted ? from[c] : 255 - from[c]) * black + 127) / 255);
  }
  return out;
}

}  // namespace

Image decode_jpeg(std::span<const std::uint8_t> bytes, int channels) {
  JpegReading reading{};
  reading.bytes = bytes;
  reading.channels = channels;
  reading.jpeg.err = jpeg_std_error(&reading.errors);
  reading.jpeg.client_data = &reading;
  reading.errors.error_exit = rxrun_jpeg_error;
  reading.errors.emit_message = rxrun_jpeg_message;
  reading.progress.progress_monitor = rxrun_jpeg_progress;
  if (!read_jpeg(reading)) {
    const std::string cause = reading.cause;
    bad_image((reading.refused ? "" : reading.unsupported ? "unsupported JPEG: " : "damaged JPEG: ") + cause);
  }
  Image image = std::move(reading.image);
  if (image.origin.stray_bytes && !jpeg_scan_is_whole(bytes)) bad_image("damaged JPEG: " + std::string(reading.cause));
  if (image.channels == 4 && channels != 4) image = from_cmyk(image, reading.jpeg.saw_Adobe_marker != 0);
  return upright(std::move(image), reading.orientation);
}

}  // namespace rxrun
