// How keys*.cpp declare a key: its form from the type of the member that it fills, its default from that member's
// initialiser.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "experiment/key.h"
#include "experiment/node_values.h"

namespace rxrun {

// member(&Experiment::training, &TrainingSpec::epochs): the way from an experiment to one of its values.
template <typename... Members>
auto member(Members... members) {
  return [=](Experiment & experiment) -> auto& { return (experiment.*....*members); };
}

class KeyBuilder {
 public:
  KeyBuilder(std::string name, std::string doc) {
    key_.name = std::move(name);
    key_.doc = std::move(doc);
  }

  template <typename Access>
  KeyBuilder(std::string name, std::string doc, Access access) : KeyBuilder(std::move(name), std::move(doc)) {
    using Value = std::remove_cvref_t<decltype(access(std::declval<Experiment&>()))>;
    if constexpr (std::is_same_v<Value, bool>) key_.boolean = true;
    if constexpr (std::is_same_v<Value, double>) key_.number = NumberForm{};
    if constexpr (std::is_same_v<Value, std::int64_t>) key_.number = NumberForm{.integer = true};
    if constexpr (std::is_same_v<Value, std::uint64_t> || std::is_same_v<Value, std::optional<std::uint64_t>>)
      key_.number = NumberForm{.integer = true, .minimum = 0};
    if constexpr (std::is_same_v<Value, std::string> || std::is_same_v<Value, std::filesystem::path>)
      key_.text = TextForm{};
    if constexpr (std::is_same_v<Value, std::vector<double>>) key_.list = ListForm{.number = NumberForm{}};
    if constexpr (std::is_same_v<Value, std::vector<std::int64_t>>)
      key_.list = ListForm{.number = NumberForm{.integer = true}};
    if constexpr (std::is_same_v<Value, SplitPart>) {
      key_.number = NumberForm{};
      key_.text = TextForm{};
    }
    key_.nullable = std::is_same_v<Value, std::optional<std::uint64_t>>;
    key_.set = [access](Experiment& experiment, const Node& node) { store(node, access(experiment)); };
    key_.get = [access](Experiment& experiment) { return to_node(access(experiment)); };
  }

