#include "sweep/memory.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

#include "machine/control_group.h"

namespace rxrun {
namespace {

std::optional<std::int64_t> number_in(const std::filesystem::path& file) {
  std::int64_t number = 0;
  return std::ifstream(file) >> number ? std::optional(number) : std::nullopt;  // "max" is none
}

std::optional<std::int64_t> named_number(const std::filesystem::path& file, const std::string& name) {
  std::ifstream lines(file);
  for (std::string word; lines >> word;) {
    std::int64_t number = 0;
    if (word == name && lines >> number) return number;
    lines.clear();
    lines.ignore(4096, '\n');
  }
  return std::nullopt;
}

// Of this group and those around it: each has its limit, and pages of files can be had back.
std::optional<std::int64_t> left_in_groups(const std::filesystem::path& root) {
  std::optional<std::int64_t> least;
  for_each_control_group(root, [&](const std::filesystem::path& group) {
    const auto limit = number_in(group / "memory.max"), used = number_in(group / "memory.current");
    if (limit && used) {
      const std::int64_t files = named_number(group / "memory.stat", "inactive_file").value_or(0);
      const std::int64_t left = std::max<std::int64_t>(1, *limit - *used + files);
      least = std::min(least.value_or(left), left);
    }
  });
  return least;
}

}  // namespace

std::int64_t available_memory(const std::filesystem::path& root) {
  const std::int64_t machine = named_number(root / "proc/meminfo", "MemAvailable:").value_or(0) * 1024;
  const std::optional<std::int64_t> group = left_in_groups(root);
  if (!group) return machine;
  return machine > 0 ? std::min(machine, *group) : *group;
}

int jobs_that_fit(int wanted, std::vector<std::int64_t> needs, std::int64_t available) {
  if (available <= 0) return wanted;
  std::sort(needs.begin(), needs.end(), std::greater<>());
  int jobs = 0;
  std::int64_t together = 0;
  while (jobs < wanted) {
    // More processes than points known so far: the others may be as large as the largest.
    const auto at = static_cast<std::size_t>(jobs);
    together += needs.empty() ? 0 : at < needs.size() ? needs[at] : needs.front();
    if (together > available) break;
    ++jobs;
  }
  return std::max(1, jobs);
}

}  // namespace rxrun
