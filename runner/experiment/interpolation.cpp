#include "experiment/interpolation.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "diagnostics/render.h"
#include "diagnostics/utf8.h"
#include "experiment/paths.h"

namespace rxrun {
namespace {

constexpr std::size_t longest_text = 64u << 10;  // bytes of one filled-in string
constexpr int deepest_reference = 50;
constexpr int most_errors = 50;

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && !digit(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || digit(c); });
}

// The end of the expression that starts with `${` at `start`: past its brace, or npos. Braces inside it nest.
std::size_t end_of_expression(std::string_view text, std::size_t start) {
  int open = 0;
  for (std::size_t at = start + 1; at < text.size(); ++at) {
    if (text[at] == '{') ++open;
    if (text[at] == '}' && --open == 0) return at + 1;
  }
  return std::string_view::npos;
}

int count_levels(const Node& node) {
  int levels = 0;
  for (const Node& item : node.items) levels = std::max(levels, count_levels(item));
  for (const Node::Entry& entry : node.entries) levels = std::max(levels, count_levels(entry.value));
  return levels + (node.is_scalar() ? 0 : 1);
}

// The place of `expression` inside the string whose place is `where`.
SourceLocation place_in(SourceLocation where, std::string_view expression) {
  if (expression.empty()) return where;
  std::size_t start = 0;
  for (int column = 1; column < where.column && start < where.text.size(); ++column)
    start += decode_utf8(where.text, start).size;
  const std::size_t found = where.text.find(expression, start);
  if (found == std::string::npos) return where;
  where.column += static_cast<int>(count_code_points(std::string_view(where.text).substr(start, found - start)));
  where.length = static_cast<int>(count_code_points(expression));
  return where;
}

// Thrown out of one string's expressions, after its error is told; and out of the whole tree when a bound is reached.
struct Failed {};
struct Exhausted {};

class Interpolator {
 public:
  Interpolator(Node& root, Diagnostics& diagnostics, const DocumentLimits& limits)
      : root_(root),
        diagnostics_(diagnostics),
        limits_(limits),
        nodes_left_(limits.nodes - count_nodes(root)),
        bytes_left_(limits.bytes) {}

  // Fills in all strings at and below `node`, which is `depth` levels down; each once.
  void walk(Node& node, int depth) {
    if (done_.contains(&node)) return;
    open_.insert(&node);
    for (Node& item : node.items) walk(item, depth + 1);
    for (Node::Entry& entry : node.entries) walk(entry.value, depth + 1);
    if (is_pending(node)) {
      try {
        fill_in(node, depth);
      } catch (const Failed&) {
        failed_.insert(&node);
      }
    }
    open_.erase(&node);
    done_.insert(&node);
  }

 private:
  static bool is_pending(const Node& node) {
    return node.kind == Node::Kind::string && node.text.find("${") != std::string::npos;
  }

  void fill_in(Node& node, int depth) {
    const std::string text = node.text;
    if (text.starts_with("${") && end_of_expression(text, 0) == text.size()) {
      take(node, evaluate(node, text), depth);
    } else {
      node.text = expand(node, text);
    }
  }

  // The value replaces the string but stands at the string's place.
  void take(Node& node, Node value, int depth) {
    if (depth + count_levels(value) > limits_.depth) {
      exhausted(node, fmt::format("lists and maps nest deeper than {} levels after interpolation", limits_.depth));
    }
    spend(node, value.text.size());
    value.where = node.where;
    value.origin = node.origin;
    node = std::move(value);
    mark_done(node);
  }

  // What was copied is complete: a `${` in it is text.
  void mark_done(const Node& node) {
    for (const Node& item : node.items) mark_done(item);
    for (const Node::Entry& entry : node.entries) mark_done(entry.value);
    done_.insert(&node);
  }

