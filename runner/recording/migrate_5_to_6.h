// What of the step from version 5 to 6 SQL cannot do: schemas/migrations/5_to_6.sql says what it is.
#pragma once

#include "recording/connection.h"

namespace rxrun {

void migrate_5_to_6(Connection& connection);

}  // namespace rxrun
