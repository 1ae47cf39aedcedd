#include "drafting/recipe.h"

#include <fmt/format.h>

#include <algorithm>

namespace rxrun {
namespace {

constexpr std::int64_t small_image = 40, medium_image = 96;       // up to these sides
constexpr std::int64_t few_images = 2'000, many_images = 20'000;  // of train, below and from
constexpr double unbalanced = 3.0;

void choose_network(const RecipeFacts& facts, Recipe& recipe) {
  const auto stage = [&](int depth, int planes, bool halves) {
    recipe.stages.push_back(
        fmt::format("{{block: basic_block, depth: {}, planes: {}{}}}", depth, planes, halves ? ", stride: 2" : ""));
  };
  recipe.plugins = {"convnet", "resnet"};
  const bool is_small = facts.image_size <= small_image, is_large = facts.image_size > medium_image;
  const int depth = facts.train >= (is_small ? many_images : few_images) ? 2 : 1;
  recipe.stem = is_small   ? "[{conv: {channels: 32, kernel: 3}}, batch_norm, relu]"
                : is_large ? "[{conv: {channels: 64, kernel: 7, stride: 2}}, batch_norm, relu, {max_pool: {kernel: 3, "
                             "stride: 2}}]"
                           : "[{conv: {channels: 32, kernel: 3, stride: 2}}, batch_norm, relu]";
  const int first = is_large ? 64 : 32;
  for (int planes = first; planes <= first * (is_small ? 4 : 8); planes *= 2) stage(depth, planes, planes != first);
  recipe.head = fmt::format("[global_average_pool, flatten, {{dropout: {{probability: {}}}}}, linear]",
                            facts.train < few_images ? "0.3" : "0.2");
  recipe.network_reason = fmt::format("{} residual network, for {} training images of {}x{}",
                                      is_small   ? "a small"
                                      : is_large ? (depth == 1 ? "half of ResNet-18, a" : "ResNet-18, a")
                                                 : "a medium-sized",
                                      facts.train, facts.image_size, facts.image_size);
}

void choose_augmentation(const RecipeFacts& facts, Recipe& recipe) {
  const bool is_large = facts.image_size > medium_image;
  recipe.augment =
      is_large ? "scale: 0.6" : fmt::format("pad: {}", std::clamp<std::int64_t>(facts.image_size / 8, 1, 8));
  if (facts.mirrored) recipe.augment += ", horizontal_flip: true";
  if (facts.image_size > small_image) recipe.augment += ", brightness: 0.2, contrast: 0.2";
  recipe.augment = "{" + recipe.augment + "}";
}

// Powers of 2 with at least eight steps an epoch, where there are as many images.
std::int64_t batch_for(const RecipeFacts& facts) {
  constexpr std::int64_t smallest = 8, fewest_steps = 8;
  std::int64_t batch = facts.image_size > medium_image ? 32 : 64;
  if (facts.train >= many_images) batch *= 2;
  while (batch > smallest && batch * fewest_steps > facts.train) batch /= 2;
  return std::min(batch, facts.train);
}

void choose_training(const RecipeFacts& facts, Recipe& recipe) {
  recipe.batch = batch_for(facts);
  const std::int64_t steps = (facts.train + recipe.batch - 1) / recipe.batch;
  constexpr std::int64_t least_steps = 2'000, most_epochs = 200;
  recipe.epochs = std::max(facts.train < few_images    ? std::int64_t{60}
                           : facts.train < many_images ? 40
                                                       : 20,
                           std::min(most_epochs, least_steps / steps));
  recipe.optimizer = "{adamw: {lr: 1e-3, weight_decay: 0.05, decay_norm_and_bias: false}}";
  recipe.schedule = fmt::format("{{cosine: {{warm_up: {}}}}}", recipe.epochs / 20);
  const bool balances = facts.imbalance >= unbalanced;
  if (balances) recipe.loss = "{cross_entropy: {class_weights: balanced}}";
  // So few images choose an epoch by their luck.
  constexpr std::int64_t too_few_to_choose = 500;
  const bool keeps_last = facts.validation < too_few_to_choose;
  constexpr std::int64_t least_to_average = 1'000;  // steps, ten times what the average reaches back
  recipe.average_weights = keeps_last && steps * recipe.epochs >= least_to_average;
  recipe.keep_best = fmt::format("{{metric: validation_{}{}}}", balances ? "balanced_accuracy" : "accuracy",
                                 keeps_last ? ", weights: last" : "");
  recipe.mirrored_scoring = facts.mirrored;
  recipe.training_reason = fmt::format(
      "{} epochs of {} steps{}{}", recipe.epochs, steps,
      balances ? fmt::format("; classes weigh alike, since the largest has {:.1f} times as many images as the smallest",
                             facts.imbalance)
               : "",
      keeps_last ? fmt::format("; the weights of the last epoch are kept: {} few to choose an epoch by",
                               facts.validation == 1 ? "1 validation image is"
                                                     : fmt::format("{} validation images are", facts.validation))
                 : "");
}

}  // namespace

Recipe recipe_for(const RecipeFacts& facts) {
  Recipe recipe;
  choose_network(facts, recipe);
  choose_augmentation(facts, recipe);
  choose_training(facts, recipe);
  return recipe;
}

}  // namespace rxrun
