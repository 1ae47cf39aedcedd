// The experiment: what a YAML file declares, as plain values. Everything later works from these and never sees YAML.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "experiment/node.h"

namespace rxrun {

// One layer as declared: its name and options, not yet checked against a plugin.
struct LayerSpec {
  std::string layer;                 // "conv", "resnext_bottleneck"
  std::vector<Node::Entry> options;  // as written
  SourceLocation where;
};

// `depth` blocks; `stride` reaches the first only.
struct StageSpec {
  LayerSpec block;
  std::int64_t depth = 1;
};

// Whether a plugin is named by the path of its library, and not by its name.
bool is_library_path(const std::string& plugin);

struct NetworkSpec {
  std::vector<std::string> plugins;  // names or paths
  std::vector<SourceLocation> plugins_where;
  std::vector<Node::Entry> shared;  // network-wide values: cardinality, base_width
  std::vector<LayerSpec> stem;
  std::vector<StageSpec> stages;
  std::vector<LayerSpec> head;
  SourceLocation where;
};

enum class SourceKind { class_folders, medmnist, idx, manifest, cifar, histology };

// Where one part of the data comes from: a fraction drawn, or a part that the source names ("train", "val").
using SplitPart = std::variant<double, std::string>;

struct SplitSpec {
  SplitPart train = 0.7;
  SplitPart validation = 0.15;  // scored every epoch; may choose the kept weights
  SplitPart test = 0.15;        // scored once, at the end
  std::string group_by;         // regular expression whose first group names the unit that may not straddle; or, for a
                                // manifest, a column; empty: images are drawn one by one
  std::optional<std::uint64_t> seed;  // absent: the experiment's
};

struct NormalizeSpec {
  // Mean and deviation of the training part; those below; or 0 and 1, which leaves pixels in [0, 1] as they are.
  enum class Source { measured, given, none } source = Source::measured;
  std::vector<double> mean;  // given: a value a channel, for pixels in [0, 1]
  std::vector<double> deviation;
};

// In the order of application. Probabilities and ranges of 0 switch a transform off.
struct AugmentSpec {
  std::int64_t pad = 0;  // pixels on each side before a random crop back to image_size
  bool horizontal_flip = false;
  bool vertical_flip = false;
  bool rotate_90 = false;                                                // by 0, 90, 180 or 270 degrees
  std::int64_t translate = 0;                                            // by up to so many pixels
  double rotate = 0.0;                                                   // by up to so many degrees
  double scale_low = 1.0;                                                // random resized crop: share of the area kept
  double brightness = 0.0, contrast = 0.0, saturation = 0.0, hue = 0.0;  // as torchvision's ColorJitter
  double stain = 0.0;  // jitter in haematoxylin-eosin-DAB space (Tellez et al. 2018, arXiv 1808.05896)
  double erase = 0.0;  // probability of random erasing (arXiv 1708.04896)
};

// What the folders on a level below the path of class_folders are called after.
enum class FolderRole { any, part, group, class_name };
// From the outermost level; exactly one is the class. Folders below the last mean nothing.
using FolderLayout = std::vector<FolderRole>;

enum class OnBadImage { error, skip };

// The values of 16-bit images, in their own units, that become black and white.
struct GreyWindow {
  double low = 0.0, high = 65535.0;
};

struct DataSpec {
  SourceKind source = SourceKind::class_folders;
  std::filesystem::path path;  // made absolute against the working directory
  SourceLocation path_where;
  std::map<std::string, SourceLocation> written;  // the keys that are, and where: "classes", "split.validation"
  FolderLayout layout;                            // of class_folders; empty: found from the folders' names
  std::vector<std::string> include, exclude;      // of class_folders: patterns of paths; no `include`: all
  std::optional<std::string> sample;              // "histology": generated when `path` does not exist
  std::int64_t sample_images = 1200;              // in all, for a generated sample
  std::int64_t image_size = 64;                   // height and width that the network sees
  std::string resize = "stretch";                 // stretch | crop (short side to image_size, centre crop) | pad | none
  std::int64_t channels = 0;                      // 0: as the source has them; 1 or 3: converted; else as stored
  std::optional<GreyWindow> window;               // absent: all that 16 bits can be
  std::int64_t classes = 0;                       // 0: as the source has them; else the number it must have
  SplitSpec split;
  AugmentSpec augment;
  NormalizeSpec normalize;
  std::int64_t batch = 64;
  OnBadImage on_bad_image = OnBadImage::error;
  std::uint64_t memory = 4ull << 30;  // bytes of decoded images to keep in memory; beyond it they lie in a cache file
};

struct OptimizerSpec {
  enum class Kind { sgd, adam, adamw, rmsprop } kind = Kind::adam;
  double lr = 1e-3;
  double weight_decay = 0.0;
  double momentum = 0.0;              // sgd, rmsprop
  bool nesterov = false;              // sgd
  double beta1 = 0.9, beta2 = 0.999;  // adam, adamw
  double alpha = 0.99;                // rmsprop
  double epsilon = 1e-8;
  bool decay_norm_and_bias = true;  // whether weight decay reaches biases and normalisation layers
};

struct ScheduleSpec {
  enum class Kind { constant, step, multi_step, exponential, cosine, one_cycle, polynomial, reduce_on_plateau };
  Kind kind = Kind::constant;
  std::int64_t step = 10;                                    // step: epochs
  std::vector<std::int64_t> milestones;                      // multi_step: epochs
  double gamma = 0.1;                                        // step, multi_step, exponential
  double minimum = 0.0;                                      // cosine, polynomial, reduce_on_plateau: lowest rate
  double power = 1.0;                                        // polynomial
  double start_factor = 25.0, end_factor = 1e4, peak = 0.3;  // one_cycle: from lr/start_factor up to lr at `peak` of
                                                             // the run, down to lr/(start_factor*end_factor)
  std::string metric = "validation_loss";                    // reduce_on_plateau
  double factor = 0.1;
  std::int64_t patience = 10;
  double threshold = 1e-4;  // relative, as PyTorch's
  double warm_up = 0.0;     // epochs of linear rise to the rate, before and beside any of the above
};

struct LossSpec {
  std::vector<double> class_weights;  // empty: all 1
  bool balanced = false;              // weights inverse to the training part's class counts
  double label_smoothing = 0.0;
};

// Copies of an image whose predictions are averaged: it and its mirror image; or these turned by quarters as well.
enum class TestTimeAugmentation { none, mirrored, dihedral };
const char* to_string(TestTimeAugmentation augmentation);

enum class Precision { automatic, float32, bfloat16 };
const char* to_string(Precision precision);  // "auto", "float32", "bfloat16"

struct MetricGoal {
  std::string metric = "validation_accuracy";
  bool maximize = true;  // from the metric's name
};

struct EarlyStoppingSpec {
  MetricGoal goal;
  std::int64_t patience = 10;  // epochs without improvement
  double minimum_change = 0.0;
};

// Weights of a safetensors file as the values that the network begins with.
struct InitialWeightsSpec {
  std::filesystem::path file;       // absolute
  std::vector<std::string> except;  // layers, by the paths of their parameters ("fc"), that begin as without the file
  SourceLocation where, except_where;
};

struct TrainingSpec {
  std::map<std::string, SourceLocation> written;  // the keys that are, and where: "keep_best.metric"
  std::int64_t epochs = 1;
  std::optional<InitialWeightsSpec> initial_weights;
  OptimizerSpec optimizer;
  ScheduleSpec schedule;
  LossSpec loss;
  MetricGoal keep_best;
  bool keeps_last_epoch =
      false;  // its weights, whatever the metrics: those of keep_best only compare points of a sweep
  std::optional<EarlyStoppingSpec> early_stopping;
  double clip_gradient_norm = 0.0;  // 0: off
  double average_weights = 0.0;     // decay of an exponential moving average of the weights that is evaluated; 0: off
  double mixup = 0.0;               // alpha of mixup (arXiv 1710.09412); 0: off
  TestTimeAugmentation test_time_augmentation = TestTimeAugmentation::none;  // of the kept weights; not each epoch
  Precision precision = Precision::automatic;
};

// How the machine is used; no part of an experiment's identity.
struct MachineSpec {
  std::string device = "auto";      // auto | cpu | cuda | cuda:N
  std::int64_t threads = 0;         // of the mathematics; 0: all cores
  std::int64_t loader_threads = 0;  // 0: as many as help
  bool cuda_graph = false;          // on a GPU, replay the recorded step
};

struct Experiment {
  std::string name;
  std::string description;
  std::uint64_t seed = 0;
  NetworkSpec network;
  DataSpec data;
  TrainingSpec training;
  MachineSpec machine;
};

// "validation_accuracy" and every other metric name that keep_best, a schedule or early stopping can watch.
const std::vector<std::string>& watchable_metrics();

}  // namespace rxrun
