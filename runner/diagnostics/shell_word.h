// Words of a command line as they are typed in a shell.
#pragma once

#include <string>
#include <vector>

namespace rxrun {

// Quoted for a POSIX shell where it has to be.
std::string shell_word(const std::string& word);
std::string shell_command(const std::vector<std::string>& words);

}  // namespace rxrun
