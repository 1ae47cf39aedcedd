// The ways in which data is at fault, as Errors of the user's.
#pragma once

#include <filesystem>
#include <string>

#include "diagnostics/diagnostic.h"
#include "experiment/experiment.h"

namespace rxrun {

// A place in a file of the data; line 0 is the file as a whole.
SourceLocation in_file(const std::filesystem::path& path, int line = 0);

// Told at a file of the data.
[[noreturn]] void bad_file(const std::filesystem::path& path, const std::string& message,
                           const std::string& advice = {});
[[noreturn]] void bad_line(const std::filesystem::path& path, int line, const std::string& message,
                           const std::string& advice = {});
Diagnostic file_note(const std::filesystem::path& path, int line, const std::string& message,
                     const std::string& advice = {});
Diagnostic file_warning(const std::filesystem::path& path, int line, const std::string& message,
                        const std::string& advice = {});
Diagnostic data_note(const DataSpec& spec, const std::string& key, const std::string& message,
                     const std::string& advice = {});

// Whether there is something at `path`, which may be a link. A link that leads nowhere, or what cannot be looked at, is
// told as bad_file() does.
bool is_there(const std::filesystem::path& path);

// Where the YAML writes a key of the section `data` ("split.validation"), or else a section around it, or else `path`.
SourceLocation place_of_key(const DataSpec& spec, const std::string& key);

// Told at a key of the section `data`.
[[noreturn]] void bad_data(const DataSpec& spec, const std::string& key, const std::string& message,
                           const std::string& advice);
// Names of images or groups, who may be patients, belong into `advice`: it is shown, and stays out of a run's log.
Diagnostic data_warning(const DataSpec& spec, const std::string& key, const std::string& message,
                        const std::string& advice = {});

}  // namespace rxrun
