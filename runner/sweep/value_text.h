// Pieces of a word of a sweep's declaration: cut where a separator stands outside brackets and quotes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostic.h"

namespace rxrun {

// Part of a word that knows where it stands in it.
struct Piece {
  std::string_view text;
  std::size_t offset = 0;  // in the word, bytes
};

Piece trimmed(Piece piece);

// At each `separator`; an empty piece stays. Throws Error, pointing at the bracket or quote that is not closed.
std::vector<Piece> cut(const std::string& word, Piece piece, char separator);

// The place of `piece` in the word.
SourceLocation place_in_word(const std::string& word, Piece piece);

// A number as short as it is exact enough to be read: 0.3, not 0.30000000000000004.
std::string rounded_text(double number);

}  // namespace rxrun
