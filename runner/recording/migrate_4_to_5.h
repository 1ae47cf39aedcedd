// What of the step from version 4 to 5 needs more than SQL (schemas/migrations/4_to_5.sql).
#pragma once

#include "recording/connection.h"

namespace rxrun {

// In the caller's transaction: experiments in the words of today; hashes of splits; identities and configurations of
// runs, points and sweeps as a new run would get them; classes. A run whose experiment this version refuses keeps its
// hashes.
void migrate_4_to_5(Connection& connection);

// In the runs' folders the experiment as the rows have it now, and the run's record. A folder that cannot be written to
// is left as it is: the rows decide, and whoever goes on with a run writes both when they are missing.
void write_run_folders(Connection& connection);

}  // namespace rxrun
