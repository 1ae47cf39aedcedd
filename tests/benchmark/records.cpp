// Writing an epoch into a results.db that holds RUNS runs of 100 epochs already. One line of JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "diagnostics/render.h"
#include "recording/connection.h"
#include "recording/recorder.h"
#include "recording/schema.h"

namespace {

using namespace rxrun;

void fill(const std::filesystem::path& database, long runs) {
  create_if_missing(database);
  std::stringstream sql;
  sql << std::ifstream(RXRUN_SOURCE_DIR "/tests/recording/many_runs.sql").rdbuf();
  std::string text = sql.str();
  const std::string limit = "WHERE i < 9999";
  text.replace(text.find(limit), limit.size(), "WHERE i < " + std::to_string(runs - 1));
  Connection(database, Connection::Mode::read_write).execute(text.c_str());
}

double median_milliseconds(const std::filesystem::path& database) {
  Recorder recorder(database);
  const std::int64_t run = recorder.begin({.name = "new",
                                           .experiment = "new",
                                           .file = "new.yaml",
                                           .identity = std::string(64, 'f'),
                                           .resolved = "name: new",
                                           .content_hash = "c",
                                           .split_hash = "s",
                                           .folder = "checkpoints/new"},
                                          {});
  std::vector<double> taken;
  for (std::int64_t epoch = 1; epoch <= 200; ++epoch) {
    EpochRecord record{
        .epoch = epoch, .learning_rate = 1e-3, .seconds = 1.0, .images_per_second = 100.0, .best = false};
    for (const char* part : {"train", "test"})
      for (const char* metric : {"loss", "accuracy", "auc", "f1", "balanced_accuracy"})
        record.metrics[std::string(part) + "_" + metric] = 0.5;
    const auto began = std::chrono::steady_clock::now();
    recorder.epoch(run, record);
    taken.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
  }
  std::nth_element(taken.begin(), taken.begin() + 100, taken.end());
  return taken[100];
}

}  // namespace

int main(int argc, char** argv) {
  const long runs = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 0;
  std::string folder = (std::filesystem::temp_directory_path() / "rxrun-records-XXXXXX").string();
  if (runs < 1 || mkdtemp(folder.data()) == nullptr) {
    std::fprintf(stderr, "usage: record_benchmark RUNS\n");
    return 2;
  }
  int code = 0;
  try {
    const std::filesystem::path database = std::filesystem::path(folder) / "results.db";
    fill(database, runs);
    std::printf("{\"runs\": %ld, \"milliseconds_an_epoch\": %.3f, \"mebibytes\": %ld}\n", runs,
                median_milliseconds(database), static_cast<long>(std::filesystem::file_size(database) >> 20));
  } catch (const Error& error) {
    std::fprintf(stderr, "%s", render(error.diagnostics()).c_str());
    code = 1;
  }
  std::filesystem::remove_all(folder);
  return code;
}
