#include "network/failure.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <iterator>
#include <new>

#include "diagnostics/render.h"

namespace rxrun {
namespace {

constexpr std::size_t longest_cause = 500;
constexpr const char* signs[] = {"can't allocate memory", "out of memory", "not enough memory"};

std::string first_line(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (line.size() > longest_cause) line = line.substr(0, longest_cause) + "...";
  return printable(line);
}

}  // namespace

std::string cause_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const c10::Error& error) {
    return first_line(error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return "out of memory";
  } catch (const std::exception& error) {
    return first_line(error.what());
  } catch (...) {
    return "an exception that is not a std::exception";
  }
}

bool is_out_of_memory(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (const std::exception& error) {
    const std::string text = error.what();
    // LibTorch's CPU allocator has no exception type of its own.
    return std::any_of(std::begin(signs), std::end(signs),
                       [&](const char* sign) { return text.find(sign) != std::string::npos; });
  } catch (...) {
    return false;
  }
}

void throw_failure(const NetworkLayer& layer, const std::string& what, const std::exception_ptr& exception,
                   Failure failure) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error&) {
    throw;
  } catch (...) {
    // Not a fault of the experiment's text: told below.
  }
  Diagnostic diagnostic{Severity::error, layer.where, layer.label + " " + what + ": " + cause_of(exception), {}};
  if (is_out_of_memory(exception)) {
    diagnostic.message = "out of memory: " + diagnostic.message;
    diagnostic.advice = "reduce `data.batch` or `data.image_size`; `rxrun summary` estimates the memory of a step";
    failure = Failure::run;
  }
  throw Error(failure, {diagnostic});
}

}  // namespace rxrun
