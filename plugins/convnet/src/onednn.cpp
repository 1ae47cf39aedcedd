#include "onednn.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <array>
#include <dnnl.hpp>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "kernel_tensors.h"

namespace rxrun::layers::onednn {
namespace {

using dnnl::memory;
using torch::Tensor;
using Arguments = std::unordered_map<int, memory>;

// Never destroyed: what was made with it may outlive every static object.
const dnnl::engine& engine() {
  static const dnnl::engine& processor = *new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return processor;
}
dnnl::stream& stream() {
  thread_local dnnl::stream own(engine());
  return own;
}

memory::data_type type_of(torch::ScalarType type) {
  return type == at::kFloat ? memory::data_type::f32 : memory::data_type::bf16;
}

// oneDNN's reference programs are a thousand times slower than the others.
template <typename Program>
bool is_fast(const Program& program) {
  return !std::string_view(program.impl_info_str()).starts_with("ref");
}

// Whoever switches LibTorch's oneDNN off has a reason that holds here too.
bool is_on() { return at::globalContext().userEnabledMkldnn(); }

dnnl::primitive_attr attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);  // memory of LibTorch's, given back after each call
  return attributes;
}

// Runs with scratch memory for this call only.
void execute(const dnnl::primitive& primitive, const memory::desc& scratch, Arguments& arguments) {
  const Tensor space = at::empty({static_cast<std::int64_t>(scratch.get_size())}, at::TensorOptions(at::kByte));
  if (scratch.get_size() > 0) arguments.insert({DNNL_ARG_SCRATCHPAD, memory(scratch, engine(), space.data_ptr())});
  primitive.execute(stream(), arguments);
  stream().wait();
}

// ---- products of matrices ----

memory::desc describe(const Matrix& m) {
  return {memory::dims{m.rows, m.columns}, type_of(m.type),
          m.transposed ? memory::dims{1, m.rows} : memory::dims{m.columns, 1}};
}

struct Product {
  dnnl::matmul primitive;
  memory::desc a, b, c, scratch;
};

std::optional<Product> make_product(const Matrix& a, const Matrix& b, const Matrix& c, Addend addend) {
  const memory::desc a_memory = describe(a), b_memory = describe(b), c_memory = describe(c);
  dnnl::primitive_attr attribute = attributes();
  if (addend == Addend::matrix) {
    dnnl::post_ops operations;
    operations.append_binary(dnnl::algorithm::binary_add, c_memory);
    attribute.set_post_ops(operations);
  }
  try {
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::matmul::primitive_desc program(engine(), a_memory, b_memory, c_memory, attribute);
#else
    const dnnl::matmul::primitive_desc program(dnnl::matmul::desc(a_memory, b_memory, c_memory), attribute, engine());
#endif
    if (!is_fast(program)) return std::nullopt;
    return Product{dnnl::matmul(program), a_memory, b_memory, c_memory, program.scratchpad_desc()};
  } catch (const dnnl::error&) {
    return std::nullopt;  // not implemented for this processor
  }
}

// A program is made once for each kind of product and number of threads.
const std::optional<Product>& product(const Matrix& a, const Matrix& b, const Matrix& c, Addend addend) {
  using Key = std::array<std::int64_t, 10>;
  constexpr std::size_t most = 1024;
  thread_local std::map<Key, std::optional<Product>> made;
  const Key key = {a.rows,
                   a.columns,
                   b.columns,
                   a.transposed,
                   b.transposed,
                   static_cast<int>(a.type),
                   static_cast<int>(b.type),
                   static_cast<int>(c.type),
                   static_cast<int>(addend),
                   at::get_num_threads()};
  const auto found = made.find(key);
  if (found != made.end()) return found->second;
  if (made.size() == most) made.clear();
  return made.emplace(key, make_product(a, b, c, addend)).first->second;
}

// ---- convolutions ----

// Where the residual is as a program starts: in memory of its own, or where the result is written over it.
enum class Residual { apart, in_place };

dnnl::primitive_attr attributes(After after, const memory::desc& residual, Residual where) {
  dnnl::post_ops operations;
  if (after.add && where == Residual::apart) operations.append_binary(dnnl::algorithm::binary_add, residual);
  if (after.add && where == Residual::in_place) operations.append_sum();
#if DNNL_VERSION_MAJOR >= 3
  if (after.relu) operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
#else
  if (after.relu) operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f);
#endif
  dnnl::primitive_attr all = attributes();
  all.set_post_ops(operations);
  return all;
}

