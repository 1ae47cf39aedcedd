// Patterns for the paths of files, as data.include and data.exclude take them.
#pragma once

#include <string>
#include <string_view>

namespace rxrun {

// Whether `path` ("train/cat/a_mask.png", relative, separated by /), or a folder that it lies in, is meant by
// `pattern`.
// `*`, `?` and `[...]` stand for what the shell lets them, within one name; a pattern without / is compared with each
// name in the path, one with / with the path from its beginning, where `**` stands for any number of names.
bool matches_pattern(std::string_view path, std::string_view pattern);

}  // namespace rxrun
