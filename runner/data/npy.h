// The .npy format (numpy.lib.format, versions 1 to 3): header and elements of an array of integers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rxrun {

struct NpyArray {
  char kind = 'u';  // u: unsigned, i: signed, b: boolean
  int size = 1;     // bytes an element: 1, 2, 4 or 8
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
  std::uint64_t count = 0;                 // elements: the product of the shape
  std::span<const std::uint8_t> elements;  // count × size bytes, within the bytes given
};

// Throws Error with the cause alone for anything but integers (objects above all, which would be pickles), and for a
// shape that is not what the bytes hold.
NpyArray read_npy(std::span<const std::uint8_t> bytes);

// Elements in C order, whatever the order of the file.
std::vector<std::int64_t> integers_of(const NpyArray& array);
std::vector<std::uint8_t> bytes_of(const NpyArray& array);  // of one-byte elements

}  // namespace rxrun
