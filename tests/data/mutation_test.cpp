// Damaged files of every format: always an image or an Error, never a signal, a hang or another exception.
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>

#include "archive_files.h"
#include "data/decode.h"
#include "data/source.h"
#include "image_files.h"
#include "matchers.h"
#include "random/random.h"

namespace rxrun {
namespace {

using test::picture;
using test::TemporaryFolder;

constexpr std::uint64_t mutants = 500;

// Some bytes replaced, or the end cut off, or a piece doubled.
std::string mutant_of(std::string bytes, std::uint64_t number) {
  RandomStream draws(number, Purpose::sample);
  switch (draws.below(8)) {
    case 0:
      return bytes.substr(0, draws.below(bytes.size()));
    case 1: {
      const std::size_t at = draws.below(bytes.size()), size = draws.below(64);
      return bytes.insert(at, bytes.substr(draws.below(bytes.size()), size));
    }
    default:
      break;
  }
  // Headers are where the interesting bytes are.
  const std::uint64_t reach = draws.chance(0.5) ? std::min<std::uint64_t>(bytes.size(), 128) : bytes.size();
  const std::uint64_t count = 1 + draws.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    constexpr char extremes[] = {'\0', '\x01', '\x7f', '\x80', '\xff'};
    char& byte = bytes[draws.below(reach)];
    byte = draws.chance(0.5) ? extremes[draws.below(5)] : static_cast<char>(draws.next());
  }
  return bytes;
}

struct Outcome {
  int fine = 0, faults = 0;
};

template <typename F>
Outcome survive(const std::string& whole, F read) {
  Outcome outcome;
  EXPECT_EQ(test::error_of([&] { read(whole); }), "no error");
  for (std::uint64_t i = 0; i < mutants; ++i) {
    try {
      read(mutant_of(whole, i));
      ++outcome.fine;
    } catch (const Error& error) {
      EXPECT_FALSE(error.diagnostics().front().message.empty());
      ++outcome.faults;
    }
  }
  EXPECT_GT(outcome.faults, 50);  // else the mutants are too tame to show anything
  return outcome;
}

void decode(const std::string& bytes) {
  const Image image = decode_image(test::as_bytes(bytes));
  ASSERT_EQ(image.pixels.size(), static_cast<std::size_t>(image.height) * image.row_bytes());
  ASSERT_TRUE(image.channels == 1 || image.channels == 3);
}

TEST(Mutants, Png) { survive(test::png_bytes(picture(20, 20, 3)), decode); }
// The checksums catch nearly every mutant of a PNG; made right again, the damage reaches the decoder.
std::string with_right_checksums(std::string png) {
  const auto word = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(png[at + i]);
    return value;
  };
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const std::uint64_t length = word(at);
    if (length > png.size() - at - 12) break;
    const auto* body = reinterpret_cast<const Bytef*>(png.data() + at + 4);
    const auto sum = static_cast<std::uint32_t>(crc32(0, body, static_cast<uInt>(length + 4)));
    for (std::size_t i = 0; i < 4; ++i) png[at + 8 + length + i] = static_cast<char>(sum >> (24 - 8 * i));
    at += 12 + length;
  }
  return png;
}

TEST(Mutants, PngWithRightChecksums) {
  survive(test::png_bytes(picture(20, 20, 3)), [](const std::string& bytes) { decode(with_right_checksums(bytes)); });
}

TEST(Mutants, PngWithPaletteAndExif) {
  const std::vector<std::uint8_t> rows(100, 0x1b);
  survive(
      test::png_bytes(
          20, 20, rows,
          {.colour_type = 3, .depth = 2, .exif = test::exif_block(6), .palette = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1}}),
      decode);
}
TEST(Mutants, Jpeg) { survive(test::jpeg_bytes(picture(20, 20, 3), test::exif_block(6)), decode); }
TEST(Mutants, ProgressiveCmykJpeg) { survive(test::jpeg_bytes(picture(20, 20, 4), {}, true), decode); }
TEST(Mutants, Tiff) { survive(test::tiff_bytes(picture(20, 20, 3)), decode); }
TEST(Mutants, CompressedTiff) {
  survive(test::tiff_bytes(picture(20, 20, 1), {.depth = 16, .compression = 5, .orientation = 6}), decode);
}
TEST(Mutants, Bmp) { survive(test::bmp_bytes(picture(20, 20, 3)), decode); }
TEST(Mutants, BmpWithPalette) { survive(test::bmp_bytes(picture(20, 20, 1)), decode); }

void read_all(const DataSpec& spec) {
  const auto source = open_source(spec, 0);
  for (std::size_t i = 0; i < source->samples().size(); ++i) source->decode(i);
}

TEST(Mutants, Npz) {
  const TemporaryFolder folder;
  DataSpec spec;
  spec.source = SourceKind::medmnist;
  spec.path = folder.path() / "x.npz";
  spec.memory = 64 << 20;
  test::write_zip(spec.path, test::medmnist_members(6, true));
  std::ifstream file(spec.path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(file), {}};
  survive(whole, [&](const std::string& bytes) {
    folder.write("x.npz", bytes);
    read_all(spec);
  });
}

TEST(Mutants, Idx) {
  for (const bool zipped : {false, true}) {
    const TemporaryFolder folder;
    DataSpec spec;
    spec.source = SourceKind::idx;
    spec.path = folder.path();
    spec.memory = 64 << 20;
    const std::string labels = test::idx_bytes({4}, std::string("\0\1\0\1", 4));
    folder.write("train-labels-idx1-ubyte", labels);
    const std::string images = test::idx_bytes({4, 5, 5}, test::counting(100));
    const std::string name = zipped ? "train-images-idx3-ubyte.gz" : "train-images-idx3-ubyte";
    survive(zipped ? test::gzipped(images) : images, [&](const std::string& bytes) {
      folder.write(name, bytes);
      read_all(spec);
    });
  }
}

}  // namespace
}  // namespace rxrun
