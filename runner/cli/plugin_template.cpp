#include "cli/plugin_template.h"

#include <cctype>

namespace rxrun {
namespace {

// @name@: my_layers; @Name@: MyLayers; @package@: a path for CMake.
const char* const kCMake = R"(cmake_minimum_required(VERSION 3.25)
project(@name@ LANGUAGES CXX)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_package(rxrun REQUIRED@hint@)

# The plugin: a library, described and checked as it is built.
rxrun_add_plugin(@name@ @name@.cpp)

enable_testing()
# Every check that rxrun knows for a layer: shapes, gradients, save and load, determinism, ...
add_test(NAME @name@_checks COMMAND ${RXRUN_PROGRAM} plugins test $<TARGET_FILE:@name@>)
# What only you can know: the layer's values.
find_package(GTest REQUIRED)
add_executable(@name@_test @name@_test.cpp)
target_link_libraries(@name@_test PRIVATE rxrun::sdk GTest::gtest_main)
add_test(NAME @name@_values COMMAND @name@_test)
)";

const char* const kHeader = R"(// Layer `@name@_scale`: y = gain * tanh(x), element-wise; any shape.
#pragma once

#include <rxrun/layer.h>

#include <utility>

class @Name@Scale final : public rxrun::Layer {
 public:
  // The initial values are the options' defaults.
  struct Options {
    double gain = 1.0;
    bool learnable = false;
  };

  // Nothing is allocated here: the parameter is declared and gets its memory later.
  @Name@Scale(const Options& options, rxrun::Shape input) : Layer(std::move(input)), fixed_gain_(options.gain) {
    if (options.learnable) parameter("gain", gain_, {1}, rxrun::constant(options.gain));
  }

  // x: {batch, input...}; must not be changed.
  torch::Tensor forward(const torch::Tensor& x) override {
    const torch::Tensor y = torch::tanh(x);
    return gain_.defined() ? y * gain_ : y * fixed_gain_;
  }

 private:
  double fixed_gain_;
  torch::Tensor gain_;
};
)";

const char* const kSource = R"(#include "@name@.h"

#include <rxrun/plugin.h>

RXRUN_PLUGIN("@name@", plugin) {
  using Options = @Name@Scale::Options;
  plugin.layer<@Name@Scale>("@name@_scale", "gain * tanh(x), element-wise")
      .option("gain", &Options::gain, "output scale", rxrun::greater_than(0.0))
      .option("learnable", &Options::learnable, "train the gain");
}
)";

const char* const kTest = R"(#include <gtest/gtest.h>

#include <cmath>

#include "@name@.h"

namespace {

TEST(@Name@Scale, ScalesTheHyperbolicTangent) {
  @Name@Scale layer({.gain = 2.0, .learnable = false}, {3});
  layer.materialize(1, torch::kCPU);
  const torch::Tensor y = layer.forward(torch::ones({1, 3}));
  EXPECT_NEAR(y[0][0].item<double>(), 2.0 * std::tanh(1.0), 1e-6);
}

TEST(@Name@Scale, LearnsItsGainWhenAsked) {
  @Name@Scale layer({.gain = 0.5, .learnable = true}, {3});
  ASSERT_EQ(layer.tensors().size(), 1u);
  layer.materialize(1, torch::kCPU);
  layer.forward(torch::ones({1, 3})).sum().backward();
  EXPECT_NEAR(layer.tensors()[0].slot->grad().item<double>(), 3.0 * std::tanh(1.0), 1e-6);
}

}  // namespace
)";

const char* const kReadme = R"(# @name@

A plugin for rxrun, which provides the layer `@name@_scale`.

```
cmake -B build && cmake --build build && ctest --test-dir build
rxrun plugins show build/lib@name@.so
```

Use it in an experiment by its path, or by its name once it is in a folder of `RXRUN_PLUGIN_PATH` (or installed next to
rxrun's own plugins: `cmake --install build --prefix PREFIX`):

```yaml
network:
  plugins: [convnet, build/lib@name@.so]
  stem: [{conv: {channels: 16, kernel: 3}}, {@name@_scale: {gain: 1.5}}]
```

A layer is a class with `Options`, a constructor `(options, input shape)` and `forward`; `RXRUN_PLUGIN` lists its options with
their ranges. `rxrun plugins test build/lib@name@.so` checks it.
)";

std::string class_name(const std::string& name) {
  std::string result;
  bool capital = true;
  for (const char c : name) {
    if (c == '_') {
      capital = true;
    } else {
      result += capital ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      capital = false;
    }
  }
  return result;
}

std::string filled(std::string text, const std::vector<std::pair<std::string, std::string>>& values) {
  for (const auto& [key, value] : values) {
    for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + value.size()))
      text.replace(at, key.size(), value);
  }
  return text;
}

}  // namespace

std::vector<TemplateFile> plugin_template(const std::string& name, const std::filesystem::path& package) {
  const std::string hint = package.empty() ? "" : " HINTS [==[" + package.string() + "]==]";
  const std::vector<std::pair<std::string, std::string>> values = {
      {"@name@", name}, {"@Name@", class_name(name)}, {"@hint@", hint}};
  return {{"CMakeLists.txt", filled(kCMake, values)}, {name + ".h", filled(kHeader, values)},
          {name + ".cpp", filled(kSource, values)},   {name + "_test.cpp", filled(kTest, values)},
          {"README.md", filled(kReadme, values)},     {".gitignore", "/build*/\n"}};
}

}  // namespace rxrun
