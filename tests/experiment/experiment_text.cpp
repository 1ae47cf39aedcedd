#include "experiment_text.h"

#include <charconv>
#include <filesystem>
#include <type_traits>

#include "experiment/folder_layout_text.h"

namespace rxrun {
namespace {

// Structured bindings name every member: a new one does not compile until it is here.
class Writer {
 public:
  std::string take() { return std::move(text_); }

  template <typename... Values>
  void add(const Values&... values) {
    text_ += '(';
    (put(values), ...);
    text_ += ')';
  }

 private:
  void put(const std::string& value) { text_ += std::to_string(value.size()) + ":" + value + " "; }
  void put(const std::filesystem::path& value) { put(value.string()); }
  void put(double value) {
    char buffer[40];
    text_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr) += ' ';
  }
  template <typename Value>
  requires std::is_integral_v<Value> || std::is_enum_v<Value>
  void put(Value value) { text_ += std::to_string(static_cast<long long>(value)) + " "; }
  template <typename Value>
  void put(const std::optional<Value>& value) {
    text_ += value ? "some " : "none ";
    if (value) put(*value);
  }
  template <typename Value>
  void put(const std::vector<Value>& values) {
    text_ += '[';
    for (const Value& value : values) put(value);
    text_ += ']';
  }
  void put(const SplitPart& part) {
    std::visit([this](const auto& value) { put(value); }, part);
  }
  void put(const Node& node) {
    put(node.kind);
    if (node.kind == Node::Kind::string) put(node.text);
    if (node.kind == Node::Kind::boolean) put(node.boolean);
    if (node.kind == Node::Kind::integer) put(node.integer);
    if (node.kind == Node::Kind::real) put(node.real);
    put(node.items);
    put(node.entries);
  }
  void put(const Node::Entry& entry) { add(entry.key, entry.value); }
  void put(const LayerSpec& spec) {
    const auto& [layer, options, where] = spec;
    add(layer, options);
  }
  void put(const StageSpec& spec) {
    const auto& [block, depth] = spec;
    add(block, depth);
  }
  void put(const NetworkSpec& spec) {
    const auto& [plugins, plugins_where, shared, stem, stages, head, where] = spec;
    for (const std::string& plugin : plugins)
      put(is_library_path(plugin) ? std::filesystem::absolute(plugin).lexically_normal().string() : plugin);
    add(shared, stem, stages, head);
  }
  void put(const SplitSpec& spec) {
    const auto& [train, second, third, group_by, seed] = spec;
    add(train, second, third, group_by, seed);
  }
  void put(const AugmentSpec& spec) {
    const auto& [pad, horizontal_flip, vertical_flip, rotate_90, translate, rotate, scale_low, brightness, contrast,
                 saturation, hue, stain, erase] = spec;
    add(pad, horizontal_flip, vertical_flip, rotate_90, translate, rotate, scale_low, brightness, contrast, saturation,
        hue, stain, erase);
  }
  void put(const NormalizeSpec& spec) {
    const auto& [source, mean, deviation] = spec;
    add(source, mean, deviation);
  }
  void put(const GreyWindow& window) {
    const auto& [low, high] = window;
    add(low, high);
  }
  void put(const DataSpec& spec) {
    const auto& [source, path, path_where, written, layout, include, exclude, sample, sample_images, image_size, resize,
                 channels, window, classes, split, augment, normalize, batch, on_bad_image, memory] = spec;
    add(source, path, to_string(layout), include, exclude, sample, sample_images, image_size, resize, channels, window,
        classes, split, augment, normalize, batch, on_bad_image, memory);
  }
  void put(const OptimizerSpec& spec) {
    const auto& [kind, lr, weight_decay, momentum, nesterov, beta1, beta2, alpha, epsilon, decay_norm_and_bias] = spec;
    add(kind, lr, weight_decay, momentum, nesterov, beta1, beta2, alpha, epsilon, decay_norm_and_bias);
  }
  void put(const ScheduleSpec& spec) {
    const auto& [kind, step, milestones, gamma, minimum, power, start_factor, end_factor, peak, metric, factor,
                 patience, threshold, warm_up] = spec;
    add(kind, step, milestones, gamma, minimum, power, start_factor, end_factor, peak, metric, factor, patience,
        threshold, warm_up);
  }
  void put(const LossSpec& spec) {
    const auto& [class_weights, balanced, label_smoothing] = spec;
    add(class_weights, balanced, label_smoothing);
  }
  void put(const MetricGoal& goal) {
    const auto& [metric, maximize] = goal;
    add(metric, maximize);
  }
  void put(const EarlyStoppingSpec& spec) {
    const auto& [goal, patience, minimum_change] = spec;
    add(goal, patience, minimum_change);
  }
  void put(const InitialWeightsSpec& spec) {
    const auto& [file, except, where, except_where] = spec;
    add(file, except);
  }
  void put(const TrainingSpec& spec) {
    const auto& [written, epochs, initial_weights, optimizer, schedule, loss, keep_best, keeps_last_epoch, early_stopping,
                 clip_gradient_norm, average_weights, mixup, test_time_augmentation, precision] = spec;
    add(epochs, initial_weights, optimizer, schedule, loss, keep_best, keeps_last_epoch, early_stopping,
        clip_gradient_norm, average_weights, mixup, test_time_augmentation, precision);
  }
  void put(const MachineSpec& spec) {
    const auto& [device, threads, loader_threads, cuda_graph] = spec;
    add(device, threads, loader_threads, cuda_graph);
  }

  std::string text_;
};

}  // namespace

std::string text_of(const Experiment& experiment) {
  const auto& [name, description, seed, network, data, training, machine] = experiment;
  Writer writer;
  writer.add(name, description, seed, network, data, training, machine);
  return writer.take();
}

}  // namespace rxrun
