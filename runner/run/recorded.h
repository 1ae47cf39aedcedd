// Work on a run whose failure is to be found in the run's row.
#pragma once

#include <cstdint>
#include <functional>

#include "recording/recorder.h"

namespace rxrun {

// Does `work`. Whatever it throws ends the run as failed, with that as its reason, and is thrown
// on. When the failure cannot be recorded, an Error tells both: the cause first.
void recorded(Recorder& recorder, std::int64_t run, const std::function<void()>& work);

}  // namespace rxrun
