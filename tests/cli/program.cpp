#include "program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace rxrun::test {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace

Workplace::Workplace() {
  std::string pattern = (std::filesystem::temp_directory_path() / "rxrun-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  folder_ = pattern;
  // How many points of a sweep run at a time is not measured in every test.
  setenv("RXRUN_JOBS", "2", 0);
}

Workplace::~Workplace() { std::filesystem::remove_all(folder_); }

void Workplace::write(const std::string& name, const std::string& text) const { std::ofstream(folder_ / name) << text; }

pid_t Workplace::start(const std::vector<std::string>& arguments) const {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder_.c_str());
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, (folder_ / "out").c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0644);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (folder_ / "err").c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0644);
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), RXRUN_PROGRAM);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  const int failure = posix_spawn(&child, RXRUN_PROGRAM, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::runtime_error("cannot start " RXRUN_PROGRAM);
  return child;
}

Finished Workplace::wait(pid_t child) const {
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
  return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .out = text_of(folder_ / "out"),
          .err = text_of(folder_ / "err")};
}

Finished Workplace::rxrun(const std::vector<std::string>& arguments) const { return wait(start(arguments)); }

std::string tiny_experiment(int epochs) {
  return R"(name: tiny
seed: 7
network:
  plugins: [convnet]
  stem: [{conv: {channels: 4, kernel: 3, stride: 2}}, batch_norm, relu]
  head: [global_average_pool, flatten, {dropout: {probability: 0.2}}, linear]
data:
  source: histology
  sample: {histology: {images: 60}}
  image_size: 16
  split: {train: 0.6, validation: 0.2, test: 0.2}
  augment: {horizontal_flip: true, rotate_90: true}
  batch: 8
training:
  epochs: )" +
         std::to_string(epochs) + R"(
  optimizer: {adam: {lr: 1e-2}}
  schedule: {reduce_on_plateau: {metric: validation_loss, patience: 1}}
  keep_best: {metric: validation_accuracy}
machine: {threads: 1, loader_threads: 1}
)";
}

}  // namespace rxrun::test
