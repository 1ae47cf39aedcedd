// What is measured of predictions.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace rxrun {

// Predictions of one part, gathered over its batches.
struct Predictions {
  std::int64_t classes = 0;
  std::vector<std::int64_t> samples;  // indices into the source
  std::vector<std::int64_t> labels;
  std::vector<float> probabilities;   // samples × classes, softmax; empty where only the two after it were kept
  std::vector<std::int64_t> guesses;  // the likeliest class of each
  std::vector<double> square_errors;  // summed over the classes, of each one's probabilities against its label
  double loss_sum = 0.0;              // of the images
  double loss_weight = 0.0;           // number of images, or the sum of their class weights
};

// "accuracy", "balanced_accuracy", "loss", "auc" (area under the ROC curve; for more than two classes the mean of one
// against the rest; absent where a class has no image or all images, and without probabilities), "f1" (macro), "brier".
std::map<std::string, double> score(const Predictions& predictions);

// The probabilities of the i-th image, one a class.
std::span<const float> probabilities_of(const Predictions& predictions, std::size_t i);

// The class that is predicted. A tie goes to the lower one; a row that is not a number counts as class 0, right or not.
std::int64_t likeliest(std::span<const float> probabilities);

// The value of the metric that `by` ("keep_best") watches. Throws Error when it was not measured.
double watched(const std::map<std::string, double>& values, const std::string& metric, const std::string& by);

// Mann-Whitney's U over n1 n0, ties counted one half.
double area_under_roc(std::span<const float> scores, std::span<const std::uint8_t> positive);

}  // namespace rxrun
