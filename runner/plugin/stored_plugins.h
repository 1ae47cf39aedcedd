// The plugins of an experiment that lies in a folder of results, which may have come from anybody, and libraries with
// it.
#pragma once

#include "experiment/read.h"

namespace rxrun {

// In a run's folder: it was copied there from other results, and this text says what that means.
inline constexpr const char* kImportedNote = "imported.txt";
inline constexpr const char* kImportedText =
    "This run was copied here from other results. The libraries that its experiment names by their paths are not\n"
    "loaded from there: plugins of the same names in the plugin folders of this machine take their place, or those "
    "that\n"
    "network.plugins=[...] names on the command line. Delete this file if you trust the run as one of your own.\n";

// Does nothing for an experiment file that lies elsewhere. In one of a run, or of a sweep's point, a library that is
// named by its path has to be named absolutely, as rxrun stores it, and to lie outside of the results; the path that an
// imported run names counts for nothing, and the plugin of that name in plugin_folders() takes its place. What the
// command line names is the user's. Libraries that must not be loaded are taken out of `read` and told in
// `diagnostics`; returns whether there were any.
bool refuse_stored_plugins(ReadExperiment& read, Diagnostics& diagnostics);

}  // namespace rxrun
