// Where the program's own files are, in a build tree and under any install prefix alike.
#pragma once

#include <filesystem>

namespace rxrun {

// The folder of rxrun-engine, rxrun-plugin-describe and plugins/: <prefix>/lib/rxrun. RXRUN_LIBEXEC names it outright;
// else it is found from the running program's own place. Throws Error with the places looked at.
std::filesystem::path libexec_folder();

// The folder of rxrunConfig.cmake, which exists under an install prefix only; empty in a build tree.
std::filesystem::path package_folder();

// The folder of the experiments that are installed with the program; empty in a build tree.
std::filesystem::path experiments_folder();

}  // namespace rxrun