  std::string expand(const Node& node, std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      if (text.substr(at, 3) == "$${") {
        out += "${";
        at += 3;
      } else if (text.substr(at, 2) == "${") {
        const std::size_t end = end_of_expression(text, at);
        if (end == std::string_view::npos) fail(node, text.substr(at), "`${` is never closed, expected `}`");
        out += text_of(node, text.substr(at, end - at));
        at = end;
      } else {
        out += text[at++];
      }
      if (out.size() > longest_text)
        fail(node, {}, fmt::format("the string has more than {} bytes after interpolation", longest_text));
    }
    spend(node, out.size());
    return out;
  }

  std::string text_of(const Node& node, std::string_view expression) {
    const Node value = evaluate(node, expression);
    if (!value.is_scalar())
      fail(node, expression,
           fmt::format("`{}` is {}, which cannot be part of a string", expression, to_string(value.kind)));
    return value.kind == Node::Kind::null && value.text.empty() ? "null" : value.text;
  }

  // `expression` is `${...}`, whole.
  Node evaluate(const Node& node, std::string_view expression) {
    if (depth_ >= deepest_reference)
      fail(node, expression, fmt::format("references lead through more than {} other references", deepest_reference));
    struct Level {
      explicit Level(int& depth) : depth(depth) { ++depth; }
      ~Level() { --depth; }
      int& depth;
    } level(depth_);
    const std::string_view body = expression.substr(2, expression.size() - 3);
    const std::size_t colon = body.find(':');
    if (colon == std::string_view::npos) return referenced(node, expression, body);
    if (body.substr(0, colon) == "env") return from_environment(node, expression, body.substr(colon + 1));
    fail(node, expression,
         fmt::format("`{}` is not a reference, expected `${{env:NAME}}` or `${{path.to.key}}`", expression));
  }

  Node from_environment(const Node& node, std::string_view expression, std::string_view body) {
    const std::size_t colon = body.find(':');
    const std::string name(body.substr(0, colon));
    if (!is_name(name)) fail(node, expression, fmt::format("`{}` is not a valid environment variable name", name));
    const char* found = std::getenv(name.c_str());
    if (found == nullptr && colon == std::string_view::npos) {
      fail(node, expression, fmt::format("the environment variable `{}` is not set", name),
           fmt::format("set it, or give a default: `${{env:{}:default}}`", name));
    }
    if (found == nullptr) return typed(expand(node, body.substr(colon + 1)), node);
    const std::string text(found, ::strnlen(found, longest_text + 1));
    if (text.size() > longest_text)
      fail(node, expression, fmt::format("the environment variable `{}` has more than {} bytes", name, longest_text));
    if (printable(text) != text) {
      fail(node, expression,
           fmt::format("the environment variable `{}` has control characters or invalid UTF-8", name));
    }
    return typed(text, node);
  }

  // An empty text is an empty string here, not null.
  static Node typed(std::string text, const Node& node) {
    const bool empty = text.empty();
    return scalar(std::move(text), empty, node.where);
  }

  Node referenced(const Node& node, std::string_view expression, std::string_view path) {
    Node* target = &root_;
    int depth = 0;
    for (const std::string& part : split_path(path)) {
      target = child(*target, part);
      if (target == nullptr) fail_unknown(node, expression, path);
      ++depth;
      if (!is_pending(*target)) continue;
      if (open_.contains(target)) fail(node, expression, fmt::format("`{}` refers back to itself", expression));
      walk(*target, depth);
    }
    if (open_.contains(target)) fail(node, expression, fmt::format("`{}` refers back to itself", expression));
    walk(*target, depth);
    if (failed_.contains(target)) throw Failed{};  // told where it is written
    nodes_left_ -= count_nodes(*target) - 1;
    if (nodes_left_ < 0) exhausted(node, fmt::format("more than {} values after interpolation", limits_.nodes));
    return *target;
  }

  [[noreturn]] void fail_unknown(const Node& node, std::string_view expression, std::string_view path) {
    std::vector<std::string> paths;
    for_each_path(root_,
                  [&](const std::vector<std::string>& parts, const Node&) { paths.push_back(join_path(parts)); });
    const std::optional<std::string> nearest = nearest_name(path, paths);
    fail(node, expression, fmt::format("there is no key `{}`", path),
         nearest ? fmt::format("did you mean `${{{}}}`?", *nearest) : "");
  }

  void spend(const Node& node, std::size_t bytes) {
    if (bytes > bytes_left_) exhausted(node, fmt::format("more than {} bytes after interpolation", limits_.bytes));
    bytes_left_ -= bytes;
  }

  [[noreturn]] void fail(const Node& node, std::string_view expression, std::string message, std::string advice = {}) {
    diagnostics_.error(place_in(node.where, expression), std::move(message), std::move(advice));
    if (++errors_ >= most_errors) throw Exhausted{};
    throw Failed{};
  }

  [[noreturn]] void exhausted(const Node& node, std::string message) {
    diagnostics_.error(node.where, std::move(message));
    throw Exhausted{};
  }

  Node& root_;
  Diagnostics& diagnostics_;
  const DocumentLimits& limits_;
  std::int64_t nodes_left_;
  std::uint64_t bytes_left_;
  int depth_ = 0, errors_ = 0;
  std::unordered_set<const Node*> open_, done_, failed_;
};

}  // namespace

void interpolate(Node& root, Diagnostics& diagnostics, const DocumentLimits& limits) {
  Interpolator interpolator(root, diagnostics, limits);
  try {
    interpolator.walk(root, 0);
  } catch (const Exhausted&) {
    // Told already; what is left is not filled in.
  }
}

bool has_expression(const Node& value) {
  if (value.is_scalar()) return value.kind == Node::Kind::string && value.text.find("${") != std::string::npos;
  return std::any_of(value.items.begin(), value.items.end(), has_expression) ||
         std::any_of(value.entries.begin(), value.entries.end(),
                     [](const Node::Entry& entry) { return has_expression(entry.value); });
}

}  // namespace rxrun
