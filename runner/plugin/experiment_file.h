// An experiment file that is not there: which one may be meant.
#pragma once

#include <filesystem>
#include <string>

namespace rxrun {

// Throws Error, with advice, when nothing is at `file`. Whatever else is wrong with it is told when it is read.
void require_experiment_file(const std::filesystem::path& file);

// The file of its folder that has nearly its name; or, of `experiments/x.yaml`, where the installed ones are, in
// `installed` (empty: nowhere). Empty when neither helps.
std::string advice_for_missing_file(const std::filesystem::path& file, const std::filesystem::path& installed);

}  // namespace rxrun
