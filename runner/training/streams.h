// Streams of a GPU, which works off each in order, and lets them wait for each other. Includes LibTorch: for .cpp files
// of this folder only.
#pragma once

#include <c10/core/Event.h>
#include <c10/core/Stream.h>

namespace rxrun {

// Where the stream is when it has done what it has been asked for so far.
inline c10::Event mark(const c10::Stream& stream) {
  c10::Event event(stream.device_type());
  event.record(stream);
  return event;
}

}  // namespace rxrun
