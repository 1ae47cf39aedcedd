// rxrun-plugin-describe LIBRARY: loads one plugin library and prints its table of layers as JSON.
//
// A process of its own, so that whatever the library does while it is loaded happens here. Errors are one line on
// standard error and exit code 2.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "diagnostics/diagnostic.h"
#include "plugin/loader.h"

namespace {

bool finished = false;

void write_all(int descriptor, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = write(descriptor, text.data() + done, text.size() - done);
    if (written <= 0) _exit(2);
    done += static_cast<std::size_t>(written);
  }
}

void tell_early_exit() {
  if (finished) return;
  write_all(STDERR_FILENO, "the plugin library ends the process while it is loaded\n");
  _exit(2);
}

void tell_timeout(int) {
  static const char message[] = "the plugin library hangs while it is loaded\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
  _exit(2);
}

std::string describe(const char* library) {
  std::vector<rxrun::LayerInfo> layers;
  for (const auto& definition : rxrun::load_plugin(library)) layers.push_back(definition->info);
  return rxrun::layers_to_json(layers);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || std::strcmp(argv[1], "--help") == 0) {
    std::fputs("usage: rxrun-plugin-describe LIBRARY\nPrints the layers of a plugin library as JSON.\n",
               argc == 2 ? stdout : stderr);
    return argc == 2 ? 0 : 2;
  }
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  signal(SIGALRM, tell_timeout);
  alarm(60);  // a build must not hang either
  std::atexit(tell_early_exit);
  // What the library prints goes to standard error; the table alone to standard output.
  const int out = dup(STDOUT_FILENO);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  write_all(out, "\n");  // LibTorch is loaded: from here on the time is the plugin's
  try {
    write_all(out, describe(argv[1]));
    finished = true;
    _exit(0);  // the library's destructors are no matter of the table
  } catch (const rxrun::Error& error) {
    write_all(STDERR_FILENO, std::string(error.what()) + "\n");
    finished = true;
    _exit(2);
  }
}
