#include "network/network.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "diagnostics/render.h"
#include "network/failure.h"
#include "network/naming.h"
#include "plugin/loader.h"

namespace rxrun {
namespace {

std::string describe(const Shape& shape) {
  return shape.size() == 1 ? std::to_string(shape[0]) + " features" : to_string(shape);
}

Error error_at(const SourceLocation& where, const std::string& message, const std::string& advice = {}) {
  return Error(Diagnostic{Severity::error, where, message, advice});
}

void set_stride_to_one(OptionValues& options) {
  for (auto& [name, value] : options) {
    if (name != "stride") continue;
    if (std::holds_alternative<std::int64_t>(value)) value = std::int64_t{1};
    if (std::holds_alternative<Extent>(value)) value = Extent{1, 1};
  }
}

void fill_in_classes(OptionValues& options, const std::vector<std::string>& names, std::int64_t classes) {
  for (auto& [name, value] : options) {
    const bool wanted = std::find(names.begin(), names.end(), name) != names.end();
    if (wanted && std::holds_alternative<std::monostate>(value)) value = classes;
  }
}

std::map<std::string, std::string> plugin_of_layers(const std::vector<PluginInfo>& plugins) {
  std::map<std::string, std::string> owner;
  for (const PluginInfo& plugin : plugins) {
    for (const LayerInfo& layer : plugin.layers) owner[layer.name] = plugin.manifest.plugin;
  }
  return owner;
}

// Adds layers one after the other; `shape` is what comes out of the last.
class Builder {
 public:
  Builder(const CheckedNetwork& checked, const Shape& input, std::int64_t classes, const NetworkLimits& limits)
      : factories_(checked.plugins), owner_(plugin_of_layers(checked.plugins)), limits_(limits), shape_(input) {
    network_.input = input;
    network_.classes = classes;
  }

  void add(const CheckedLayer& declared, const std::string& path, bool repeated = false) {
    NetworkLayer layer;
    layer.path = path;
    layer.layer = declared.layer;
    layer.type_name = declared.type_name.empty() ? declared.layer : declared.type_name;
    layer.label = printable("layer `" + declared.layer + "` (" + path + ") of plugin `" + owner_[declared.layer] + "`");
    layer.view = declared.view;
    layer.where = declared.where;
    if (std::int64_t(network_.layers.size()) >= limits_.layers) {
      throw error_at(layer.where, "the network has more than " + std::to_string(limits_.layers) + " layers");
    }
    OptionValues options = declared.options;
    if (repeated && declared.stride_first_only) set_stride_to_one(options);
    fill_in_classes(options, declared.classes_options, network_.classes);

    const std::string what = "does not fit " + describe(shape_), failed = "could not be built for " + describe(shape_);
    layer.module = in_layer(layer, what.c_str(), Failure::usage, [&] {
      try {
        return std::shared_ptr<Layer>(factories_.make(declared.layer, options, shape_));
      } catch (const ForeignException&) {  // it says nothing of the shape
        throw_failure(layer, failed, std::current_exception(), Failure::usage);
      }
    });
    check_output(layer);
    count(layer);
    shape_ = layer.module->output_shape();
    network_.layers.push_back(std::move(layer));
  }

  Network finish(const CheckedNetwork& checked) {
    if (network_.layers.empty())
      throw Error(Failure::usage, "the network has no layers", "fill `stem`, `stages` or `head`");
    if (shape_ != Shape{network_.classes}) {
      const bool has_head = !checked.head.empty();
      throw error_at(
          network_.layers.back().where,
          "the network ends in " + describe(shape_) + ", but there are " + std::to_string(network_.classes) +
              " classes: it must end in " + std::to_string(network_.classes) + " features",
          has_head ? "end `head` with `linear` and leave out its `features`: they default to the number of classes"
                   : "add `head: [global_average_pool, flatten, linear]`");
    }
    return std::move(network_);
  }

