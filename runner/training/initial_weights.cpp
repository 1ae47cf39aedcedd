#include "training/initial_weights.h"

#include <torch/types.h>

#include <algorithm>
#include <map>

#include "diagnostics/render.h"
#include "files/files.h"
#include "network/forward.h"
#include "rxrun/layer.h"
#include "training/stored_tensors.h"

namespace rxrun {
namespace {

using Shapes = std::map<std::string, std::vector<std::int64_t>>;

Shapes shapes_of(const Network& network) {
  Shapes shapes;
  for (const NetworkLayer& layer : network.layers)
    layer.module->visit_tensors(
        [&](const std::string& name, Layer::DeclaredTensor& tensor) { shapes[name] = tensor.shape; }, layer.path);
  return shapes;
}

// "fc" is the tensor `fc` and all below it: `fc.weight`, `fc.bias`.
bool begins_with(const std::string& tensor, const std::string& layer) {
  return tensor.starts_with(layer) && (tensor.size() == layer.size() || tensor[layer.size()] == '.');
}

bool left_out(const InitialWeightsSpec& spec, const std::string& tensor) {
  return std::any_of(spec.except.begin(), spec.except.end(),
                     [&](const std::string& layer) { return begins_with(tensor, layer); });
}

// Each leaves something out, of the network or of the file.
void check_exceptions(const InitialWeightsSpec& spec, const Shapes& shapes, const Safetensors& file,
                      Diagnostics& faults) {
  const auto is_in = [](const auto& tensors, const std::string& layer) {
    return std::any_of(tensors.begin(), tensors.end(),
                       [&](const auto& tensor) { return begins_with(tensor.first, layer); });
  };
  for (const std::string& layer : spec.except)
    if (!is_in(shapes, layer) && !is_in(file.tensors, layer))
      faults.error(
          spec.except_where,
          "neither the network nor " + printable(spec.file.string()) + " has a layer `" + printable(layer) + "`",
          "`rxrun summary --json` names the network's in `path`: conv1, layer1.0, fc");
}

// What stands before the network's names in the file ("module."); empty: nothing.
std::string common_prefix(const std::vector<std::string>& missing, const std::vector<std::string>& foreign) {
  if (missing.empty()) return {};
  for (const std::string& name : foreign) {
    if (!name.ends_with("." + missing.front())) continue;
    const std::string prefix = name.substr(0, name.size() - missing.front().size());
    if (std::all_of(missing.begin(), missing.end(), [&](const std::string& wanted) {
          return std::find(foreign.begin(), foreign.end(), prefix + wanted) != foreign.end();
        }))
      return prefix;
  }
  return {};
}

void check_fit(const InitialWeightsSpec& spec, const Shapes& shapes, const Safetensors& file, Diagnostics& faults) {
  const std::string path = printable(spec.file.string());
  constexpr std::size_t told_at_most = 3;
  std::size_t misshapen = 0;
  std::vector<std::string> missing, foreign, untaken;
  for (const auto& [name, shape] : shapes) {
    if (left_out(spec, name)) continue;
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end()) {
      if (!name.ends_with("num_batches_tracked")) missing.push_back(name);
    } else if (found->second.shape != shape && ++misshapen <= told_at_most) {
      faults.error(
          spec.where,
          "tensor `" + name + "` has shape " + shape_text(found->second.shape) + " in " + path +
              ", the network's has " + shape_text(shape),
          "is it a different network? List a layer that should start fresh, such as for other classes, in `except`");
    } else if (found->second.type == StoredType::other) {
      untaken.push_back(name);
    }
  }
  if (misshapen > told_at_most)
    faults.error(spec.where, "and " + counted(misshapen - told_at_most, "more tensor") +
                                 (misshapen == told_at_most + 1 ? " has" : " have") +
                                 " another shape than the network's");
  if (!untaken.empty())
    faults.error(spec.where,
                 list_names(untaken) + (untaken.size() == 1 ? " is" : " are") + " of type " +
                     file.tensors.at(untaken.front()).type_name + " in " + path + ", expected F32, F64, F16 or BF16",
                 "write them as floats, or list their layers in `except`");
  for (const auto& [name, tensor] : file.tensors)
    if (!shapes.contains(name) && !left_out(spec, name)) foreign.push_back(name);
  if (const std::string prefix = common_prefix(missing, foreign); !prefix.empty()) {
    faults.error(spec.where,
                 "the names in " + path + " have `" + printable(prefix) + "` before the network's: `" +
                     printable(prefix + missing.front()) + "` for `" + missing.front() + "`",
                 std::string(prefix == "module." ? "torch.nn.DataParallel wrote them so; w" : "w") +
                     "rite the file without: {name.removeprefix(\"" + printable(prefix) +
                     "\"): tensor for name, tensor in tensors.items()}");
    std::erase_if(foreign, [&](const std::string& name) {
      return name.starts_with(prefix) && shapes.contains(name.substr(prefix.size()));
    });
    missing.clear();
  }
  if (!missing.empty())
    faults.error(spec.where,
                 "the network's " + list_names(missing) + (missing.size() == 1 ? " is" : " are") + " not in " + path,
                 "list a layer that should start fresh in `except`");
  if (!foreign.empty())
    faults.error(
        spec.where, "the network has no " + list_names(foreign) + ", which " + path + " has",
        "list what is not to be taken in `except`, if the rest is the network's; otherwise the file belongs to "
        "another network");
}

// A file that does not fit is refused before its data is read.
Safetensors read_fitting(const InitialWeightsSpec& spec, const Shapes& shapes) {
  Diagnostics faults;
  try {
    return read_safetensors(spec.file, [&](const Safetensors& said) {
      check_exceptions(spec, shapes, said, faults);
      check_fit(spec, shapes, said, faults);
      faults.throw_errors();
    });
  } catch (const Error& error) {
    if (faults.has_errors()) throw;  // with places of their own
    Diagnostics fault;
    const std::string& advice = error.diagnostics().front().advice;
    fault.error(spec.where, error.what(),
                advice.empty()
                    ? "expected a safetensors file, as written by rxrun and by the Python package of that name"
                    : advice);
    fault.throw_errors();
    throw;
  }
}

}  // namespace

InitialWeights read_initial_weights(const InitialWeightsSpec& spec, const Network& network) {
  InitialWeights weights{.file = read_fitting(spec, shapes_of(network)), .sha256 = {}};
  weights.sha256 = sha256_hex(weights.file.content);
  std::erase_if(weights.file.tensors, [&](const auto& tensor) { return left_out(spec, tensor.first); });
  return weights;
}

void fill(Network& network, const InitialWeights& weights) {
  const at::NoGradGuard no_gradient;
  for (const NamedTensor& target : named_tensors(network)) {
    const auto found = weights.file.tensors.find(target.name);
    if (found != weights.file.tensors.end()) at::Tensor(target.tensor).copy_(tensor_of(found->second));
  }
}

}  // namespace rxrun
