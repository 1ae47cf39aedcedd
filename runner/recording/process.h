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

// Whether it is of this host and container, so that is_gone() can tell.
bool can_be_seen(const ProcessIdentity& process);

// Whether what `process` holds is free: it is gone, or it cannot be seen from here and has been silent for longer than
// its lease. The silence is by the clocks of two hosts: a lease has to be longer than they may differ.
bool has_lapsed(const ProcessIdentity& process, double silent_minutes, double lease_minutes);

}  // namespace rxrun
