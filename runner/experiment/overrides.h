// Overrides of the command line, applied to a tree.
#pragma once

#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "experiment/document.h"
#include "experiment/node.h"

namespace rxrun {

// A path that is whole is taken as it is. A tail has to fit one key only, of those that are written and those that have
// their defaults together: a value must not land in one key because another one happens not to be written. An option of
// a kind that is not chosen chooses it only where it is named by it: `sgd.momentum=0.9`.
//
// Of two that set the same value the later one wins; beyond that their order does not matter: a section, a choice or a
// list of layers as a whole is set before what is in it. Two of which one leaves no place for the other
// (`optimizer=adam`, `optimizer.sgd.lr=0.1`) are an error. The value is read as YAML (`[1, 2]`, `{a: 1}`, `"text"`,
// `null`). Errors go to `diagnostics`; the tree is left as it is by an override that has one.
void apply_overrides(Node& root, const std::vector<Override>& overrides, const std::vector<std::string>& known_paths,
                     Diagnostics& diagnostics, const DocumentLimits& limits);

// What is said of a path that names no key, or one of kinds that are not chosen: whoever knows more of it can find the
// error again and advise better.
std::string unknown_key(const std::string& path);
std::string unchosen_key(const std::string& path);

// The whole path of the key that each of them sets; empty for one that apply_overrides() refuses.
std::vector<std::string> targets_of(Node root, const std::vector<Override>& overrides,
                                    const std::vector<std::string>& known_paths);

}  // namespace rxrun
