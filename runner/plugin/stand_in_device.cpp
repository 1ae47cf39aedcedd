#include "plugin/stand_in_device.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <mutex>
#include <tuple>
#include <utility>

namespace rxrun {
namespace {

constexpr c10::DeviceType kType = c10::DeviceType::PrivateUse1;

// ---- tensors: each keeps one of the CPU, whose memory it shares ----

at::Tensor stand_in(const at::Tensor& cpu) {
  c10::DataPtr data(
      cpu.storage().data_ptr().get(), new at::Tensor(cpu), [](void* kept) { delete static_cast<at::Tensor*>(kept); },
      at::Device(kType, 0));
  c10::Storage storage(c10::Storage::use_byte_size_t(), cpu.storage().nbytes(), std::move(data), /*allocator=*/nullptr,
                       /*resizable=*/false);
  at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(
      std::move(storage), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), cpu.dtype());
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(cpu.sizes(), cpu.strides(), cpu.storage_offset());
  return tensor;
}

at::Tensor on_cpu(const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.is_cpu()) return tensor;
  const auto& kept = *static_cast<const at::Tensor*>(tensor.storage().data_ptr().get_context());
  return at::empty({0}, at::TensorOptions(tensor.scalar_type()))
      .set_(kept.storage(), tensor.storage_offset(), tensor.sizes(), tensor.strides());
}

// An operation's tensors of this device, each with its counterpart.
using Pairs = std::vector<std::pair<at::Tensor, at::Tensor>>;

at::Tensor enter(const at::Tensor& tensor, Pairs& pairs, const std::string& operation) {
  if (!tensor.defined()) return tensor;
  if (tensor.is_cpu()) {
    TORCH_CHECK(tensor.dim() == 0, operation, " is given tensors of the CPU and of another device");
    return tensor;
  }
  pairs.emplace_back(tensor, on_cpu(tensor));
  return pairs.back().second;
}

at::Tensor leave(const at::Tensor& tensor, const Pairs& pairs) {
  for (const auto& [theirs, cpu] : pairs) {
    if (tensor.is_same(cpu)) return theirs;
  }
  return tensor.defined() && tensor.is_cpu() ? stand_in(tensor) : tensor;
}

template <typename Change>
c10::IValue changed(const c10::IValue& value, const Change& change) {
  if (value.isTensor()) return change(value.toTensor());
  if (!value.isList()) return value;
  const c10::impl::GenericList list = value.toList();
  const c10::TypePtr type = list.elementType();
  if (type->kind() != c10::TypeKind::TensorType && type->kind() != c10::TypeKind::OptionalType) return value;
  c10::impl::GenericList all(type);
  for (const c10::IValue& element : value.toListRef()) all.push_back(changed(element, change));
  return all;
}

// An operation may give its output's tensor another size.
void take_over_shape(const at::Tensor& theirs, const at::Tensor& cpu) {
  c10::TensorImpl* const tensor = theirs.unsafeGetTensorImpl();
  if (cpu.storage().data_ptr().get() != theirs.storage().data_ptr().get())
    tensor->set_storage_keep_dtype(stand_in(cpu).storage());
  if (theirs.sizes() != cpu.sizes() || theirs.strides() != cpu.strides())
    tensor->set_sizes_and_strides(cpu.sizes(), cpu.strides(), cpu.storage_offset());
}

void compute_on_cpu(const c10::OperatorHandle& operation, torch::jit::Stack* stack) {
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const std::string& name = operation.schema().name();
  Pairs pairs;
  for (std::size_t i = stack->size() - operation.schema().arguments().size(); i < stack->size(); ++i) {
    c10::IValue& value = (*stack)[i];
    TORCH_CHECK(!value.isGenerator() || !value.toGenerator().defined(), name,
                " is given the CPU's generator and tensors of another device");
    if (value.isDevice()) value = at::Device(at::kCPU);
    value = changed(value, [&](const at::Tensor& tensor) { return enter(tensor, pairs, name); });
  }
  operation.callBoxed(stack);
  for (const auto& [theirs, cpu] : pairs) take_over_shape(theirs, cpu);
  for (std::size_t i = stack->size() - operation.schema().returns().size(); i < stack->size(); ++i) {
    (*stack)[i] = changed((*stack)[i], [&](const at::Tensor& tensor) { return leave(tensor, pairs); });
  }
}

// ---- what has no form that the CPU's could stand in for ----

