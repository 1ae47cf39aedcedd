// `rxrun` as a child process, and a folder to run it in.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace rxrun::test {

struct Finished {
  int code = 0;  // exit code, or 128 + the signal that ended it
  std::string out, err;
};

// A temporary folder that is the child's working directory; removed at the end.
class Workplace {
 public:
  Workplace();
  ~Workplace();
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path results() const { return folder_ / "results"; }
  void write(const std::string& name, const std::string& text) const;

  Finished rxrun(const std::vector<std::string>& arguments) const;
  // Starts it without waiting; its output goes to `out` and `err` in the folder.
  pid_t start(const std::vector<std::string>& arguments) const;
  Finished wait(pid_t child) const;

 private:
  std::filesystem::path folder_;
};

// A network and data so small that starting takes longer than training. `epochs` as given.
std::string tiny_experiment(int epochs);

}  // namespace rxrun::test
