#include "networks.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "experiment/read.h"

namespace rxrun::test {
namespace {

struct TemporaryFolder {
  std::filesystem::path path;
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "rxrun-network-XXXXXX").string();
    if (!mkdtemp(name.data())) std::abort();
    path = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
};

}  // namespace

CheckedNetwork check(const std::string& text) {
  setenv("RXRUN_PLUGIN_PATH", RXRUN_TEST_PLUGINS, 1);
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path / "experiment.yaml";
  std::ofstream(file) << "name: test\nnetwork:\n"
                      << text << "\ndata: {source: histology, image_size: 32}\ntraining: {epochs: 1}\n";
  Diagnostics diagnostics;
  const ReadExperiment read = read_experiment(file, {}, diagnostics);
  const Catalog catalog = load_catalog(read.experiment.network, diagnostics);
  CheckedNetwork checked = check_network(read.experiment.network, catalog, diagnostics);
  diagnostics.throw_errors();
  return checked;
}

Network build(const std::string& text, const Shape& input, std::int64_t classes) {
  return build_network(check(text), input, classes);
}

namespace {

constexpr const char* stem =
    "  stem: [{conv: {channels: 64, kernel: 7, stride: 2}}, batch_norm, relu, {max_pool: {kernel: 3, stride: 2}}]\n";
constexpr const char* head = "  head: [global_average_pool, flatten, linear]\n";

std::string stages(const std::string& block, const std::string& depths) {
  std::string text = "  stages:\n";
  std::int64_t planes = 64;
  for (const char depth : depths) {
    if (depth < '0' || depth > '9') continue;
    text += "    - {block: " + block + ", depth: " + depth + ", planes: " + std::to_string(planes) +
            (planes == 64 ? "}\n" : ", stride: 2}\n");
    planes *= 2;
  }
  return text;
}

}  // namespace

std::string resnet(const std::string& block, const std::string& depths) {
  return "  plugins: [convnet, resnet]\n" + std::string(stem) + stages(block, depths) + head;
}

std::string resnext50(const std::string& options) {
  return "  plugins: [convnet, resnext]\n  " + options + "\n" + stem + stages("resnext_bottleneck", "3463") + head;
}

}  // namespace rxrun::test
