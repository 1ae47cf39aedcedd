// rxrun check FILE --pictures FILE.png: where the contact sheet may lie, and drawing it there.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>

#include "cli/console.h"
#include "data/source.h"
#include "data/split.h"
#include "experiment/experiment.h"

namespace rxrun {

// Before any work. Throws Error (usage) where no file can be written, and in the folder of the images, where it would
// be one of them the next time.
void require_picture_target(const std::filesystem::path& file, const DataSpec& data);

// Draws, writes, tells, and returns the same for an event: {"file": ..., "notes": [...]}. Throws Error (usage) rather
// than to replace an image of `source`.
nlohmann::json draw_pictures(const std::filesystem::path& file, const Experiment& experiment, const Source& source,
                             const Parts& parts, Console& console);

}  // namespace rxrun
