// What the program has to tell about a fault: where, what, what was expected, what to do.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rxrun {

// A place in a text. Lines and columns count from 1 (columns in code points); line 0 means the file as a whole, an
// empty file means no place at all. `text` is the line itself, kept so that an error can be shown after the file is
// gone.
struct SourceLocation {
  std::string file;
  int line = 0;
  int column = 0;
  int length = 1;  // of the marked part, in columns
  std::string text;

  bool operator==(const SourceLocation&) const = default;
};

enum class Severity { error, warning, note };

struct Diagnostic {
  Severity severity = Severity::error;
  SourceLocation where;
  std::string message;  // what is wrong and what was expected; one line, no full stop
  std::string advice;   // what to do, such as "did you mean `cardinality`?"; may be empty

  bool operator==(const Diagnostic&) const = default;
};

// Who has to act; the values are the exit codes.
enum class Failure {
  run = 1,         // the run failed
  usage = 2,       // command line, configuration, data or plugin
  try_later = 75,  // EX_TEMPFAIL: a scheduler may requeue
};

// The project's only exception. Other libraries' exceptions are translated into it at their folder's border.
class Error : public std::runtime_error {
 public:
  Error(Failure failure, std::vector<Diagnostic> diagnostics);
  Error(Failure failure, std::string message, std::string advice = {});
  Error(Diagnostic diagnostic);  // Failure::usage

  Failure failure() const { return failure_; }
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  Failure failure_;
  std::vector<Diagnostic> diagnostics_;
};

// Collects, so that all errors of a file are told at once.
class Diagnostics {
 public:
  Diagnostics() = default;
  explicit Diagnostics(std::vector<Diagnostic> list) : list_(std::move(list)) {}
  void error(SourceLocation where, std::string message, std::string advice = {});
  void warning(SourceLocation where, std::string message, std::string advice = {});
  void add(const Diagnostic& diagnostic) { list_.push_back(diagnostic); }
  bool has_errors() const;
  const std::vector<Diagnostic>& list() const { return list_; }  // in the order of finding
  void throw_errors() const;                                     // Error(usage) with all of them, if there is an error

 private:
  std::vector<Diagnostic> list_;
};

}  // namespace rxrun
