#include "data/fault.h"

#include "experiment/places.h"

namespace rxrun {
namespace {

Diagnostic diagnostic_at(const SourceLocation& where, Severity severity, const std::string& message,
                         const std::string& advice) {
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.where = where;
  diagnostic.message = message;
  diagnostic.advice = advice;
  return diagnostic;
}

}  // namespace

SourceLocation in_file(const std::filesystem::path& path, int line) {
  SourceLocation where;
  where.file = path.string();
  where.line = line;
  return where;
}

void bad_file(const std::filesystem::path& path, const std::string& message, const std::string& advice) {
  bad_line(path, 0, message, advice);
}

void bad_line(const std::filesystem::path& path, int line, const std::string& message, const std::string& advice) {
  throw Error(diagnostic_at(in_file(path, line), Severity::error, message, advice));
}

Diagnostic file_note(const std::filesystem::path& path, int line, const std::string& message,
                     const std::string& advice) {
  return diagnostic_at(in_file(path, line), Severity::note, message, advice);
}

Diagnostic file_warning(const std::filesystem::path& path, int line, const std::string& message,
                        const std::string& advice) {
  return diagnostic_at(in_file(path, line), Severity::warning, message, advice);
}

bool is_there(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status)) return true;
  if (status.type() != fs::file_type::not_found) bad_file(path, "cannot be accessed: " + error.message());
  if (fs::is_symlink(fs::symlink_status(path, error))) bad_file(path, "a symbolic link whose target does not exist");
  return false;
}

SourceLocation place_of_key(const DataSpec& spec, const std::string& key) {
  const SourceLocation where = nearest_place(spec.written, key);
  return where.file.empty() ? spec.path_where : where;
}

void bad_data(const DataSpec& spec, const std::string& key, const std::string& message, const std::string& advice) {
  throw Error(diagnostic_at(place_of_key(spec, key), Severity::error, message, advice));
}

Diagnostic data_note(const DataSpec& spec, const std::string& key, const std::string& message,
                     const std::string& advice) {
  return diagnostic_at(place_of_key(spec, key), Severity::note, message, advice);
}

Diagnostic data_warning(const DataSpec& spec, const std::string& key, const std::string& message,
                        const std::string& advice) {
  return diagnostic_at(place_of_key(spec, key), Severity::warning, message, advice);
}

}  // namespace rxrun
