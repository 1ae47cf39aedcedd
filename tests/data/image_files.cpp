#include "image_files.h"

#include <jpeglib.h>
#include <png.h>
#include <stdlib.h>
#include <tiffio.h>
#include <webp/encode.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace rxrun::test {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "rxrun-data-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

fs::path TemporaryFolder::write(const fs::path& relative, const std::string& bytes) const {
  fs::path path = path_ / relative;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

Image picture(int height, int width, int channels, int variant) {
  Image image{height, width, channels, {}};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c)
        image.pixels.push_back(static_cast<std::uint8_t>(20 + 7 * y + 5 * x + 31 * c + 13 * variant + (x * y) % 11));
  return image;
}

namespace {

void append_to_string(png_structp png, png_bytep bytes, png_size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), size);
}

std::string big_endian(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string chunk(const std::string& type, const std::string& content) {
  const std::string body = type + content;
  const auto sum =
      static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
  return big_endian(static_cast<std::uint32_t>(content.size())) + body + big_endian(sum);
}

const std::string png_magic = "\x89PNG\r\n\x1a\n";

}  // namespace

std::string png_bytes(int height, int width, const std::vector<std::uint8_t>& rows, const PngForm& form) {
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &out, append_to_string, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), form.depth,
               form.colour_type, form.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (!form.palette.empty())
    png_set_PLTE(png, info, reinterpret_cast<png_const_colorp>(form.palette.data()),
                 static_cast<int>(form.palette.size() / 3));
  if (form.filters != 0) png_set_filter(png, PNG_FILTER_TYPE_BASE, form.filters);
  std::string exif = form.exif;
  if (!exif.empty())
    png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), reinterpret_cast<png_bytep>(exif.data()));
  std::vector<std::uint8_t> copy = rows;
  std::vector<png_bytep> pointers;
  for (int y = 0; y < height; ++y)
    pointers.push_back(copy.data() + static_cast<std::size_t>(y) * (rows.size() / static_cast<std::size_t>(height)));
  png_set_rows(png, info, pointers.data());
  png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  png_destroy_write_struct(&png, &info);
  return out;
}

std::string png_bytes(const Image& image) {
  PngForm form;
  form.colour_type = image.channels == 1 ? 0 : image.channels == 2 ? 4 : image.channels == 3 ? 2 : 6;
  return png_bytes(image.height, image.width, image.pixels, form);
}

std::string animated_png_bytes(const Image& image) {
  const std::string still = png_bytes(image);
  constexpr std::size_t header = 8 + 25;
  const auto frame = [&](std::uint32_t number) {
    return chunk("fcTL", big_endian(number) + big_endian(static_cast<std::uint32_t>(image.width)) +
                             big_endian(static_cast<std::uint32_t>(image.height)) + big_endian(0) + big_endian(0) +
                             std::string("\0\1\0\12\0\0", 6));
  };
  Image black = image;
  black.pixels.assign(image.pixels.size(), 0);
  const std::string second = png_bytes(black);
  const std::size_t data = second.find("IDAT"), length = second.size() - 12 - 4 - (data + 4);
  const std::string end = still.substr(still.size() - 12);
  return still.substr(0, header) + chunk("acTL", big_endian(2) + big_endian(0)) + frame(0) +
         still.substr(header, still.size() - 12 - header) + frame(1) +
         chunk("fdAT", big_endian(2) + second.substr(data + 4, length)) + end;
}

std::string png_header_only(std::uint32_t width, std::uint32_t height) {
  return png_magic + chunk("IHDR", big_endian(width) + big_endian(height) + std::string("\x08\x02\0\0\0", 5)) +
         chunk("IDAT", "x") + chunk("IEND", "");
}

std::string jpeg_bytes(const Image& image, const std::string& exif, bool progressive) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &memory, &size);
  jpeg.image_width = static_cast<JDIMENSION>(image.width);
  jpeg.image_height = static_cast<JDIMENSION>(image.height);
  jpeg.input_components = image.channels;
  jpeg.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : image.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  if (progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  if (!exif.empty()) {
    const std::string block = std::string("Exif\0\0", 6) + exif;
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(block.data()),
                      static_cast<unsigned>(block.size()));
  }
  std::vector<std::uint8_t> row;
  while (jpeg.next_scanline < jpeg.image_height) {
    const auto first = image.pixels.begin() + static_cast<std::ptrdiff_t>(jpeg.next_scanline * image.row_bytes());
    row.assign(first, first + static_cast<std::ptrdiff_t>(image.row_bytes()));
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&jpeg, &pointer, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::string out(reinterpret_cast<const char*>(memory), size);
  free(memory);
  return out;
}

