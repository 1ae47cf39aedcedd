// The declared keys, section by section: keys.cpp has the top level, network, machine and sweep; keys_data.cpp and
// keys_training.cpp the rest.
#pragma once

#include <vector>

#include "experiment/key.h"

namespace rxrun {

std::vector<Key> network_keys();
std::vector<Key> data_keys();
std::vector<Key> training_keys();
std::vector<Key> machine_keys();
std::vector<Key> sweep_keys();

}  // namespace rxrun
