// How a number is rounded, in tables and in sentences alike.
#pragma once

#include <string>

namespace rxrun {

// `number` with that many decimals; a half goes away from zero: 0.81875 is 0.8188 and, as a percentage, 81.88. What
// binary numbers add or lack (0.81875 may be stored as 0.81874999999999998) does not count.
std::string fixed(double number, int decimals);

}  // namespace rxrun
