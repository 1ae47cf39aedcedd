// A run that is in results.db already.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "plugin/checked_experiment.h"
#include "recording/recorder.h"

namespace rxrun {

struct StoredRun {
  std::int64_t id = 0;
  std::string name;
  std::string identity;
  std::filesystem::path folder;
  std::string resolved;  // the experiment as results.db has it
  bool generated_data = false;

  std::filesystem::path best_weights() const { return folder / "best.safetensors"; }
};

// `run`: number, name or the beginning of exactly one name. Throws Error when none or several fit.
StoredRun find_stored_run(const std::filesystem::path& results, const std::string& run);

// What of a run's experiment may be said anew for one command: where images and plugin libraries lie and how the
// machine is used. It alters no number beyond rounding, so the run stays the run that it is; another build of a plugin
// is told by changes_since().
enum class Overridable {
  data_and_machine,  // network.plugins, data.path, data.memory, machine
  scored_data,       // these, and what is taken of other images: data.on_bad_image, data.layout, include, exclude
  machine,           // network.plugins, machine: for a command that reads none of the run's images
};

// The experiment that the run was made from, as it was resolved then: experiment.yaml in its folder, which is written
// again where it is not what results.db has; with `overrides` of the command line (key=value).
// Throws Error, with all that is wrong, for one of another key; and, where images are to be read, when those of the run
// are not there: generated ones do not stand in for them.
CheckedExperiment stored_experiment(const StoredRun& run, const std::vector<std::string>& overrides,
                                    Overridable overridable);

// In what the data of these hashes are not those that the run was made with, in words; empty when they are.
std::vector<std::string> changes_of_data(const std::filesystem::path& results, std::int64_t run,
                                         const std::string& content_hash, const std::string& split_hash);

// Whether the images and labels of this hash are those that the run was made with.
bool has_images_of(const std::filesystem::path& results, std::int64_t run, const std::string& content_hash);

// Images of each of so many classes in the run's own training part. Throws Error where that is not recorded, but the
// loss goes by it.
std::vector<std::int64_t> trained_class_counts(const std::filesystem::path& results, std::int64_t run,
                                               std::size_t classes, const LossSpec& loss);

// Whether the test part of the run's own split has been scored, at its end or later.
bool has_scored_test(const std::filesystem::path& results, std::int64_t run);

// The number of threads that the run was started with; 0: it is not recorded.
int threads_of(const std::filesystem::path& results, std::int64_t run);

// In what `now`, which describes a run of the same experiment, differs from `run` as it was when it was made; in words.
struct RunChanges {
  std::vector<std::string> identity;  // what makes it another run: the data, and facts that decide that (environment.h)
  std::vector<std::string> rounding;  // facts with which the results are not equal to the bit
};
enum class Compared {
  continued,  // a run that goes on keeps its number of threads, whatever it is now
  anew,
};
RunChanges changes_since(const std::filesystem::path& results, std::int64_t run, const RunRecord& now,
                         Compared compared);

}  // namespace rxrun
