// Libraries without a table of layers are asked in a child process.
#include "plugin/probe.h"

#include <gmock/gmock.h>

#include <chrono>

#include "bad_plugins.h"
#include "plugin/catalog.h"

namespace rxrun::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string fault(const std::string& name) {
  return error_of([&] { read_plugin(bad_plugin(name)); });
}

TEST(Probe, Segfault) {
  EXPECT_THAT(fault("segfault_at_start"), AllOf(HasSubstr("segfault_at_start.so"), HasSubstr("SIGSEGV")));
}
TEST(Probe, Abort) {
  EXPECT_THAT(fault("abort_at_start"), AllOf(HasSubstr("abort_at_start.so"), HasSubstr("SIGABRT")));
}
TEST(Probe, Exit) {
  EXPECT_THAT(fault("exit_at_start"), AllOf(HasSubstr("exit_at_start.so"), HasSubstr("ends the process")));
}
TEST(Probe, ThrowsStd) {
  EXPECT_THAT(fault("throws_std"),
              AllOf(HasSubstr("throws_std.so"), HasSubstr("std::runtime_error: the licence server is down")));
}
TEST(Probe, ThrowsNonStd) {
  EXPECT_THAT(fault("throws_non_std"), AllOf(HasSubstr("throws_non_std.so"), HasSubstr("int")));
}
TEST(Probe, NoEntry) {
  EXPECT_THAT(fault("no_entry"), AllOf(HasSubstr("no_entry.so"), HasSubstr("no entry function")));
}
TEST(Probe, NoLayers) {
  EXPECT_THAT(fault("no_layers"), AllOf(HasSubstr("no_layers.so"), HasSubstr("offers no layers")));
}
TEST(Probe, UnresolvedSymbol) {
  EXPECT_THAT(fault("unresolved_symbol"),
              AllOf(HasSubstr("unresolved_symbol.so"), HasSubstr("elsewhere::function_that_nobody_defines(double)")));
}
TEST(Probe, DeclaresALayerTwice) {
  EXPECT_THAT(fault("declares_twice"),
              AllOf(HasSubstr("declares_twice.so"), HasSubstr("`crashes_in_forward` is declared twice")));
}
TEST(Probe, ManyWordsAtStart) {
  EXPECT_THAT(fault("noise_at_start"), AllOf(HasSubstr("noise_at_start.so"), HasSubstr("offers no layers")));
}
TEST(Probe, Hang) {
  EXPECT_THAT(error_of([] { probe_layers(bad_plugin("hang_at_start"), std::chrono::milliseconds(1500)); }),
              AllOf(HasSubstr("hang_at_start.so"), HasSubstr("hangs")));
}
TEST(Probe, AsksAPluginWithoutTable) {
  const PluginInfo plugin = read_plugin(bad_plugin("misbehaving"));
  EXPECT_EQ(plugin.manifest.plugin, "misbehaving");
  EXPECT_EQ(plugin.layers.front().name, "throws_in_constructor");
}

}  // namespace
}  // namespace rxrun::testing
