// What the word in front of `=` means in a tree.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "experiment/node.h"

namespace rxrun {

using Path = std::vector<std::string>;

const Node* node_at(const Node& root, const Path& path);

// Whether the word that was typed for `path` says which kind is chosen: `sgd.momentum` does, `momentum` does not.
bool names_kind(const Path& path, std::size_t typed);

class KeyResolver {
 public:
  // `known_paths`: all keys that there are, of every kind; maps whose keys are open end in ".*".
  KeyResolver(const Node& root, const std::vector<std::string>& known_paths);

  // All that `tail` can mean: a key that is written and one that has its default are candidates alike, as for
  // `explain`. Only where there is neither, a key that is new in a written map; and then one of another kind than the
  // chosen one, if the tail names that kind: an option alone chooses none.
  std::vector<Path> candidates(const Path& tail) const;

  // The keys of kinds that are not chosen which it could be.
  std::vector<Path> unchosen(const Path& tail) const;

  // The kind that the tree, or else the default, chooses at `path`, once `${...}` are filled in; empty: none.
  std::string chosen_kind(const Path& path) const;

  // Whether what is chosen, where this path of a kind's option leads, is no kind at all: `optimizer: adamm`.
  bool has_no_such_kind(const Path& path) const;

  // The known name nearest to `tail`, as a whole path.
  std::optional<std::string> nearest(const Path& tail) const;

  // The names of the keys that are known just below `tail`; empty when it is no map.
  std::vector<std::string> keys_below(const Path& tail) const;

 private:
  bool may_create(const Path& path) const;
  std::set<Path> written(const Path& tail) const;
  std::set<Path> beside_written(const Path& tail) const;
  bool kind_is_chosen(const Path& path) const;

  const Node& root_;
  std::vector<Path> known_;
};

}  // namespace rxrun
