// The tree-structured Parzen estimator: what to try next, by what was worth while so far (Bergstra, Bardenet, Bengio
// and Kégl 2011, "Algorithms for Hyper-Parameter Optimization").
//
// The tried points are split into the best 15 % and the rest, and a density is laid over each: l over the good ones, g
// over the others. Of 24 points drawn from l the one of the largest l/g is next, which is the one of the largest
// expected improvement. A density is a mixture with an equal share for each of its points and one for all the space; a
// point's kernel joins all dimensions (as in Falkner, Klein and Hutter 2018, "BOHB"), so that values which only do
// together are found together.
//
// Who counts how:
//   finished  By its value.
//   pruned    (or gone on from a rung) After every finished one; those that came further first, then by the value that
//             they had there.
//   failed    Last: nothing is known of its value, but there is no use in trying the like of it again.
//   open      (not begun, running, interrupted) Among the rest, as if it had the worst value, so that processes which
//             choose at the same time do not choose the same ("constant liar", Ginsbourger, Le Riche and Carraro 2010).
//             It does not count for the 15 %.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "random/random.h"

namespace rxrun {

struct SearchDimension {
  enum class Kind {
    continuous,   // coordinates from [0, 1)
    ordered,      // 0, 1, ... levels - 1, of which neighbours are alike
    categorical,  // the same, but none is nearer to one than to another
  };
  Kind kind = Kind::continuous;
  std::size_t levels = 0;
};

using Coordinates = std::vector<double>;  // one a dimension

struct TriedPoint {
  enum class State { finished, pruned, failed, open };
  Coordinates at;
  State state = State::open;
  double value = 0.0;       // the larger the better; of finished and pruned ones
  std::int64_t epochs = 0;  // that it came to
};

// Anywhere with the same chance.
Coordinates any_point(const std::vector<SearchDimension>& dimensions, RandomStream& random);

// The next one to try. The same for the same arguments; without tried points that are good for something, any_point.
Coordinates promising_point(const std::vector<SearchDimension>& dimensions, const std::vector<TriedPoint>& tried,
                            RandomStream& random);

}  // namespace rxrun
