#include "rxrun/layer.h"

#include <ATen/CPUGeneratorImpl.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <mutex>

#include "random_fill.h"
#include "rxrun/random_bits.h"

namespace rxrun {
namespace {

// The key of the draws for `purpose`: a run's draws are kept apart by purpose, here and in the runner.
std::uint64_t key_for(Purpose purpose, std::uint64_t seed) {
  return detail::combine(seed, static_cast<std::uint64_t>(purpose));
}

std::int64_t physical_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long size = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || size <= 0) return std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(pages) * size;
}

std::string describe(const std::string& name, const Shape& shape) {
  return "tensor `" + name + "` of shape " + (shape.empty() ? "scalar" : to_string(shape));
}

void check_declaration(const std::vector<Layer::DeclaredTensor>& tensors, const std::string& name, const Shape& shape) {
  if (name.empty()) throw LayerError("a tensor is declared without a name");
  if (std::any_of(tensors.begin(), tensors.end(), [&](const auto& tensor) { return tensor.name == name; })) {
    throw LayerError("tensor `" + name + "` is declared twice");
  }
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t side) { return side < 1; })) {
    throw LayerError(describe(name, shape) + " has a side below 1");
  }
  try {
    num_elements(shape);
  } catch (const LayerError&) {
    throw LayerError(describe(name, shape) + " has more elements than fit in 64 bits");
  }
}

torch::Tensor allocate(const Layer::DeclaredTensor& declared, const std::string& full_name, std::uint64_t key,
                       torch::Device device) {
  const std::int64_t bytes_each = static_cast<std::int64_t>(c10::elementSize(declared.type));
  const std::int64_t elements = num_elements(declared.shape);
  const std::int64_t memory = physical_memory();
  if (elements > memory / bytes_each) {
    throw LayerError(describe(full_name, declared.shape) + " needs " + std::to_string(elements) + " × " +
                     std::to_string(bytes_each) + " bytes; this machine has " + std::to_string(memory >> 20) + " MiB");
  }
  try {
    torch::Tensor tensor = torch::empty(declared.shape, torch::TensorOptions(declared.type));
    detail::fill(tensor, declared.initial, key);
    tensor = tensor.to(device);
    return declared.trainable ? tensor.requires_grad_() : tensor;
  } catch (const std::exception& error) {
    std::string cause = error.what();
    throw LayerError(describe(full_name, declared.shape) +
                     " cannot be allocated: " + cause.substr(0, cause.find('\n')));
  }
}

}  // namespace

std::string to_string(const Shape& shape) {
  std::string text;
  for (const std::int64_t side : shape) text += (text.empty() ? "" : "×") + std::to_string(side);
  return text;
}

std::int64_t num_elements(const Shape& shape) {
  std::int64_t product = 1;
  for (const std::int64_t side : shape) {
    if (side < 0) throw LayerError("shape " + to_string(shape) + " has a negative side");
    if (__builtin_mul_overflow(product, side, &product)) {
      throw LayerError("shape " + to_string(shape) + " has more elements than fit in 64 bits");
    }
  }
  return product;
}

std::string join_path(const std::string& parent, const std::string& name) {
  if (parent.empty()) return name;
  return name.empty() ? parent : parent + "." + name;
}

Layer::Layer(Shape input) : input_(std::move(input)), output_(input_) {}
Layer::~Layer() = default;

void Layer::parameter(const std::string& name, torch::Tensor& slot, Shape shape, Initializer initial) {
  check_declaration(tensors_, name, shape);
  tensors_.push_back({name, &slot, std::move(shape), initial, true, torch::kFloat});
}

void Layer::buffer(const std::string& name, torch::Tensor& slot, Shape shape, Initializer initial,
                   torch::ScalarType type) {
  check_declaration(tensors_, name, shape);
  if (initial.kind != Initializer::Kind::constant && type != torch::kFloat && type != torch::kDouble) {
    throw LayerError("buffer `" + name + "` is drawn at random, so it must be float or double");
  }
  tensors_.push_back({name, &slot, std::move(shape), initial, false, type});
}

void Layer::set_training(bool training) {
  training_ = training;
  for (Child& child : children_) child.layer->set_training(training);
}

void Layer::materialize(std::uint64_t seed, torch::Device device, const std::string& path) {
  const std::uint64_t key = key_for(Purpose::initialize, seed);
  visit_tensors(
      [&](const std::string& name, DeclaredTensor& tensor) {
        *tensor.slot = allocate(tensor, name, detail::combine(key, random_bits::hash_text(name)), device);
      },
      path);
}

void Layer::reseed(std::uint64_t step_key, const std::string& path) {
  if (draws_random_) {
    const std::uint64_t seed = detail::combine(key_for(Purpose::layer, step_key), random_bits::hash_text(path));
    if (!generator_.defined()) {
      generator_ = at::detail::createCPUGenerator(seed);
    } else {
      std::lock_guard<std::mutex> lock(generator_.mutex());
      generator_.set_current_seed(seed);
    }
  }
  for (Child& child : children_) child.layer->reseed(step_key, join_path(path, child.name));
}

void Layer::visit_tensors(const std::function<void(const std::string&, DeclaredTensor&)>& visit,
                          const std::string& path) {
  for (DeclaredTensor& tensor : tensors_) visit(join_path(path, tensor.name), tensor);
  for (Child& child : children_) child.layer->visit_tensors(visit, join_path(path, child.name));
}

void Layer::visit_layers(const std::function<void(const std::string&, const std::string&, Layer&)>& visit,
                         const std::string& path) {
  for (Child& child : children_) {
    const std::string name = join_path(path, child.name);
    child.layer->visit_layers(visit, name);
    visit(name, child.type_name, *child.layer);
  }
}

}  // namespace rxrun
