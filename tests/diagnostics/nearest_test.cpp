#include <gtest/gtest.h>

#include "diagnostics/render.h"

namespace rxrun {
namespace {

const std::vector<std::string> keys = {"cardinality", "base_width", "lr", "epochs", "batch", "optimizer", "momentum"};

TEST(NearestName, FindsSlips) {
  const std::pair<const char*, const char*> slips[] = {{"cardinalty", "cardinality"}, {"carindality", "cardinality"},
                                                       {"base-width", "base_width"},  {"Epochs", "epochs"},
                                                       {"epohcs", "epochs"},          {"bacth", "batch"},
                                                       {"optimiser", "optimizer"},    {"lrr", "lr"},
                                                       {"momentun", "momentum"},      {"epochs", "epochs"}};
  for (const auto& [word, expected] : slips) EXPECT_EQ(nearest_name(word, keys), expected) << word;
}

TEST(NearestName, IsSilentWhereNothingIsNear) {
  for (const char* word : {"", "x", "z", "patience", "xyz", "deviation"})
    EXPECT_EQ(nearest_name(word, keys), std::nullopt) << word;
  EXPECT_EQ(nearest_name("lr", {}), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(5000, 'a'), keys), std::nullopt);
}

TEST(NearestName, TakesTheNearestAndThenTheFirst) {
  const std::vector<std::string> near = {"abcdxx", "abcdex", "abcdey"};
  EXPECT_EQ(nearest_name("abcdef", near), "abcdex");
}

// What users of PyTorch, Keras and timm type, against the keys, layers and options that there are.
TEST(NearestName, KnowsWordsAbbreviationsAndTheFieldsNames) {
  const std::vector<std::string> layers = {"conv",
                                           "batch_norm",
                                           "layer_norm",
                                           "group_norm",
                                           "relu",
                                           "leaky_relu",
                                           "elu",
                                           "gelu",
                                           "silu",
                                           "sigmoid",
                                           "tanh",
                                           "hardswish",
                                           "max_pool",
                                           "average_pool",
                                           "global_max_pool",
                                           "global_average_pool",
                                           "flatten",
                                           "dropout",
                                           "linear",
                                           "squeeze_excitation",
                                           "basic_block",
                                           "bottleneck",
                                           "resnext_bottleneck"};
  const std::pair<const char*, const char*> of_layers[] = {{"global_avg_pool", "global_average_pool"},
                                                           {"GlobalAvgPool", "global_average_pool"},
                                                           {"gap", "global_average_pool"},
                                                           {"AdaptiveAvgPool2d", "global_average_pool"},
                                                           {"avgpool", "average_pool"},
                                                           {"avg_pool", "average_pool"},
                                                           {"maxpool", "max_pool"},
                                                           {"MaxPool2d", "max_pool"},
                                                           {"AvgPool2d", "average_pool"},
                                                           {"conv2d", "conv"},
                                                           {"convolution", "conv"},
                                                           {"bn", "batch_norm"},
                                                           {"batchnorm", "batch_norm"},
                                                           {"BatchNorm2d", "batch_norm"},
                                                           {"fc", "linear"},
                                                           {"dense", "linear"},
                                                           {"hard_swish", "hardswish"},
                                                           {"swish", "silu"},
                                                           {"se", "squeeze_excitation"},
                                                           {"bottle_neck", "bottleneck"},
                                                           {"global_max_pol", "global_max_pool"}};
  for (const auto& [word, expected] : of_layers) EXPECT_EQ(nearest_name(word, layers), expected) << word;

  const std::vector<std::string> names = {"seed",
                                          "network",
                                          "data",
                                          "training",
                                          "image_size",
                                          "resize",
                                          "channels",
                                          "classes",
                                          "augment",
                                          "normalize",
                                          "batch",
                                          "pad",
                                          "horizontal_flip",
                                          "vertical_flip",
                                          "rotate",
                                          "deviation",
                                          "epochs",
                                          "optimizer",
                                          "schedule",
                                          "loss",
                                          "early_stopping",
                                          "lr",
                                          "weight_decay",
                                          "momentum",
                                          "warm_up",
                                          "label_smoothing",
                                          "clip_gradient_norm",
                                          "test_time_augmentation",
                                          "device",
                                          "threads",
                                          "loader_threads",
                                          "kernel",
                                          "stride",
                                          "padding",
                                          "base_width",
                                          "cardinality"};
  const std::pair<const char*, const char*> of_keys[] = {{"learning_rate", "lr"},
                                                         {"learning-rate", "lr"},
                                                         {"flip", "horizontal_flip"},
                                                         {"hflip", "horizontal_flip"},
                                                         {"vflip", "vertical_flip"},
                                                         {"batch_size", "batch"},
                                                         {"n_epochs", "epochs"},
                                                         {"num_epochs", "epochs"},
                                                         {"max_epochs", "epochs"},
                                                         {"weight-decay", "weight_decay"},
                                                         {"wd", "weight_decay"},
                                                         {"img_size", "image_size"},
                                                         {"optim", "optimizer"},
                                                         {"lr_scheduler", "schedule"},
                                                         {"scheduler", "schedule"},
                                                         {"warmup", "warm_up"},
                                                         {"warmup_epochs", "warm_up"},
                                                         {"tta", "test_time_augmentation"},
                                                         {"clip_grad_norm", "clip_gradient_norm"},
                                                         {"num_workers", "loader_threads"},
                                                         {"num_classes", "classes"},
                                                         {"kernel_size", "kernel"},
                                                         {"random_seed", "seed"},
                                                         {"width", "base_width"},
                                                         {"std", "deviation"},
                                                         {"criterion", "loss"},
                                                         {"augmentation", "augment"}};
  for (const auto& [word, expected] : of_keys) EXPECT_EQ(nearest_name(word, names), expected) << word;
}

TEST(NearestName, OfNamesWithoutALetterNoneIsNear) {
  EXPECT_EQ(nearest_name("label", std::vector<std::string>{"", "_", "-._"}), std::nullopt);
}

TEST(NearestName, StaysCheapAmongMany) {
  const std::string wanted(60, 'b'), near = std::string(59, 'b') + "c";
  std::vector<std::string> many(200'000, std::string(60, 'a'));
  many.push_back(near);
  EXPECT_EQ(nearest_name(wanted, many), std::nullopt) << "it looks no further than it may";
  EXPECT_EQ(nearest_name(wanted, std::vector{near}), near);
}

}  // namespace
}  // namespace rxrun
