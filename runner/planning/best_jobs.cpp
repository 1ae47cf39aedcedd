#include "planning/best_jobs.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "diagnostics/render.h"
#include "files/files.h"
#include "machine/cores.h"
#include "training/machine.h"

namespace rxrun {
namespace {

using Json = nlohmann::ordered_json;

// What the best number depends on.
std::string this_machine() {
  return fmt::format("{}, {} cores, LibTorch {}", processor_name(), available_cores(), libtorch_version());
}

struct Trial {
  int jobs = 0, threads = 0;
  double images_per_second = 0.0;
};

class TemporaryFolder {
 public:
  // In the first of these that takes one.
  explicit TemporaryFolder(const std::vector<std::filesystem::path>& places) {
    for (const std::filesystem::path& place : places) {
      if (place.empty()) continue;
      std::string name = (place / "rxrun-jobs-XXXXXX").string();
      if (mkdtemp(name.data()) == nullptr) continue;
      path_ = name;
      return;
    }
    throw Error(Failure::run, "cannot create a temporary folder in TMPDIR or /tmp", "--jobs N needs none");
  }
  ~TemporaryFolder() {
    std::error_code code;
    std::filesystem::remove_all(path_, code);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Processes that are ended with it.
class Processes {
 public:
  ~Processes() {
    for (const pid_t one : running_) {
      kill(one, SIGKILL);
      while (!ended(one)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  void add(pid_t one) { running_.push_back(one); }
  // False when one has failed or `stop` asks to end.
  bool wait(const std::atomic<int>& stop) {
    while (!running_.empty()) {
      if (stop.load() != 0) return false;
      for (std::size_t i = 0; i < running_.size(); ++i) {
        const auto how = ended(running_[i]);
        if (!how) continue;
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i--));
        if (how->code != 0 || how->signal != 0) return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }

 private:
  std::vector<pid_t> running_;
};

// TMPDIR may name what is not there.
std::vector<std::filesystem::path> places_for_files(const std::filesystem::path& kept) {
  std::error_code missing;
  const std::filesystem::path named = std::filesystem::temp_directory_path(missing);
  return {missing ? std::filesystem::path() : named, "/tmp", kept.parent_path()};
}

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The rate in the output of `rxrun time --json`, warnings before it skipped.
double rate_in(const std::string& output) {
  const std::size_t start = output.find("{\n");
  if (start == std::string::npos) return 0.0;
  const Json json = Json::parse(output.substr(start), nullptr, false);
  return json.is_object() ? json.value("images_per_second", 0.0) : 0.0;
}

std::optional<Trial> measure(int jobs, const std::filesystem::path& folder, const TimeCommand& command,
                             const std::atomic<int>& stop) {
  Trial trial{.jobs = jobs, .threads = std::max(1, available_cores() / jobs)};
  std::vector<std::filesystem::path> logs;
  Processes processes;
  for (int i = 0; i < jobs; ++i) {
    logs.push_back(folder / fmt::format("{}-{}.json", jobs, i));
    processes.add(start_worker(command(folder / "experiment.yaml", trial.threads, logs.back())));
  }
  if (!processes.wait(stop)) return std::nullopt;
  for (const std::filesystem::path& log : logs) {
    const double rate = rate_in(text_of(log));
    if (!(rate > 0.0)) return std::nullopt;
    trial.images_per_second += rate;
  }
  return trial;
}

void keep(const std::filesystem::path& file, const std::vector<Trial>& trials, int best, PlanObserver& observer) {
  Json measured = Json::array();
  for (const Trial& trial : trials)
    measured.push_back(
        {{"jobs", trial.jobs}, {"threads", trial.threads}, {"images_per_second", trial.images_per_second}});
  const Json json = {{"machine", this_machine()}, {"jobs", best}, {"measured", measured}};
  try {
    std::filesystem::create_directories(file.parent_path());
    write_file_atomically(file, json.dump(2, ' ', true) + "\n");
  } catch (const std::exception& error) {
    observer.on_warning(
        fmt::format("the measurement could not be saved and will be repeated next time: {}", printable(error.what())));
  }
}

}  // namespace

std::filesystem::path jobs_file() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return std::filesystem::path(cache) / "rxrun/jobs.json";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
    return std::filesystem::path(home) / ".cache/rxrun/jobs.json";
  return {};
}

int kept_jobs(const std::filesystem::path& file) {
  std::string text;
  try {
    text = read_file(file, 1 << 20);
  } catch (const Error&) {
    return 0;  // none, or something that is no file: to be measured
  }
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("machine") || json["machine"] != this_machine()) return 0;
  const Json jobs = json.value("jobs", Json());
  return jobs.is_number_integer() && jobs > 0 && jobs <= 4096 ? jobs.get<int>() : 0;
}

int best_jobs(const std::filesystem::path& file, const std::string& experiment, int most, const TimeCommand& command,
              PlanObserver& observer, const std::atomic<int>& stop) {
  if (const int kept = kept_jobs(file); kept > 0) return kept;
  if (most < 2 || available_cores() < 2) return std::max(1, std::min(most, available_cores()));
  observer.on_measuring();
  std::vector<Trial> trials;
  std::string fault;
  try {
    const TemporaryFolder folder(places_for_files(file));
    write_file_atomically(folder.path() / "experiment.yaml", experiment);
    for (int jobs = 1;; jobs = std::min(2 * jobs, available_cores())) {
      const auto trial = measure(jobs, folder.path(), command, stop);
      if (!trial) {
        fault = " (a training that was to be timed failed)";
        break;
      }
      trials.push_back(*trial);
      observer.on_measured(trial->jobs, trial->threads, trial->images_per_second);
      if (jobs >= std::min(most, available_cores())) break;
    }
  } catch (const std::exception& error) {
    fault = fmt::format(" ({})", printable(error.what()));
  }
  if (stop.load() != 0) return std::min(most, available_cores());
  // A guess is slower than a measurement, and better than no sweep.
  if (!fault.empty())
    observer.on_warning(fmt::format("how many points at a time are best could not be measured{}{}", fault,
                                    trials.empty() ? "; running one on each core" : ""));
  if (trials.empty()) return std::min(most, available_cores());
  const auto best = std::max_element(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) {
    return a.images_per_second < b.images_per_second;
  });
  // With fewer points than cores not every number was tried.
  if (trials.back().jobs == available_cores() && !file.empty()) keep(file, trials, best->jobs, observer);
  return best->jobs;
}

}  // namespace rxrun