dnnl::convolution_forward::primitive_desc convolution_program(const memory::desc& x, const memory::desc& weight,
                                                              const memory::desc& bias, const memory::desc& y,
                                                              const Window& window, After after, Residual residual) {
  const memory::dims strides = {window.stride.height, window.stride.width},
                     dilates = {window.dilation.height - 1, window.dilation.width - 1},
                     padding = {window.padding.height, window.padding.width};
  constexpr auto kind = dnnl::prop_kind::forward_inference;
  constexpr auto algorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), kind,    algorithm, x,       weight,  bias,
          y,        strides, dilates,   padding, padding, attributes(after, y, residual)};
#else
  return {dnnl::convolution_forward::desc(kind, algorithm, x, weight, bias, y, strides, dilates, padding, padding),
          attributes(after, y, residual), engine()};
#endif
}

dnnl::matmul::primitive_desc product_program(const memory::desc& x, const memory::desc& weight,
                                             const memory::desc& bias, const memory::desc& y, After after) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), x, weight, bias, y, attributes(after, y, Residual::apart)};
#else
  return {dnnl::matmul::desc(x, weight, bias, y), attributes(after, y, Residual::apart), engine()};
#endif
}

// oneDNN 2's float32 convolution by a product of matrices, which it takes where it has no other, with instruction sets
// before AVX-512 above all, adds the wrong numbers of a residual that lies apart: differences as large as the result.
// All else that it has is right with it (tests/layers/folded_convolution_test.cpp, at every instruction set).
bool misplaces_residual(const dnnl::convolution_forward::primitive_desc& program, torch::ScalarType type) {
  return type == at::kFloat && std::string_view(program.impl_info_str()).find("gemm") != std::string_view::npos;
}

// A convolution's program with its weights, whichever primitive computes it.
class Prepared : public Convolution {
 public:
  Prepared(Tensor weight, memory::desc order) : weight_(std::move(weight)), order_(std::move(order)) {}
  const Tensor& weight() const { return weight_; }
  const memory::desc& order() const { return order_; }

 private:
  Tensor weight_;
  memory::desc order_;
};

template <typename Primitive>
class PreparedBy final : public Prepared {
 public:
  using Program = typename Primitive::primitive_desc;
  PreparedBy(const Program& program, std::vector<std::int64_t> y_sizes, torch::ScalarType type, Tensor weight,
             Tensor bias, After after, Residual residual)
      : Prepared(std::move(weight), program.weights_desc()),
        program_(program),
        primitive_(program),
        y_sizes_(std::move(y_sizes)),
        type_(type),
        bias_(std::move(bias)),
        after_(after),
        residual_(residual) {}

  Tensor run(const Tensor& x, const Tensor& residual) const override {
    const bool in_place = after_.add && residual_ == Residual::in_place;
    Tensor y = in_place ? residual.clone(at::MemoryFormat::ChannelsLast) : empty_image(y_sizes_, type_);
    Arguments arguments = {{DNNL_ARG_SRC, view(program_.src_desc(), x)},
                           {DNNL_ARG_WEIGHTS, view(order(), weight())},
                           {DNNL_ARG_BIAS, view(program_.bias_desc(), bias_)},
                           {DNNL_ARG_DST, view(program_.dst_desc(), y)}};
    if (after_.add && !in_place)
      arguments.insert({DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, view(program_.dst_desc(), residual)});
    execute(primitive_, program_.scratchpad_desc(), arguments);
    return y;
  }

 private:
  static memory view(const memory::desc& description, const Tensor& tensor) {
    return {description, engine(), tensor.data_ptr()};
  }
  Program program_;
  Primitive primitive_;
  std::vector<std::int64_t> y_sizes_;
  torch::ScalarType type_;
  Tensor bias_;
  After after_;
  Residual residual_;
};

// The weights, of `from`, in the order `to`.
Tensor reordered(const Tensor& weight, const memory::desc& from, const memory::desc& to) {
  Tensor there = at::empty({static_cast<std::int64_t>(to.get_size())}, at::TensorOptions(at::kByte));
  memory source(from, engine(), weight.data_ptr()), target(to, engine(), there.data_ptr());
  dnnl::reorder(source, target).execute(stream(), source, target);
  stream().wait();
  return there;
}

}  // namespace

bool has_bfloat16() {
  static const bool avx512 = [] {
    constexpr auto needed = static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
    return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & needed) == needed;
  }();
  return is_on() && avx512;
}

bool can_multiply(const Matrix& a, const Matrix& b, const Matrix& c, Addend addend) {
  return is_on() && product(a, b, c, addend).has_value();
}

