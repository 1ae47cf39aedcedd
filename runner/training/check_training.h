// What is known of a training before its first epoch. Includes no LibTorch.
#pragma once

#include <vector>

#include "data/split.h"
#include "diagnostics/diagnostic.h"
#include "experiment/experiment.h"

namespace rxrun {

// `images`: of each part and class. Throws Error, at the keys' places, for class weights that are not one a class and
// for a metric that is watched and cannot be measured: an AUC of a part that lacks a class, or of a training part whose
// probabilities are too many to keep. Returns warnings: of a batch that is more than the training part, and of a single
// image that the batches leave over.
std::vector<Diagnostic> check_training(const Experiment& experiment, const ClassImages& images);

}  // namespace rxrun
