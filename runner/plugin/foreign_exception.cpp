#include "plugin/foreign_exception.h"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "diagnostics/render.h"

namespace rxrun {

std::string demangled(const char* name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name, nullptr, nullptr, &status);
  std::string result = status == 0 ? text : name;
  std::free(text);
  return result;
}

std::string current_exception_text() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  const std::string name = type != nullptr ? demangled(type->name()) : "an exception";
  try {
    throw;
  } catch (const std::exception& error) {
    const std::string what = error.what();  // LibTorch appends a stack trace of many lines
    return name + ": " + printable(what.substr(0, what.find('\n')).substr(0, 500));
  } catch (...) {
    return name;
  }
}

}  // namespace rxrun
