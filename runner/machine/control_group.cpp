#include "machine/control_group.h"

#include <fstream>
#include <string>

namespace rxrun {
namespace {

std::string group_of_this_process(const std::filesystem::path& root) {
  std::ifstream lines(root / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("0::/")) return line.substr(4);
  return {};
}

}  // namespace

void for_each_control_group(const std::filesystem::path& root,
                            const std::function<void(const std::filesystem::path&)>& look) {
  const std::filesystem::path top = root / "sys/fs/cgroup";
  for (std::filesystem::path group = top / group_of_this_process(root);; group = group.parent_path()) {
    look(group);
    if (group == top || !group.has_relative_path() || group.native().size() <= top.native().size()) break;
  }
}

}  // namespace rxrun