  KeyBuilder&& from(double minimum) { return bound(&NumberForm::minimum, nullptr, minimum); }
  KeyBuilder&& above(double minimum) { return bound(&NumberForm::minimum, &NumberForm::exclusive_minimum, minimum); }
  KeyBuilder&& to(double maximum) { return bound(&NumberForm::maximum, nullptr, maximum); }
  KeyBuilder&& below(double maximum) { return bound(&NumberForm::maximum, &NumberForm::exclusive_maximum, maximum); }
  KeyBuilder&& number(NumberForm form) {
    key_.number = std::move(form);
    return std::move(*this);
  }
  KeyBuilder&& only(std::vector<std::int64_t> values) {
    key_.number->only = std::move(values);
    return std::move(*this);
  }
  KeyBuilder&& zero_as(const std::string& word) {
    key_.words.push_back(word);
    key_.zero_word = word;
    get([number = key_.get, word](Experiment& experiment) {
      Node node = number(experiment);
      return node.integer == 0 ? to_node(word) : node;
    });
    return std::move(*this);
  }
  KeyBuilder&& length(std::size_t shortest, std::size_t longest) {
    if (key_.list) {
      key_.list->shortest = shortest;
      key_.list->longest = longest;
    } else {
      key_.text->shortest = shortest;
      key_.text->longest = longest;
    }
    return std::move(*this);
  }
  KeyBuilder&& words(std::vector<std::string> words) {
    key_.words = std::move(words);
    key_.text.reset();
    return std::move(*this);
  }
  // A word beside the other forms.
  KeyBuilder&& also(std::string word) {
    key_.words.push_back(std::move(word));
    return std::move(*this);
  }
  KeyBuilder&& text(std::string what, std::string pattern = {}) {
    if (!key_.text) key_.text.emplace();
    key_.text->what = std::move(what);
    key_.text->pattern = std::move(pattern);
    return std::move(*this);
  }
  KeyBuilder&& list(ListForm form) {
    key_.list = std::move(form);
    return std::move(*this);
  }
  KeyBuilder&& map(std::vector<Key> keys) {
    key_.map = true;
    key_.keys = std::move(keys);
    return std::move(*this);
  }
  KeyBuilder&& open() {
    key_.open = true;
    return std::move(*this);
  }
  KeyBuilder&& layers() {
    key_.layers = true;
    return std::move(*this);
  }
  KeyBuilder&& stages(std::vector<Key> keys) {
    key_.stages = true;
    key_.keys = std::move(keys);
    return std::move(*this);
  }
  KeyBuilder&& kinds(std::vector<Kind> kinds) {
    key_.kinds = std::move(kinds);
    return std::move(*this);
  }
  KeyBuilder&& required() {
    key_.required = true;
    return std::move(*this);
  }
  KeyBuilder&& nullable() {
    key_.nullable = true;
    return std::move(*this);
  }
  KeyBuilder&& no_identity() {
    key_.identity = false;
    return std::move(*this);
  }
  KeyBuilder&& consumed() {
    key_.consumed = true;
    return std::move(*this);
  }
  KeyBuilder&& spreads_to(std::vector<std::string> names) {
    key_.spread = std::move(names);
    return std::move(*this);
  }
  KeyBuilder&& normalize(std::function<bool(Node&)> normalize) {
    key_.normalize = std::move(normalize);
    return std::move(*this);
  }
  KeyBuilder&& set(std::function<void(Experiment&, const Node&)> set) {
    key_.set = std::move(set);
    return std::move(*this);
  }
  KeyBuilder&& get(std::function<Node(Experiment&)> get) {
    key_.get = std::move(get);
    return std::move(*this);
  }
  // A default other than the member's initialiser.
  KeyBuilder&& by_default(const Node& value) {
    return get([value](Experiment&) { return value; });
  }

  operator Key() && { return std::move(key_); }

 private:
  KeyBuilder&& bound(std::optional<double> NumberForm::*side, bool NumberForm::*exclusive, double value) {
    NumberForm& number = key_.number ? *key_.number : *key_.list->number;
    number.*side = value;
    if (exclusive) number.*exclusive = true;
    return std::move(*this);
  }

  Key key_;
};

// A key whose words stand for the values of an enumeration, in their order.
template <typename Access>
KeyBuilder choice(std::string name, std::string doc, Access access, const std::vector<std::string>& words) {
  using Value = std::remove_cvref_t<decltype(access(std::declval<Experiment&>()))>;
  KeyBuilder key(std::move(name), std::move(doc));
  key.words(words);
  key.set([access, words](Experiment& experiment, const Node& node) {
    access(experiment) = static_cast<Value>(std::find(words.begin(), words.end(), node.text) - words.begin());
  });
  key.get([access, words](Experiment& experiment) {
    return to_node(words.at(static_cast<std::size_t>(access(experiment))));
  });
  return key;
}

// A key whose kinds stand for the values of an enumeration, in their order.
template <typename Access>
KeyBuilder kinds_of(std::string name, std::string doc, Access access, std::vector<Kind> kinds) {
  using Value = std::remove_cvref_t<decltype(access(std::declval<Experiment&>()))>;
  std::vector<std::string> names;
  for (const Kind& kind : kinds) names.push_back(kind.name);
  KeyBuilder key(std::move(name), std::move(doc));
  key.kinds(std::move(kinds));
  key.set([access, names](Experiment& experiment, const Node& node) {
    const std::string& kind = node.entries.at(0).key;
    access(experiment) = static_cast<Value>(std::find(names.begin(), names.end(), kind) - names.begin());
  });
  key.get([access, names](Experiment& experiment) {
    return to_node(names.at(static_cast<std::size_t>(access(experiment))));
  });
  return key;
}

}  // namespace rxrun