void multiply(const Matrix& a, const Matrix& b, const Matrix& c, void* addend) {
  const std::optional<Product>& made = product(a, b, c, addend != nullptr ? Addend::matrix : Addend::none);
  TORCH_CHECK(made, "oneDNN has no implementation of this matrix product");
  Arguments arguments = {{DNNL_ARG_SRC, memory(made->a, engine(), a.data)},
                         {DNNL_ARG_WEIGHTS, memory(made->b, engine(), b.data)},
                         {DNNL_ARG_DST, memory(made->c, engine(), c.data)}};
  if (addend != nullptr)
    arguments.insert({DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, memory(made->c, engine(), addend)});
  execute(made->primitive, made->scratch, arguments);
}

namespace {

using Others = std::vector<std::shared_ptr<const Convolution>>;

// `plain` is the weight's order, float32. Null where there is only a slow program.
template <typename Primitive>
std::shared_ptr<const Convolution> finish(const typename Primitive::primitive_desc& program,
                                          const std::vector<std::int64_t>& y, torch::ScalarType type,
                                          const Tensor& weight, const memory::desc& plain, const Tensor& bias,
                                          After after, Residual residual, const Others& others) {
  if (!is_fast(program)) return nullptr;
  for (const auto& other : others) {
    const auto* const made = static_cast<const Prepared*>(other.get());
    if (made != nullptr && made->order() == program.weights_desc())
      return std::make_shared<PreparedBy<Primitive>>(program, y, type, made->weight(), bias, after, residual);
  }
  return std::make_shared<PreparedBy<Primitive>>(program, y, type, reordered(weight, plain, program.weights_desc()),
                                                 bias, after, residual);
}

using Tag = memory::format_tag;

// A 1×1 convolution as what it is: a product, pixels × channels. oneDNN's convolution takes an older program for it
// where something is added to the result.
std::shared_ptr<const Convolution> make_pointwise(at::IntArrayRef x, torch::ScalarType type, const Tensor& weight,
                                                  const Tensor& bias, After after, const Others& others) {
  const std::int64_t pixels = layers::product({x[0], x[2], x[3]}), in = x[1], out = weight.size(0);
  const memory::data_type number = type_of(type);
  try {
    return finish<dnnl::matmul>(
        product_program({{pixels, in}, number, Tag::ab}, {{in, out}, number, Tag::any},
                        {{1, out}, memory::data_type::f32, Tag::ab}, {{pixels, out}, number, Tag::ab}, after),
        {x[0], out, x[2], x[3]}, type, weight, {{in, out}, memory::data_type::f32, Tag::ba}, bias, after,
        Residual::apart, others);
  } catch (const dnnl::error&) {
    return nullptr;  // not implemented for this processor
  }
}

std::shared_ptr<const Convolution> make_direct(at::IntArrayRef x, torch::ScalarType type, const Tensor& weight,
                                               const Tensor& bias, const Window& window, std::int64_t groups,
                                               After after, Residual residual, const Others& others) {
  const Extent out = window_output({x[1], x[2], x[3]}, window);
  const std::int64_t channels = weight.size(0);
  const std::vector<std::int64_t> y = {x[0], channels, out.height, out.width};
  const memory::data_type number = type_of(type);
  memory::dims sizes = weight.sizes().vec();
  if (groups > 1) {
    sizes[0] /= groups;
    sizes.insert(sizes.begin(), groups);
  }
  try {
    const auto program = convolution_program({x.vec(), number, Tag::nhwc}, {sizes, number, Tag::any},
                                             {{channels}, memory::data_type::f32, Tag::a}, {y, number, Tag::nhwc},
                                             window, after, residual);
    if (after.add && residual == Residual::apart && misplaces_residual(program, type)) return nullptr;
    return finish<dnnl::convolution_forward>(program, y, type, weight,
                                             {sizes, memory::data_type::f32, groups > 1 ? Tag::goihw : Tag::oihw}, bias,
                                             after, residual, others);
  } catch (const dnnl::error&) {
    return nullptr;  // not implemented for this processor
  }
}

}  // namespace

std::shared_ptr<const Convolution> Convolution::make(at::IntArrayRef x, torch::ScalarType type, const Tensor& weight,
                                                     const Tensor& bias, const Window& window, std::int64_t groups,
                                                     After after, const Others& others) {
  if (!is_on()) return nullptr;
  if (groups == 1 && window.kernel == Extent{1, 1} && window.stride == Extent{1, 1} && window.padding == Extent{0, 0}) {
    if (auto made = make_pointwise(x, type, weight, bias, after, others)) return made;
  }
  auto made = make_direct(x, type, weight, bias, window, groups, after, Residual::apart, others);
  if (!made && after.add)  // a pass over memory more, for the residual's copy
    made = make_direct(x, type, weight, bias, window, groups, after, Residual::in_place, others);
  return made;
}

}  // namespace rxrun::layers::onednn
