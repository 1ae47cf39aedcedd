// What other programs of the field call the keys, layers and options that a name may be meant for.
#pragma once

#include <string_view>

namespace rxrun {

// Whether `letters`, in lower case and without `_`, is what PyTorch, Keras or timm say for `name`.
bool is_usual_name(std::string_view letters, std::string_view name);

}  // namespace rxrun
