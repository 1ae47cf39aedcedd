// A disk that fails at the n-th write, sync, truncation or deletion: SQLite's own file system layer with a counter in
// front.
#pragma once

#include <functional>

namespace rxrun::testing {

enum class DiskFault {
  none,
  kill,         // the process dies there
  full,         // from there on nothing can be written
  write_error,  // from there on writes fail with EIO
  sync_error,   // from there on syncs fail
};

// Becomes this process's disk for every database that is opened from now on. `at` counts from 1.
void install_faulty_disk(DiskFault fault, int at);
// The disk works again.
void mend_disk();
// How many operations were asked for.
int disk_operations();

}  // namespace rxrun::testing
