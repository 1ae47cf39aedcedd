// Whether the data of a JPEG's pixels end where they should: libjpeg only tells that bytes are left over.
#pragma once

#include <cstdint>
#include <span>

namespace rxrun {

// Reads the codes of a sequential Huffman scan of all components without restarts: false for any other, and where a
// code, a run or the bits that fill the last byte are not what an encoder writes. Then what is left over has been
// missed by a decoder that had lost its place; else it is no part of the picture.
bool jpeg_scan_is_whole(std::span<const std::uint8_t> bytes);

}  // namespace rxrun