std::string tiff_bytes(const Image& image, const TiffForm& form) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "image.tif";
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  for (int page = 0; page < form.pages; ++page) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, image.width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, image.height);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, image.channels);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, form.depth);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, image.channels == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, form.compression);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, form.orientation);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 4);
    for (int y = 0; y < image.height; ++y) {
      std::vector<std::uint8_t> row;
      for (std::size_t i = 0; i < image.row_bytes(); ++i) {
        const std::uint8_t value = page == 0 ? image.pixels[static_cast<std::size_t>(y) * image.row_bytes() + i] : 0;
        row.push_back(value);
        if (form.depth == 16) row.push_back(value);
      }
      TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y));
    }
    TIFFWriteDirectory(tiff);
  }
  TIFFClose(tiff);
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string wide_tiff_bytes(int height, int width, int channels, const std::vector<std::uint16_t>& values,
                            const WideTiffForm& form) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "image.tif";
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, channels);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 16);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
               channels == 3        ? PHOTOMETRIC_RGB
               : form.white_is_zero ? PHOTOMETRIC_MINISWHITE
                                    : PHOTOMETRIC_MINISBLACK);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, form.orientation);
  if (form.is_signed) TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_INT);
  const auto row_size = static_cast<std::size_t>(width * channels);
  if (form.tile > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, form.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, form.tile);
    const auto tile_row = static_cast<std::size_t>(form.tile * channels);
    std::vector<std::uint16_t> tile(tile_row * static_cast<std::size_t>(form.tile), 0);
    for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y)
      std::copy_n(values.data() + y * row_size, row_size, tile.data() + y * tile_row);
    TIFFWriteTile(tiff, tile.data(), 0, 0, 0, 0);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 4);
    for (int y = 0; y < height; ++y) {
      std::vector<std::uint16_t> row(
          values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(y) * row_size),
          values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(y + 1) * row_size));
      TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y));
    }
  }
  TIFFClose(tiff);
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

namespace {

void write_band_picture(TIFF* tiff, const Image& image, const BandTiffForm& form) {
  TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, form.subfile);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, image.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, image.height);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, image.channels);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, form.depth);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, form.format);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, form.photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, form.planar ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  if (!form.description.empty()) TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, form.description.c_str());
  if (!form.extra.empty()) {
    const std::vector<std::uint16_t> extra(form.extra.begin(), form.extra.end());
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, static_cast<int>(extra.size()), extra.data());
  }
  if (form.photometric == PHOTOMETRIC_PALETTE) {
    std::vector<std::uint16_t> red(256), green(256), blue(256);
    for (std::size_t i = 0; i < 256; ++i) {
      red[i] = static_cast<std::uint16_t>(257 * i);
      green[i] = static_cast<std::uint16_t>(257 * (255 - i));
      blue[i] = 257 * 7;
    }
    TIFFSetField(tiff, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data());
  }
  const int planes = form.planar ? image.channels : 1, together = image.channels / planes;
  const int across = form.tile > 0 ? form.tile : image.width, down = form.tile > 0 ? form.tile : 1;
  if (form.tile > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, form.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, form.tile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 4);
  }
  for (int plane = 0; plane < planes; ++plane)
    for (int top = 0; top < image.height; top += down)
      for (int left = 0; left < image.width; left += across) {
        std::vector<std::uint8_t> block;
        for (int y = top; y < top + down; ++y)
          for (int x = left; x < left + across; ++x)
            for (int band = plane; band < plane + together; ++band) {
              const bool inside = y < image.height && x < image.width;
              const int at = (y * image.width + x) * image.channels + band;
              block.push_back(inside ? image.pixels[static_cast<std::size_t>(at)] : std::uint8_t{99});
              if (form.depth == 16) block.push_back(block.back());
            }
        if (form.tile > 0)
          TIFFWriteTile(tiff, block.data(), static_cast<std::uint32_t>(left), static_cast<std::uint32_t>(top), 0,
                        static_cast<std::uint16_t>(plane));
        else
          TIFFWriteScanline(tiff, block.data(), static_cast<std::uint32_t>(top), static_cast<std::uint16_t>(plane));
      }
  TIFFWriteDirectory(tiff);
}

