// An experiment in a folder of results names no library that may have come with it.
#include "plugin/stored_plugins.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "bad_plugins.h"
#include "diagnostics/render.h"
#include "plugin/checked_experiment.h"
#include "temporary_folder.h"

namespace rxrun::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class StoredPlugins : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(run);
    fs::create_directories(own);
    std::ofstream(results / "results.db").close();
    fs::copy_file(bad_plugin("offers_conv"), own / "liboffers_conv.so");
    fs::copy_file(bad_plugin("offers_conv"), run / "liboffers_conv.so");
  }
  // Of an experiment in `folder` that names that plugin; the libraries that are read, or the errors.
  std::string read(const fs::path& folder, const std::string& plugin, std::vector<std::string> overrides = {}) {
    std::ofstream(folder / "experiment.yaml")
        << "name: a\nnetwork: {plugins: [\"" + plugin + "\"], head: [conv]}\ndata: {source: histology}\n";
    try {
      const CheckedExperiment checked =
          check_experiment({.file = folder / "experiment.yaml", .overrides = std::move(overrides)});
      std::string libraries;
      for (const PluginInfo& info : checked.network.plugins) libraries += info.library.string();
      if (is_library_path(plugin)) {
        EXPECT_THAT(write_experiment(frozen(checked.read)), HasSubstr(libraries)) << "what is stored of it is this";
      }
      return libraries;
    } catch (const Error& error) {
      return render(error.diagnostics());
    }
  }
  void mark() { std::ofstream(run / kImportedNote) << kImportedText; }

  const TemporaryFolder place;
  const fs::path root = fs::canonical(place.path()), results = root / "results", run = results / "checkpoints/a-1",
                 own = root / "own";
  const Variable programs{"RXRUN_LIBEXEC", root.string()};
  const std::string mine = (own / "liboffers_conv.so").string(), theirs = (run / "liboffers_conv.so").string();
};

TEST_F(StoredPlugins, OneOutsideOfTheResultsIsOnesOwn) {
  EXPECT_EQ(read(run, mine), mine);
  EXPECT_EQ(read(root, theirs), theirs) << "a file that the user names is no stored one";
}

TEST_F(StoredPlugins, OneInTheResultsIsRefused) {
  fs::create_directories(results / "sweeps/a");
  fs::create_symlink(theirs, own / "link.so");
  fs::create_symlink(mine, results / "link.so");
  for (const fs::path& folder : {run, results / "sweeps/a"})
    for (const std::string& named : {theirs, (own / "link.so").string(), (results / "link.so").string(),
                                     (own / "../results/checkpoints/a-1/liboffers_conv.so").string()}) {
      const std::string fault = read(folder, named);
      EXPECT_THAT(fault, AllOf(HasSubstr("`" + named + "` is not loaded"), HasSubstr("it lies in these results"),
                               HasSubstr("network.plugins=[" + named + "]"), HasSubstr("experiment.yaml:2:")))
          << named;
      EXPECT_THAT(fault, Not(HasSubstr("conv`"))) << "its layers may be those of the network";
    }
  // Nobody says where a relative path starts: at the current folder, which may be theirs too.
  EXPECT_THAT(read(run, "own/liboffers_conv.so"), HasSubstr("the path is relative"));
  EXPECT_THAT(read(run, "liboffers_conv.so"), HasSubstr("the path is relative"));
}

TEST_F(StoredPlugins, ARunsFolderThatWasSentAloneIsOfThatKindToo) {
  const fs::path sent = root / "sent";
  fs::create_directories(sent);
  fs::copy_file(mine, sent / "liboffers_conv.so");
  EXPECT_EQ(read(sent, (sent / "liboffers_conv.so").string()), (sent / "liboffers_conv.so").string());
  std::ofstream(sent / "record.jsonl").close();
  EXPECT_THAT(read(sent, (sent / "liboffers_conv.so").string()), HasSubstr("it lies in these results"));
}

// No library is asked for its layers on the way: this one would not survive it.
TEST_F(StoredPlugins, NoCodeRuns) {
  fs::copy_file(bad_plugin("segfault_at_start"), run / "libcrash.so");
  EXPECT_THAT(read(run, (run / "libcrash.so").string()),
              AllOf(HasSubstr("it lies in these results"), Not(HasSubstr("crash while")), Not(HasSubstr("SIG"))));
}

TEST_F(StoredPlugins, AnImportedRunsPathsCountForNothing) {
  mark();
  const std::string fault = read(run, mine);
  EXPECT_THAT(fault, AllOf(HasSubstr("the run was imported: its plugin library `" + mine + "` is not loaded"),
                           HasSubstr("there is no plugin `offers_conv` in the plugin folders here"),
                           HasSubstr("network.plugins=[PATH]")));
  const fs::path installed = root / "installed";
  fs::create_directories(installed);
  fs::copy_file(mine, installed / "offers_conv.so");
  const Variable folders("RXRUN_PLUGIN_PATH", installed.string());
  EXPECT_EQ(read(run, mine), (installed / "offers_conv.so").string());
  EXPECT_EQ(read(run, "/somewhere/liboffers_conv.so"), (installed / "offers_conv.so").string());
  EXPECT_EQ(read(run, "offers_conv"), (installed / "offers_conv.so").string());
  ASSERT_EQ(::chdir(run.c_str()), 0);  // "libx.so.so" is called `x.so`, which is a path
  fs::copy_file(mine, run / "x.so");
  EXPECT_THAT(read(run, "/a/libx.so.so"), HasSubstr("there is no plugin `x.so`"));
  ASSERT_EQ(::chdir("/"), 0);
}

TEST_F(StoredPlugins, WhatTheUserNamesOnTheCommandLineIsLoaded) {
  EXPECT_EQ(read(run, theirs, {"network.plugins=[" + theirs + "]"}), theirs);
  mark();
  EXPECT_EQ(read(run, theirs, {"plugins=[" + mine + "]"}), mine);
  // A file of that name does not pass for it.
  std::ofstream(run / "command line") << "network: {plugins: [\"" + theirs + "\"]}\n";
  std::ofstream(run / "experiment.yaml")
      << "extends: \"command line\"\nname: a\nnetwork: {head: [conv]}\ndata: {source: histology}\n";
  ASSERT_EQ(::chdir(run.c_str()), 0);
  EXPECT_THAT(error_of([] { check_experiment({.file = "experiment.yaml", .overrides = {}}); }),
              HasSubstr("the run was imported"));
  ASSERT_EQ(::chdir("/"), 0);
}

}  // namespace
}  // namespace rxrun::testing
