#include "training/outputs.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>

#include <map>

namespace rxrun {
namespace {

using Keep = Outputs::Keep;
using ::testing::IsEmpty;

Batch batch_of(std::vector<std::int64_t> labels) {
  Batch batch;
  batch.size = static_cast<std::int64_t>(labels.size());
  batch.samples = labels;
  batch.labels = std::move(labels);
  return batch;
}

// Two batches of drawn logits; the last image's two likeliest classes are equally so.
Outputs filled(Keep keep, std::int64_t classes) {
  Outputs outputs(keep);
  at::Generator draws = at::detail::createCPUGenerator(1);
  for (const std::int64_t images : {40, 23}) {
    at::Tensor logits = at::randn({images, classes}, draws);
    logits[images - 1].fill_(0.0);
    std::vector<std::int64_t> labels;
    for (std::int64_t i = 0; i < images; ++i) labels.push_back(i * 3 % classes);
    outputs.add(batch_of(labels), logits, at::full({}, static_cast<double>(images)),
                at::full({}, static_cast<double>(images) / 2));
  }
  return outputs;
}

TEST(Outputs, GuessesAreScoredAsProbabilitiesAre) {
  for (const std::int64_t classes : {2, 5}) {
    auto all = score(filled(Keep::probabilities, classes).gather(classes));
    const Predictions few = filled(Keep::guesses, classes).gather(classes);
    EXPECT_THAT(few.probabilities, IsEmpty());
    const auto scores = score(few);
    EXPECT_EQ(all.erase("auc"), 1u);
    ASSERT_EQ(scores.size(), all.size());
    for (const auto& [name, value] : all) {
      if (name == "brier")
        EXPECT_NEAR(scores.at(name), value, 1e-12);
      else
        EXPECT_EQ(scores.at(name), value) << name;
    }
  }
}

TEST(Outputs, BothKindsComeBackFromACheckpoint) {
  for (const Keep keep : {Keep::probabilities, Keep::guesses}) {
    const Outputs outputs = filled(keep, 5);
    std::map<std::string, at::Tensor> stored;
    for (const auto& [name, tensor] : outputs.tensors()) stored.emplace(name, tensor);
    Outputs again(keep);
    again.restore(stored, at::kCPU);
    EXPECT_EQ(score(again.gather(5)), score(outputs.gather(5)));
    EXPECT_EQ(again.mean_loss(), 2.0);
    Outputs other(keep == Keep::guesses ? Keep::probabilities : Keep::guesses);
    EXPECT_THROW(other.restore(stored, at::kCPU), std::out_of_range);
    again.clear();
    EXPECT_THAT(again.tensors(), IsEmpty());
    EXPECT_THAT(again.gather(5).labels, IsEmpty());
  }
}

TEST(Outputs, ProbabilitiesAreKeptAsFarAsMemoryGoes) {
  EXPECT_EQ(Outputs::affordable(50'000, 1000), Keep::probabilities) << "ImageNet's test images";
  EXPECT_EQ(Outputs::affordable(1'281'167, 1000), Keep::guesses) << "ImageNet's training images";
  EXPECT_EQ(Outputs::affordable(1 << 26, 1), Keep::probabilities);
  EXPECT_EQ(Outputs::affordable((1 << 26) + 1, 1), Keep::guesses);
  EXPECT_EQ(Outputs::affordable(1, (1 << 26) + 1), Keep::guesses);
}

}  // namespace
}  // namespace rxrun
