#include "recording/migrate_5_to_6.h"

#include "recording/reading.h"
#include "recording/run_rows.h"

namespace rxrun {

void migrate_5_to_6(Connection& connection) {
  for (const auto& row : fetch(connection, "SELECT id, resolved FROM runs ORDER BY id").rows)
    insert_choices(connection, integer_in(row[0]), text_in(row[1]));
}

}  // namespace rxrun
