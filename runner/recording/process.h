// Which process writes a run, told so that another process can see whether it still lives.
#pragma once

#include <cstdint>
#include <string>

namespace rxrun {

struct ProcessIdentity {
  std::string host;
  std::string boot_id;        // changes with every start of the machine
  std::string pid_namespace;  // a container counts its processes itself
  std::int64_t pid = 0;
  std::int64_t start = 0;  // clock ticks since boot; a pid alone is used again

  bool operator==(const ProcessIdentity&) const = default;
};

ProcessIdentity this_process();

// Whether that process has certainly ended. False for a process of another host or container: from here, nobody can
// tell.
bool is_gone(const ProcessIdentity& process);

}  // namespace rxrun