at::Tensor empty(at::IntArrayRef sizes, c10::optional<at::ScalarType> type, c10::optional<at::Layout>,
                 c10::optional<at::Device>, c10::optional<bool>, c10::optional<at::MemoryFormat> format) {
  return stand_in(at::empty(sizes, at::TensorOptions(type.value_or(at::kFloat)), format));
}
at::Tensor empty_strided(at::IntArrayRef sizes, at::IntArrayRef strides, c10::optional<at::ScalarType> type,
                         c10::optional<at::Layout>, c10::optional<at::Device>, c10::optional<bool>) {
  return stand_in(at::empty_strided(sizes, strides, at::TensorOptions(type.value_or(at::kFloat))));
}
at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool) {
  on_cpu(to).copy_(on_cpu(from));
  return to;
}
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias,
                       at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef output_padding, std::int64_t groups) {
  const at::Tensor there = bias.value_or(at::Tensor());
  TORCH_CHECK(!x.is_cpu() && !weight.is_cpu() && !(there.defined() && there.is_cpu()),
              "convolution is given tensors of the CPU and of another device");
  return stand_in(at::convolution(on_cpu(x), on_cpu(weight), on_cpu(there), stride, padding, dilation, transposed,
                                  output_padding, groups));
}
std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(const at::Tensor& dy, const at::Tensor& x,
                                                                    const at::Tensor& weight, at::IntArrayRef stride,
                                                                    at::IntArrayRef padding, at::IntArrayRef dilation,
                                                                    bool transposed, at::IntArrayRef output_padding,
                                                                    std::int64_t groups, std::array<bool, 3> wanted) {
  const auto [dx, dw, db] =
      at::convolution_backward(on_cpu(dy), on_cpu(x), on_cpu(weight), at::IntArrayRef({weight.size(0)}), stride,
                               padding, dilation, transposed, output_padding, groups, wanted);
  const auto back = [](const at::Tensor& tensor) { return tensor.defined() ? stand_in(tensor) : tensor; };
  return {back(dx), back(dw), back(db)};
}

// ---- streams: everything is done when it is asked for, and noted ----

std::mutex log_mutex;
std::vector<std::string> stream_log;

void note(const std::string& text) {
  const std::lock_guard<std::mutex> lock(log_mutex);
  stream_log.push_back(text);
}
std::string name_of(const c10::Stream& stream) { return "stream " + std::to_string(stream.id()); }
std::string name_of(const void* event) { return "event " + std::to_string(reinterpret_cast<std::uintptr_t>(event)); }

class Streams final : public c10::impl::DeviceGuardImplInterface {
 public:
  c10::DeviceType type() const override { return kType; }
  c10::Device exchangeDevice(c10::Device) const override { return getDevice(); }
  c10::Device getDevice() const override { return {kType, 0}; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  c10::Stream getStream(c10::Device) const noexcept override { return stream(current()); }
  c10::Stream getDefaultStream(c10::Device) const override { return stream(0); }
  c10::Stream getStreamFromGlobalPool(c10::Device, bool) const override { return stream(1); }
  c10::Stream exchangeStream(c10::Stream next) const noexcept override {
    return stream(std::exchange(current(), next.id()));
  }
  void record(void** event, const c10::Stream& on, const c10::DeviceIndex, const c10::EventFlag) const override {
    static std::uintptr_t events = 0;
    if (*event == nullptr) *event = reinterpret_cast<void*>(++events);
    note(name_of(on) + " reaches " + name_of(*event));
  }
  void block(void* event, const c10::Stream& on) const override { note(name_of(on) + " waits for " + name_of(event)); }
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
  bool queryStream(const c10::Stream&) const override { return true; }
  void synchronizeStream(const c10::Stream& on) const override { note("the program waits for " + name_of(on)); }
  void recordDataPtrOnStream(const c10::DataPtr&, const c10::Stream& on) const override {
    note("memory is in use by " + name_of(on));
  }

 private:
  static c10::Stream stream(c10::StreamId id) { return c10::Stream(c10::Stream::UNSAFE, {kType, 0}, id); }
  static c10::StreamId& current() {
    thread_local c10::StreamId id = 0;
    return id;
  }
};

}  // namespace

at::Device stand_in_device() {
  static const bool known = [] {
    static const Streams streams;
    c10::impl::DeviceGuardImplRegistrar(kType, &streams);
    static torch::Library all(torch::Library::IMPL, "_", c10::DispatchKey::PrivateUse1, __FILE__, __LINE__);
    all.fallback(torch::CppFunction::makeFromBoxedFunction<&compute_on_cpu>());
    static torch::Library some(torch::Library::IMPL, "aten", c10::DispatchKey::PrivateUse1, __FILE__, __LINE__);
    some.impl("empty.memory_format", empty);
    some.impl("empty_strided", empty_strided);
    some.impl("_copy_from", copy_from);
    some.impl("convolution_overrideable", convolution);
    some.impl("convolution_backward_overrideable", convolution_backward);
    return true;
  }();
  static_cast<void>(known);
  return {kType, 0};
}

std::vector<std::string> take_stream_log() {
  const std::lock_guard<std::mutex> lock(log_mutex);
  return std::exchange(stream_log, {});
}

}  // namespace rxrun
