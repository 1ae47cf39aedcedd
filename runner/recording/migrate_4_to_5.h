// What of the step from version 4 to 5 needs more than SQL (schemas/migrations/4_to_5.sql).
#pragma once

#include "recording/connection.h"

namespace rxrun {

// The identity of a point of which only a run could tell what it is now: this, and the identity that it had. A sweep
// that is planned again gives it its new one (SweepRows::open).
inline constexpr const char* kFormerIdentity = "former:";

// In the caller's transaction: experiments in the words of today; hashes of splits; identities and configurations of
// runs, points and sweeps as a new run would get them; classes; and in the run's folders the experiment and its record.
// A run whose experiment this version refuses keeps its hashes. Throws Error where a folder cannot be written to.
void migrate_4_to_5(Connection& connection);

}  // namespace rxrun
