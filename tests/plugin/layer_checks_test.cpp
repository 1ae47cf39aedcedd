// The checks of `rxrun plugins test` find what each misbehaving layer does, and nothing on good ones.
#include "plugin/layer_checks.h"

#include <gmock/gmock.h>

#include <map>

#include "bad_plugins.h"
#include "network/current_layer.h"

namespace rxrun::testing {
namespace {

using ::testing::HasSubstr;

// layer → check → detail, of what failed.
using Failures = std::map<std::string, std::map<std::string, std::string>>;

Failures failures_of(const PluginInfo& plugin) {
  Failures failures;
  for (const CheckResult& result : check_plugin(plugin, [](const CheckResult&) {})) {
    if (!result.passed) failures[result.layer].emplace(result.check, result.detail);
  }
  return failures;
}

class MisbehavingTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { failures_ = new Failures(failures_of(read_plugin(bad_plugin("misbehaving")))); }
  static void TearDownTestSuite() { delete failures_; }
  void expect(const std::string& layer, const std::string& check, const std::string& text) {
    ASSERT_TRUE((*failures_)[layer].count(check)) << layer << " passes check " << check;
    EXPECT_THAT((*failures_)[layer][check], HasSubstr(text));
  }
  static Failures* failures_;
};
Failures* MisbehavingTest::failures_ = nullptr;

TEST_F(MisbehavingTest, ThrowsInConstructor) {
  expect("throws_in_constructor", "builds", "std::out_of_range: no such table");
}
TEST_F(MisbehavingTest, ThrowsInForward) {
  expect("throws_in_forward", "shape", "std::runtime_error: forward gave up");
}
TEST_F(MisbehavingTest, ThrowsNonStdInForward) { expect("throws_non_std_in_forward", "shape", "threw int"); }
TEST_F(MisbehavingTest, WrongShape) {
  expect("wrong_shape", "shape", "the output is 4×6×16×16 (batch first); the layer declares 4×3×16×16");
}
TEST_F(MisbehavingTest, WrongRank) { expect("wrong_rank", "shape", "declares 4×3×16×16"); }
TEST_F(MisbehavingTest, WrongType) { expect("wrong_type", "shape", "Half"); }
TEST_F(MisbehavingTest, NotANumber) { expect("not_a_number", "shape", "not finite"); }
TEST_F(MisbehavingTest, NotANumberInBfloat16) { expect("not_a_number", "bfloat16", "not finite"); }
TEST_F(MisbehavingTest, CastsInGradients) { expect("wrong_type", "gradients", "forward must not cast"); }
TEST_F(MisbehavingTest, DetachedGradient) { expect("detached_gradient", "gradients", "cut off"); }
TEST_F(MisbehavingTest, WrongGradient) { expect("wrong_gradient", "gradients", "finite differences give"); }
TEST_F(MisbehavingTest, AliasesInput) { expect("aliases_input", "aliasing", "memory with the input"); }
TEST_F(MisbehavingTest, AliasesParameter) { expect("aliases_parameter", "aliasing", "`table`"); }
TEST_F(MisbehavingTest, ReusesOutput) { expect("reuses_output", "aliasing", "changes the output of the one before"); }
TEST_F(MisbehavingTest, MutatesInput) { expect("mutates_input", "input", "changes its input"); }
TEST_F(MisbehavingTest, ReturnsNothing) { expect("returns_nothing", "shape", "returns no tensor"); }
TEST_F(MisbehavingTest, UsesGlobalRandom) { expect("uses_global_random", "determinism", "generator()"); }
TEST_F(MisbehavingTest, DependsOnBatch) { expect("depends_on_batch", "batch_independence", "others of its batch"); }
TEST_F(MisbehavingTest, HiddenState) { expect("hidden_state", "save_load", "a different output"); }
TEST_F(MisbehavingTest, AddsTensorOfTheCpu) { expect("adds_tensor_of_the_cpu", "device", "device"); }
TEST_F(MisbehavingTest, DrawsOnDevice) { expect("draws_on_device", "device", "given the CPU's generator"); }

TEST(ShippedPlugins, PassEveryCheck) {
  for (const char* name : {"convnet", "resnet", "resnext"}) {
    for (const auto& [layer, failures] : failures_of(read_plugin(find_plugin(name)))) {
      for (const auto& [check, detail] : failures) ADD_FAILURE() << layer << " " << check << ": " << detail;
    }
  }
}

TEST(CrashDeathTest, InForwardNamesTheLayer) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        install_crash_handler();
        const LayerScope scope("layer `crashes_in_forward` of plugin `crashing`");
        check_plugin(read_plugin(bad_plugin("crashing")), [](const CheckResult&) {});
      },
      ::testing::KilledBySignal(SIGSEGV), "SIGSEGV in layer `crashes_in_forward` of plugin `crashing`");
}

}  // namespace
}  // namespace rxrun::testing
