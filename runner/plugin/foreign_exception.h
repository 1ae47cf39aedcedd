// What a plugin's exception says, whatever its type.
#pragma once

#include <string>

namespace rxrun {

std::string demangled(const char* name);  // "std::bad_alloc"; the name itself when it is no mangled one

// Of the exception in flight: "std::runtime_error: no weights", on one printable line; its type's name when it is none
// of std::exception's kind. To be called in a catch clause.
std::string current_exception_text();

}  // namespace rxrun
