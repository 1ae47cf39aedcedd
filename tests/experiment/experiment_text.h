// Every value of an Experiment as text, without the places: equal texts are equal experiments.
#pragma once

#include <string>

#include "experiment/experiment.h"

namespace rxrun {

// A plugin's path as an absolute one, which is what is stored of it.
std::string text_of(const Experiment& experiment);

}  // namespace rxrun
