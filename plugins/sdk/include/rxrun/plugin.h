// What a plugin includes. A plugin is a shared library with one entry function:
//
//   RXRUN_PLUGIN("activations", plugin) {
//     plugin.layer<ScaledTanh>("scaled_tanh", "gain * tanh(x), element-wise")
//         .option("gain", &ScaledTanh::Options::gain, "output scale", rxrun::greater_than(0.0));
//   }
//
// The layer class has a nested aggregate `Options`, whose member initialisers are the defaults, and a constructor
// (const Options&, const rxrun::Shape& input) that throws LayerError for an input it cannot take.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rxrun/layer.h"
#include "rxrun/manifest.h"
#include "rxrun/option.h"

namespace rxrun {

using LayerFactory = std::function<std::unique_ptr<Layer>(const OptionValues&, const Shape& input)>;

struct LayerDefinition {
  LayerInfo info;
  LayerFactory make;
};

// ---- constraints of an option; pass any number of them after its doc ----
using Constraint = std::function<void(OptionInfo&)>;
Constraint greater_than(double bound);
Constraint at_least(double bound);
Constraint less_than(double bound);
Constraint at_most(double bound);
Constraint one_of(std::vector<std::string> choices);
Constraint required();           // no default: the experiment must give it
Constraint number_of_classes();  // for std::optional<std::int64_t>: absent means as many as the data has classes

namespace detail {
template <typename T>
struct OptionTraits;
template <>
struct OptionTraits<bool> {
  static constexpr OptionType type = OptionType::boolean;
};
template <>
struct OptionTraits<std::int64_t> {
  static constexpr OptionType type = OptionType::integer;
};
template <>
struct OptionTraits<double> {
  static constexpr OptionType type = OptionType::real;
};
template <>
struct OptionTraits<std::string> {
  static constexpr OptionType type = OptionType::string;
};
template <>
struct OptionTraits<Extent> {
  static constexpr OptionType type = OptionType::extent;
};

template <typename T>
struct Unwrap {
  using type = T;
  static constexpr bool optional = false;
};
template <typename T>
struct Unwrap<std::optional<T>> {
  using type = T;
  static constexpr bool optional = true;
};
}  // namespace detail

// Describes one layer; returned by Plugin::layer.
template <typename L>
class LayerBuilder {
 public:
  using Options = typename L::Options;

  explicit LayerBuilder(std::shared_ptr<LayerDefinition> definition) : definition_(std::move(definition)) {}

  // T: bool, std::int64_t, double, std::string, Extent, or std::optional of one of them.
  template <typename T, typename... Constraints>
  LayerBuilder& option(const std::string& name, T Options::*member, const std::string& doc,
                       Constraints... constraints) {
    using Value = typename detail::Unwrap<T>::type;
    OptionInfo info;
    info.name = name;
    info.type = detail::OptionTraits<Value>::type;
    info.doc = doc;
    info.optional = detail::Unwrap<T>::optional;
    if constexpr (!detail::Unwrap<T>::optional) info.default_value = Options{}.*member;
    (Constraint(constraints)(info), ...);
    definition_->info.options.push_back(info);
    setters_->push_back([name, member](Options& options, const OptionValue& value) {
      if (std::holds_alternative<std::monostate>(value)) return;
      options.*member = std::get<Value>(value);
    });
    return *this;
  }
  LayerBuilder& type_name(const std::string& name) {
    definition_->info.type_name = name;
    return *this;
  }
  LayerBuilder& weight_prefix(const std::string& prefix) {
    definition_->info.weight_prefix = prefix;
    return *this;
  }
  LayerBuilder& block() {
    definition_->info.block = true;
    return *this;
  }
  LayerBuilder& view() {
    definition_->info.view = true;
    return *this;
  }
  // For the plugins that rxrun ships, 1 at first: to be raised whenever the layer computes something else than before
  // (beyond rounding) or a default of its options changes; that of a block also when a layer that it is built from
  // does. It is part of the identity of every run that uses the layer, where for other plugins the library's build id
  // stands.
  LayerBuilder& revision(std::int64_t number) {
    definition_->info.revision = number;
    return *this;
  }

 private:
  friend class Plugin;
  using Setter = std::function<void(Options&, const OptionValue&)>;
  std::shared_ptr<LayerDefinition> definition_;
  std::shared_ptr<std::vector<Setter>> setters_ = std::make_shared<std::vector<Setter>>();
};

// The registrar that the entry function is handed.
class RXRUN_API Plugin {
 public:
  // A name may be declared once; a second time throws LayerError.
  template <typename L>
  LayerBuilder<L> layer(const std::string& name, const std::string& doc) {
    auto definition = add(name, doc);
    LayerBuilder<L> builder(definition);
    // values come in the table's order, checked against it.
    definition->make = [setters = builder.setters_](const OptionValues& values,
                                                    const Shape& input) -> std::unique_ptr<Layer> {
      typename L::Options options;
      for (std::size_t i = 0; i < values.size(); ++i) (*setters)[i](options, values[i].second);
      return std::make_unique<L>(options, input);
    };
    return builder;
  }
  const std::vector<std::shared_ptr<LayerDefinition>>& layers() const { return layers_; }

 private:
  std::shared_ptr<LayerDefinition> add(const std::string& name, const std::string& doc);
  std::vector<std::shared_ptr<LayerDefinition>> layers_;
};

}  // namespace rxrun
