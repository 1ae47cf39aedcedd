// Whose turn it is. SQLite's waiters ask again and again whether its lock is free, and it is free for a moment only
// when one writer follows another: who has just written gets it again, and others wait for minutes. So all stand before
// a second lock first, held by the one whose turn is next and only until it has SQLite's: nobody else asks for that
// then, and who has just written stands among the rest. Who wants to read and finds a writer at work enters the gate
// beside other readers: no further writer begins until they have begun to read.
#pragma once

#include <chrono>
#include <filesystem>

#include "files/descriptor.h"

namespace rxrun {

class WriteGate {
 public:
  // For databases in this folder: the lock is the folder's own (flock), so that no file is added. Where it cannot be
  // had, as on some network file systems, the gate is open, and SQLite's waiting alone has to do.
  explicit WriteGate(const std::filesystem::path& folder);

  // A writer's, held while this lives. Waits for `patience` at most, then goes by: who holds it that long has been
  // stopped, and the database's own lock decides.
  class Turn {
   public:
    Turn(const WriteGate& gate, std::chrono::milliseconds patience);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    const WriteGate& gate_;
    bool held_ = false;
  };

  // A reader's: in if no writer holds it, without waiting. leave() once the database is open for it.
  void enter() const;
  void leave() const;

 private:
  Descriptor folder_;
};

}  // namespace rxrun
