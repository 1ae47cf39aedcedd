// Scalars and lists: is the value one that the key takes?
#include <algorithm>
#include <cmath>
#include <optional>
#include <regex>

#include "diagnostics/render.h"
#include "experiment/interpolation.h"
#include "experiment/key_reader.h"
#include "experiment/metric.h"
#include "experiment/node_values.h"

namespace rxrun {
namespace {

bool within(const NumberForm& form, double value) {
  if (!std::isfinite(value)) return false;
  if (form.minimum && (form.exclusive_minimum ? value <= *form.minimum : value < *form.minimum)) return false;
  if (form.maximum && (form.exclusive_maximum ? value >= *form.maximum : value > *form.maximum)) return false;
  if (form.only.empty()) return true;
  return std::any_of(form.only.begin(), form.only.end(),
                     [&](std::int64_t v) { return static_cast<double>(v) == value; });
}

// Makes it a real where a real is wanted, so that `lr: 1` and `lr: 1.0` are the same.
bool accept_number(const NumberForm& form, Node& node) {
  if (form.integer ? node.kind != Node::Kind::integer : !node.is_number()) return false;
  if (!within(form, node.real)) return false;
  if (!form.integer) node.kind = Node::Kind::real;
  return true;
}

bool accept_text(const TextForm& form, const Node& node) {
  if (node.kind != Node::Kind::string || node.text.size() < form.shortest || node.text.size() > form.longest)
    return false;
  if (node.text.find('\0') != std::string::npos) return false;
  return form.pattern.empty() || std::regex_match(node.text, std::regex(form.pattern));
}

// Percentages where a share is expected.
std::string advice_for_share(const Key& key, const Node& node) {
  const bool share = key.number && !key.number->integer && key.number->minimum == 0.0 && key.number->maximum == 1.0;
  const bool percentage = node.is_number() && node.real >= 2.0 && node.real <= 100.0;
  if (!share || !percentage) return {};
  return "for " + node.text + " % write " + number_text(node.real / 100.0);
}

// `validation_auc` for `test_auc` and `Test_auc`, if that is a word, or nearly one: the name since rxrun 0.1, where
// `test` was the part that is scored every epoch.
std::optional<std::string> present_name(const std::vector<std::string>& words, const Node& node) {
  const bool of_test =
      node.kind == Node::Kind::string && (node.text.starts_with("test") || node.text.starts_with("Test"));
  return of_test ? metric_meant(node.text, words) : std::nullopt;
}

bool is_word(const std::vector<std::string>& words, const Node& node) {
  return node.kind == Node::Kind::string && std::find(words.begin(), words.end(), node.text) != words.end();
}

}  // namespace

bool KeyReader::accept(const Key& key, Node& node) {
  if (node.kind == Node::Kind::list && key.list) return accept_list(key, node);
  if (!key.zero_word.empty() && node.kind == Node::Kind::integer && node.integer == 0) {
    node.kind = Node::Kind::string;
    node.text = key.zero_word;
    return true;
  }
  const bool accepted = (key.boolean && node.kind == Node::Kind::boolean) || is_word(key.words, node) ||
                        (key.number && accept_number(*key.number, node)) || (key.text && accept_text(*key.text, node));
  if (const auto name = accepted ? std::nullopt : present_name(key.words, node)) {
    refuse_test_part(key.name, *name, node);
    return false;
  }
  if (accepted && (!key.normalize || key.normalize(node))) return true;
  refuse(key.name, expected(key), node, key.words, advice_for_share(key, node));
  return false;
}

bool KeyReader::accept_list(const Key& key, Node& node) {
  const ListForm& form = *key.list;
  if (node.items.size() < form.shortest || node.items.size() > form.longest) {
    const std::string wanted = form.shortest == form.longest       ? std::to_string(form.shortest)
                               : node.items.size() < form.shortest ? "at least " + std::to_string(form.shortest)
                                                                   : "at most " + std::to_string(form.longest);
    diagnostics_.error(node.where, "`" + key.name + "` must have " + wanted +
                                       (wanted.ends_with(" 1") ? " element" : " elements") + ", found " +
                                       (node.items.empty() ? "none" : std::to_string(node.items.size())));
    return false;
  }
  bool good = true;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (form.number ? accept_number(*form.number, node.items[i]) : accept_text(form.text, node.items[i])) continue;
    refuse(key.name + "[" + std::to_string(i) + "]", form.number ? expected(*form.number) : form.text.what,
           node.items[i], {});
    good = false;
  }
  return good;
}

void KeyReader::refuse_test_part(const std::string& name, const std::string& present, const Node& node) {
  const bool in_file = node.where.file != "command line";
  diagnostics_.error(node.where,
                     "`" + name + "` cannot be `" + printable(node.text) +
                         "`: the part `test` is scored once, at the end, and chooses nothing; what is scored every "
                         "epoch is `validation`",
                     "write `" + present + "`; until rxrun 0.1 the two names were the other way round" +
                         (in_file ? ", and `rxrun upgrade FILE` rewrites files of that time" : ""));
}

void KeyReader::refuse(const std::string& name, const std::string& wanted, const Node& node,
                       const std::vector<std::string>& words, std::string advice) {
  // An expression that could not be filled in was told already.
  if (has_expression(node) && diagnostics_.has_errors()) return;
  const bool number_wanted = wanted.find("number") != std::string::npos || wanted.find("integer") != std::string::npos;
  const bool several = node.where.file == "command line" && node.text.find_first_of(",(") != std::string::npos;
  if (several && node.kind == Node::Kind::string) {
    advice = "`rxrun sweep` takes several values of a key, and draws such as log(1e-5,1e-2)";
  } else if (node.kind == Node::Kind::string) {
    const auto metric = metric_meant(node.text, words);
    if (const auto near = metric ? metric : nearest_name(node.text, words))
      advice = "did you mean `" + *near + "`?";
    else if (number_wanted && rxrun::scalar(node.text, false, {}).is_number())
      advice = "write numbers without quotes";
    else if (wanted == "`true` or `false`" &&
             (node.text == "yes" || node.text == "no" || node.text == "on" || node.text == "off"))
      advice = "YAML 1.2 knows only `true` and `false`";
  } else if (node.kind == Node::Kind::real && std::isfinite(node.real)) {
    const bool integral = node.text.find_first_of(".eE") == std::string::npos || node.text.starts_with("0x");
    if (integral) advice = "integers must fit in 64 bits";
  }
  diagnostics_.error(node.where, "`" + printable(name) + "` must be " + wanted + ", found " + found(node),
                     std::move(advice));
}

}  // namespace rxrun
