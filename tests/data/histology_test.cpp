#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "data/dataset.h"
#include "matchers.h"

namespace rxrun {
namespace {

DataSpec sample(std::int64_t images) {
  DataSpec spec;
  spec.source = SourceKind::histology;
  spec.sample_images = images;
  spec.image_size = 50;
  spec.split.group_by = "^([0-9]+)_idx";
  return spec;
}

TEST(Histology, SameSeedSamePixelsAndEvenClasses) {
  const auto one = open_source(sample(240), 5), two = open_source(sample(240), 5), other = open_source(sample(240), 6);
  ASSERT_EQ(one->samples().size(), 240u);
  EXPECT_TRUE(one->generated());
  std::map<std::int64_t, int> classes;
  std::map<std::string, int> patients;
  for (const Sample& sample : one->samples()) ++classes[sample.label], ++patients[sample.group];
  EXPECT_EQ(classes[0], 120);
  EXPECT_EQ(classes[1], 120);
  EXPECT_EQ(patients.size(), 10u);
  const Image image = one->decode(17);
  EXPECT_EQ(image.height, 50);
  EXPECT_EQ(image.channels, 3);
  EXPECT_EQ(two->decode(17), image);
  EXPECT_NE(other->decode(17), image);
  EXPECT_NE(one->decode(18), image);
}

TEST(Histology, NamesAreThoseOfTheBreastData) {
  const auto source = open_source(sample(24), 1);
  for (const Sample& sample : source->samples())
    EXPECT_THAT(sample.name, testing::MatchesRegex("[01]/[0-9]+_idx5_x[0-9]+_y[0-9]+_class[01]"));
}

TEST(Histology, StandsInForAPathThatDoesNotExist) {
  DataSpec spec = sample(24);
  spec.source = SourceKind::class_folders;
  spec.path = "/nonexistent/breast";
  spec.sample = "histology";
  EXPECT_TRUE(open_source(spec, 1)->generated());
}

// Each image's mean and deviation of red, green and blue, standardised over the training part.
struct ColourFeatures {
  std::vector<std::array<double, 7>> rows;
  std::vector<int> labels;
};

ColourFeatures features(const Dataset& dataset, Part part) {
  ColourFeatures out;
  for (const std::int64_t i : dataset.part(part)) {
    const auto pixels = dataset.images[static_cast<std::size_t>(i)];
    std::array<double, 7> row{};
    for (std::size_t c = 0; c < 3; ++c) {
      double sum = 0.0, squares = 0.0;
      for (std::size_t k = c; k < pixels.size(); k += 3) sum += pixels[k], squares += pixels[k] * pixels[k];
      const double count = static_cast<double>(pixels.size()) / 3.0;
      row[c] = sum / count;
      row[3 + c] = std::sqrt(squares / count - row[c] * row[c]);
    }
    row[6] = 1.0;
    out.rows.push_back(row);
    out.labels.push_back(static_cast<int>(dataset.label(i)));
  }
  return out;
}

// Logistic regression by gradient descent; its accuracy on the other images.
double accuracy_of_colour(ColourFeatures train, ColourFeatures other) {
  for (std::size_t f = 0; f < 6; ++f) {
    double sum = 0.0, squares = 0.0;
    for (const auto& row : train.rows) sum += row[f], squares += row[f] * row[f];
    const double count = static_cast<double>(train.rows.size()), mean = sum / count,
                 deviation = std::sqrt(squares / count - mean * mean);
    for (auto* set : {&train, &other})
      for (auto& row : set->rows) row[f] = (row[f] - mean) / deviation;
  }
  std::array<double, 7> weights{};
  const auto score = [&](const std::array<double, 7>& row) {
    double sum = 0.0;
    for (std::size_t f = 0; f < 7; ++f) sum += weights[f] * row[f];
    return sum;
  };
  for (int step = 0; step < 1000; ++step) {
    std::array<double, 7> gradient{};
    for (std::size_t i = 0; i < train.rows.size(); ++i) {
      const double fault = 1.0 / (1.0 + std::exp(-score(train.rows[i]))) - train.labels[i];
      for (std::size_t f = 0; f < 7; ++f) gradient[f] += fault * train.rows[i][f];
    }
    for (std::size_t f = 0; f < 7; ++f) weights[f] -= 0.5 * gradient[f] / static_cast<double>(train.rows.size());
  }
  int right = 0;
  for (std::size_t i = 0; i < other.rows.size(); ++i) right += (score(other.rows[i]) > 0.0) == (other.labels[i] == 1);
  return static_cast<double>(right) / static_cast<double>(other.rows.size());
}

TEST(Histology, ColourAloneTellsLittle) {
  DataSpec spec = sample(1200);
  spec.split.train = 0.6;
  spec.split.validation = 0.2;
  spec.split.test = 0.2;
  const Dataset dataset = load_dataset(spec, 3, 2);
  const double accuracy = accuracy_of_colour(features(dataset, Part::train), features(dataset, Part::validation));
  std::printf("colour alone: %.3f\n", accuracy);
  EXPECT_LT(accuracy, 0.78);
  EXPECT_GT(accuracy, 0.55);
}

}  // namespace
}  // namespace rxrun
