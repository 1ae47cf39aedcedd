#include "diagnostics/diagnostic.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace rxrun {
namespace {

std::string what_of(const std::vector<Diagnostic>& diagnostics) {
  const auto is_error = [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::error; };
  const auto first = std::find_if(diagnostics.begin(), diagnostics.end(), is_error);
  if (first == diagnostics.end()) return diagnostics.empty() ? "unknown error" : diagnostics.front().message;
  const auto errors = std::count_if(diagnostics.begin(), diagnostics.end(), is_error);
  return errors == 1 ? first->message : fmt::format("{} (and {} more)", first->message, errors - 1);
}

}  // namespace

Error::Error(Failure failure, std::vector<Diagnostic> diagnostics)
    : std::runtime_error(what_of(diagnostics)), failure_(failure), diagnostics_(std::move(diagnostics)) {}

Error::Error(Failure failure, std::string message, std::string advice)
    : Error(failure, std::vector<Diagnostic>{{Severity::error, {}, std::move(message), std::move(advice)}}) {}

Error::Error(Diagnostic diagnostic) : Error(Failure::usage, std::vector<Diagnostic>{std::move(diagnostic)}) {}

void Diagnostics::error(SourceLocation where, std::string message, std::string advice) {
  list_.push_back({Severity::error, std::move(where), std::move(message), std::move(advice)});
}

void Diagnostics::warning(SourceLocation where, std::string message, std::string advice) {
  list_.push_back({Severity::warning, std::move(where), std::move(message), std::move(advice)});
}

bool Diagnostics::has_errors() const {
  return std::any_of(list_.begin(), list_.end(), [](const Diagnostic& d) { return d.severity == Severity::error; });
}

void Diagnostics::throw_errors() const {
  if (has_errors()) throw Error(Failure::usage, list_);
}

}  // namespace rxrun
