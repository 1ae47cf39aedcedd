// Only names that share too little with ours to be found by their letters or words; nearest.cpp finds the others.
#include "diagnostics/usual_names.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rxrun {
namespace {

constexpr std::pair<std::string_view, std::string_view> usual_names[] = {
    // layers and their options
    {"adaptiveavgpool", "global_average_pool"},
    {"adaptiveavgpool2d", "global_average_pool"},
    {"adaptivemaxpool2d", "global_max_pool"},
    {"avgpool2d", "average_pool"},
    {"dense", "linear"},
    {"fc", "linear"},
    {"fullyconnected", "linear"},
    {"filters", "channels"},
    {"p", "probability"},
    {"rate", "probability"},
    {"se", "squeeze_excitation"},
    {"swish", "silu"},
    {"units", "features"},
    // sections and data
    {"bs", "batch"},
    {"dataset", "data"},
    {"hflip", "horizontal_flip"},
    {"model", "network"},
    {"resolution", "image_size"},
    {"std", "deviation"},
    {"vflip", "vertical_flip"},
    // training
    {"amp", "precision"},
    {"criterion", "loss"},
    {"ema", "average_weights"},
    {"etamin", "minimum"},
    {"gradclip", "clip_gradient_norm"},
    {"mindelta", "minimum_change"},
    {"minlr", "minimum"},
    {"pretrained", "initial_weights"},
    {"warmupepochs", "warm_up"},
    // machine
    {"gpu", "device"},
    {"numworkers", "loader_threads"},
    {"workers", "loader_threads"},
};

}  // namespace

bool is_usual_name(std::string_view letters, std::string_view name) {
  return std::any_of(std::begin(usual_names), std::end(usual_names),
                     [&](const auto& usual) { return usual.first == letters && usual.second == name; });
}

}  // namespace rxrun
