// The loader alone: batches of a folder of images, decoded each time or kept in memory. One line of JSON.
//
//   loader_benchmark FOLDER --size N [--source idx] [--batch N] [--threads N] [--keep | --cache FOLDER] [--seconds S]
#include <CLI/CLI.hpp>
#include <cstdio>

#include "data/dataset.h"
#include "diagnostics/render.h"
#include "engine_process.h"
#include "timing/loader_rate.h"

int main(int argc, char** argv) {
  using namespace rxrun;
  std::string folder, cache, source = "class_folders";
  std::int64_t size = 64, batch = 64;
  int threads = 2;
  double seconds = 4.0;
  bool keep = false;
  CLI::App app("The loader, measured");
  app.add_option("FOLDER", folder, "a folder with a folder of images a class")->required();
  app.add_option("--source", source)->check(CLI::IsMember({"class_folders", "idx"}));
  app.add_option("--size", size)->required();
  app.add_option("--batch", batch);
  app.add_option("--threads", threads);
  app.add_option("--seconds", seconds);
  app.add_flag("--keep", keep, "decode once and keep the pixels in memory, as a run does");
  app.add_option("--cache", cache, "keep them in a cache file in this folder, as the points of a sweep do");
  CLI11_PARSE(app, argc, argv);
  take_engine_environment(argv);
  set_up_process();
  try {
    DataSpec spec;
    spec.source = source == "idx" ? SourceKind::idx : SourceKind::class_folders;
    spec.path = folder;
    spec.image_size = size;
    spec.batch = batch;
    if (source == "class_folders") spec.channels = 3;
    spec.augment.horizontal_flip = true;
    spec.normalize = {.source = NormalizeSpec::Source::given, .mean = {0.5}, .deviation = {0.25}};
    if (!keep) spec.memory = 0;
    const ImageCaching caching{.folder = cache, .always = true};
    const Dataset dataset = load_dataset(spec, 1, 0, {}, caching);
    measure_loader(dataset, spec, 1, threads, 1.0);
    const LoaderRate rate = measure_loader(dataset, spec, 1, threads, seconds);
    std::printf("{\"program\": \"rxrun, %d threads, %s\", \"images_per_second\": %.1f, \"seconds\": %.3f}\n", threads,
                keep                     ? "kept in memory"
                : dataset.images.empty() ? "decoded each time"
                                         : "mapped",
                rate.images_per_second, seconds + 1.0);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s", render(error.diagnostics()).c_str());
    return 1;
  }
  return 0;
}