std::string little_endian(std::uint32_t value, int bytes = 4) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

std::string riff_chunk(const std::string& type, const std::string& content) {
  return type + little_endian(static_cast<std::uint32_t>(content.size())) + content +
         std::string(content.size() % 2, '\0');
}

// Of a still WebP.
std::string picture_chunks(const std::string& webp) { return webp.substr(12); }

std::string extended_webp(const Image& image, char features, const std::string& chunks) {
  const auto side = [](int size) { return little_endian(static_cast<std::uint32_t>(size - 1), 3); };
  const std::string head =
      riff_chunk("VP8X", std::string(1, features) + std::string(3, '\0') + side(image.width) + side(image.height));
  return riff_chunk("RIFF", "WEBP" + head + chunks);
}

}  // namespace

std::string band_tiff_bytes(const std::vector<std::pair<Image, BandTiffForm>>& pictures) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "image.tif";
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  for (const auto& [image, form] : pictures) write_band_picture(tiff, image, form);
  TIFFClose(tiff);
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string webp_bytes(const Image& image, const WebpForm& form) {
  std::uint8_t* memory = nullptr;
  const int row = static_cast<int>(image.row_bytes());
  const std::size_t size =
      !form.lossless        ? WebPEncodeRGB(image.pixels.data(), image.width, image.height, row, 95, &memory)
      : image.channels == 3 ? WebPEncodeLosslessRGB(image.pixels.data(), image.width, image.height, row, &memory)
                            : WebPEncodeLosslessRGBA(image.pixels.data(), image.width, image.height, row, &memory);
  std::string out(reinterpret_cast<const char*>(memory), size);
  WebPFree(memory);
  if (form.exif.empty()) return out;
  constexpr char has_exif = 8;
  return extended_webp(image, has_exif, picture_chunks(out) + riff_chunk("EXIF", form.exif));
}

std::string animated_webp_bytes(const Image& image) {
  Image negative = image;
  for (std::uint8_t& value : negative.pixels) value = static_cast<std::uint8_t>(255 - value);
  const auto frame = [&](const Image& shown) {
    const auto side = [](int size) { return little_endian(static_cast<std::uint32_t>(size - 1), 3); };
    return riff_chunk("ANMF", std::string(6, '\0') + side(shown.width) + side(shown.height) + little_endian(100, 3) +
                                  std::string(1, '\0') + picture_chunks(webp_bytes(shown)));
  };
  constexpr char is_animated = 2;
  return extended_webp(image, is_animated, riff_chunk("ANIM", std::string(6, '\0')) + frame(image) + frame(negative));
}

std::string bmp_bytes(const Image& image, bool top_down) {
  const auto word = [](std::uint32_t value) {
    return std::string{static_cast<char>(value), static_cast<char>(value >> 8), static_cast<char>(value >> 16),
                       static_cast<char>(value >> 24)};
  };
  const auto half = [&](std::uint32_t value) { return word(value).substr(0, 2); };
  std::string palette;
  if (image.channels == 1)
    for (std::uint32_t i = 0; i < 256; ++i) palette += word(i * 0x010101u);
  std::string rows;
  for (int i = 0; i < image.height; ++i) {
    const int y = top_down ? i : image.height - 1 - i;
    std::string row;
    for (int x = 0; x < image.width; ++x)
      for (int c = image.channels - 1; c >= 0; --c)
        row += static_cast<char>(image.pixels[static_cast<std::size_t>((y * image.width + x) * image.channels + c)]);
    row.resize((row.size() + 3) / 4 * 4);
    rows += row;
  }
  const auto offset = static_cast<std::uint32_t>(54 + palette.size());
  const auto height = static_cast<std::uint32_t>(top_down ? -image.height : image.height);
  return "BM" + word(offset + static_cast<std::uint32_t>(rows.size())) + word(0) + word(offset) + word(40) +
         word(static_cast<std::uint32_t>(image.width)) + word(height) + half(1) + half(image.channels == 1 ? 8 : 24) +
         word(0) + word(static_cast<std::uint32_t>(rows.size())) + word(2835) + word(2835) + word(0) + word(0) +
         palette + rows;
}

std::string exif_block(int orientation, bool little_endian) {
  const char value = static_cast<char>(orientation);
  if (little_endian)
    return std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18) + value + std::string(7, '\0');
  return std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) + value + std::string(6, '\0');
}

}  // namespace rxrun::test
