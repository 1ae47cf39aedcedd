#include "experiment/document.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "experiment/interpolation.h"
#include "experiment/overrides.h"
#include "experiment/paths.h"
#include "files/files.h"

namespace rxrun {
namespace {

constexpr std::size_t deepest_chain = 16;
constexpr int most_files = 64;

// Kinds of `base` that give way to another kind that `child` chooses.
void drop_other_kinds(Node& base, const Node& child) {
  const auto other = [&](const Node::Entry& entry) { return is_kind(entry) && base.find(entry.key) == nullptr; };
  if (std::any_of(child.entries.begin(), child.entries.end(), other)) std::erase_if(base.entries, is_kind);
}

// `child` over `base`: maps key by key, everything else replaced. Each value keeps where it was written.
void merge(Node& base, Node child, const std::string& path) {
  if (base.kind != Node::Kind::map || child.kind != Node::Kind::map) {
    base = std::move(child);
    return;
  }
  if (selects_kind(path)) drop_other_kinds(base, child);
  base.where = child.where;
  for (Node::Entry& entry : child.entries) {
    const auto same = [&](const Node::Entry& other) { return other.key == entry.key; };
    const auto found = std::find_if(base.entries.begin(), base.entries.end(), same);
    if (found == base.entries.end()) {
      base.entries.push_back(std::move(entry));
    } else {
      found->key_where = entry.key_where;
      merge(found->value, std::move(entry.value), path.empty() ? entry.key : path + "." + entry.key);
    }
  }
}

// Reads a file and what it extends.
class Chain {
 public:
  Chain(Diagnostics& diagnostics, const DocumentLimits& limits) : diagnostics_(diagnostics), left_(limits) {}

  // `text` is the content of `file`.
  std::optional<Node> load(const std::filesystem::path& file, const std::string& text) {
    std::optional<Node> root = parse_document(text, file.string(), diagnostics_, left_);
    if (!root) return std::nullopt;
    left_.nodes -= count_nodes(*root);
    if (root->kind != Node::Kind::map) {
      diagnostics_.error(root->where, fmt::format("an experiment must be a map of `key: value`, but this is {}",
                                                  to_string(root->kind)));
      return std::nullopt;
    }
    Node bases;
    bases.kind = Node::Kind::map;
    open_.push_back(std::filesystem::weakly_canonical(file));
    const bool complete = load_bases(*root, file.parent_path(), bases);
    open_.pop_back();
    merge(bases, std::move(*root), "");
    // A key that only a missing base has would be told as missing too: better to stop at the cause.
    if (!complete) broken_ = true;
    return bases;
  }
  bool broken() const { return broken_; }

 private:
  bool load_bases(Node& root, const std::filesystem::path& folder, Node& bases) {
    const auto entry =
        std::find_if(root.entries.begin(), root.entries.end(), [](const Node::Entry& e) { return e.key == "extends"; });
    if (entry == root.entries.end()) return true;
    const Node value = std::move(entry->value);
    const SourceLocation key_where = entry->key_where;
    root.entries.erase(entry);
    if (value.kind == Node::Kind::string) return load_base(value, folder, bases);
    if (value.kind != Node::Kind::list || value.items.empty()) {
      diagnostics_.error(value.kind == Node::Kind::null ? key_where : value.where,
                         fmt::format("`extends` is {}, expected a file name or a list of them",
                                     value.kind == Node::Kind::list ? "an empty list" : to_string(value.kind)));
      return false;
    }
    bool complete = true;
    for (const Node& item : value.items) {
      if (item.kind == Node::Kind::string) {
        complete = load_base(item, folder, bases) && complete;
      } else {
        diagnostics_.error(item.where,
                           fmt::format("`extends` has {} in its list, expected a file name", to_string(item.kind)));
        complete = false;
      }
    }
    return complete;
  }

  bool load_base(const Node& name, const std::filesystem::path& folder, Node& bases) {
    const std::filesystem::path file = (folder / name.text).lexically_normal();
    const std::string problem = cannot_extend(file, name.text);
    if (!problem.empty()) {
      diagnostics_.error(name.where, problem);
      return false;
    }
    std::string text;
    try {
      text = read_file(file, left_.bytes);
    } catch (const Error& error) {
      diagnostics_.error(name.where, error.what());
      return false;
    }
    std::optional<Node> base = load(file, text);
    if (base) merge(bases, std::move(*base), "");
    return base.has_value();
  }

  std::string cannot_extend(const std::filesystem::path& file, const std::string& name) {
    if (name.empty()) return "`extends` has an empty file name";
    if (name.find('\0') != std::string::npos) return "`extends` has a NUL character in its file name";
    std::error_code error;
    const std::filesystem::path canonical = std::filesystem::weakly_canonical(file, error);
    if (error) return fmt::format("cannot read `{}`: {}", file.string(), error.message());
    const auto loop = std::find(open_.begin(), open_.end(), canonical);
    if (loop != open_.end()) {
      std::string way;
      for (auto step = loop; step != open_.end(); ++step) way += step->filename().string() + " → ";
      return fmt::format("the files extend each other in a circle: {}{}", way, canonical.filename().string());
    }
    if (open_.size() >= deepest_chain)
      return fmt::format("`extends` leads through more than {} levels of files", deepest_chain);
    if (++files_ > most_files) return fmt::format("more than {} files are extended", most_files);
    return {};
  }

  Diagnostics& diagnostics_;
  DocumentLimits left_;
  std::vector<std::filesystem::path> open_;
  int files_ = 0;
  bool broken_ = false;
};

}  // namespace

std::optional<Node> resolve_document(const std::filesystem::path& file, const std::vector<Override>& overrides,
                                     const std::vector<std::string>& known_paths, Diagnostics& diagnostics,
                                     const DocumentLimits& limits) {
  const std::string text = read_file(file, limits.bytes);
  Chain chain(diagnostics, limits);
  std::optional<Node> root = chain.load(file, text);
  if (!root || chain.broken()) return std::nullopt;
  std::erase_if(root->entries, [](const Node::Entry& entry) { return entry.key == "sweep"; });
  apply_overrides(*root, overrides, known_paths, diagnostics, limits);
  interpolate(*root, diagnostics, limits);
  return root;
}

std::optional<Node> sweep_section(const std::filesystem::path& file) {
  const DocumentLimits limits;
  Diagnostics ignored;
  Chain chain(ignored, limits);
  const std::optional<Node> root = chain.load(file, read_file(file, limits.bytes));
  const Node* section = root ? root->find("sweep") : nullptr;
  return section ? std::optional(*section) : std::nullopt;
}

}  // namespace rxrun
