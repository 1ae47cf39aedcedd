// The files that `rxrun plugins new` writes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace rxrun {

struct TemplateFile {
  std::string name;
  std::string text;
};

// `package`: the folder of rxrunConfig.cmake to look at first; may be empty.
std::vector<TemplateFile> plugin_template(const std::string& name, const std::filesystem::path& package);

}  // namespace rxrun