 private:
  void check_output(const NetworkLayer& layer) const {
    const Shape& output = layer.module->output_shape();
    const bool empty = std::any_of(output.begin(), output.end(), [](std::int64_t side) { return side < 1; });
    if ((output.size() == 1 || output.size() == 3) && !empty) return;
    throw error_at(layer.where, layer.label + " makes " + (output.empty() ? "nothing" : to_string(output)) + " of " +
                                    describe(shape_) +
                                    ": a layer must give channels×height×width or features, each at least 1");
  }

  void count(const NetworkLayer& layer) {
    layer.module->visit_tensors(
        [&](const std::string& name, Layer::DeclaredTensor& tensor) {
          if (!tensor_names_.insert(name).second) {
            throw error_at(layer.where,
                           layer.label + " declares a tensor `" + printable(name) + "`, a name that is already taken");
          }
          if (!slots_.insert(tensor.slot).second) {
            throw error_at(layer.where, layer.label + " declares `" + printable(name) +
                                            "`, but its tensor is declared under another name already");
          }
          add_bounded(parameters_, tensor.shape, limits_.parameters, layer, "parameters");
        },
        layer.path);
    add_bounded(outputs_, layer.module->output_shape(), limits_.outputs, layer,
                "values in the layers' outputs for one image");
    layer.module->visit_layers(
        [&](const std::string&, const std::string&, Layer& child) {
          add_bounded(outputs_, child.output_shape(), limits_.outputs, layer,
                      "values in the layers' outputs for one image");
        },
        layer.path);
  }

  void add_bounded(std::int64_t& sum, const Shape& shape, std::int64_t limit, const NetworkLayer& layer,
                   const char* what) {
    std::int64_t size = 0;
    try {
      size = num_elements(shape);
    } catch (const LayerError&) {
      size = limit;
    }
    if (size > limit || sum > limit - size) {
      throw error_at(layer.where,
                     layer.label + " brings the network to more than " + std::to_string(limit) + " " + what + " (" +
                         describe(shape) + ")",
                     "is one of its options larger than intended?");
    }
    sum += size;
  }

  LayerFactories factories_;
  std::map<std::string, std::string> owner_;
  NetworkLimits limits_;
  Shape shape_;
  Network network_;
  std::set<std::string> tensor_names_;
  std::set<const torch::Tensor*> slots_;
  std::int64_t parameters_ = 0;
  std::int64_t outputs_ = 0;
};

std::string prefix_of(const CheckedLayer& layer) {
  return layer.weight_prefix.empty() ? layer.layer : layer.weight_prefix;
}

}  // namespace

Network build_network(const CheckedNetwork& checked, const Shape& input, std::int64_t classes,
                      const NetworkLimits& limits) {
  const bool positive = std::all_of(input.begin(), input.end(), [](std::int64_t side) { return side > 0; });
  if (input.empty() || !positive || classes < 1) {
    throw Error(Failure::usage, "a network needs an input of at least 1×1×1 and at least one class, not " +
                                    (input.empty() ? std::string("nothing") : to_string(input)) + " and " +
                                    std::to_string(classes));
  }
  const LayerScope scope("a plugin while it was loaded");
  Builder builder(checked, input, classes, limits);
  LayerNames names;
  for (const CheckedLayer& layer : checked.stem) builder.add(layer, names.stem(prefix_of(layer)));
  std::int64_t stage_number = 0;
  for (const CheckedStage& stage : checked.stages) {
    ++stage_number;
    for (std::int64_t i = 0; i < stage.depth; ++i) builder.add(stage.block, names.block(stage_number, i), i > 0);
  }
  std::vector<std::string> prefixes;
  for (const CheckedLayer& layer : checked.head) prefixes.push_back(prefix_of(layer));
  const std::vector<std::string> head_names = names.head(prefixes);
  for (std::size_t i = 0; i < checked.head.size(); ++i) builder.add(checked.head[i], head_names[i]);
  return builder.finish(checked);
}

}  // namespace rxrun
