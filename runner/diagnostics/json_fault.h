// What the JSON library says of a fault, for somebody who does not know that library.
#pragma once

#include <string>

namespace rxrun {

// "[json.exception.out_of_range.403] key 'event' not found" → "`event` is missing"; "... type must be string, but is
// number" → "expected string, found number"; of any other the words without what is in brackets.
std::string json_fault(const std::string& what);

}  // namespace rxrun
