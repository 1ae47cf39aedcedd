// Whose turn it is to write. SQLite's waiters ask again and again whether its lock is free, and it is free for a moment
// only when one writer follows another: who has just written gets it again, and others wait for minutes. So all stand
// before a second lock first, held by the one whose turn is next and only until it has SQLite's: nobody else asks for
// that then, and who has just written stands among the rest.
#pragma once

#include <filesystem>

#include "files/descriptor.h"

namespace rxrun {

class WriteGate {
 public:
  // For databases in this folder: the lock is the folder's own (flock), so that no file is added. Where it cannot be
  // had, as on some network file systems, the gate is open, and SQLite's waiting alone has to do.
  explicit WriteGate(const std::filesystem::path& folder);

  // Held while this lives. Waits for a minute at most, then goes by: who holds it that long has been stopped, and the
  // database's own lock decides.
  class Turn {
   public:
    explicit Turn(const WriteGate& gate);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    const WriteGate& gate_;
    bool held_ = false;
  };

 private:
  Descriptor folder_;
};

}  // namespace rxrun
