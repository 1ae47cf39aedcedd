// The declaration of one key of the experiment file. keys.cpp, keys_data.cpp and keys_training.cpp declare each key
// once; reading, defaults, suggestions, `explain`, the paths that may be overridden and the JSON Schema all come from
// there.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiment/experiment.h"

namespace rxrun {

// A number that a key takes; the bounds count as allowed unless they are exclusive.
struct NumberForm {
  bool integer = false;
  std::optional<double> minimum, maximum;
  bool exclusive_minimum = false, exclusive_maximum = false;
  std::vector<std::int64_t> only;  // empty: every number within the bounds
};

struct TextForm {
  std::string what = "a string";  // as an error says it: "a path"
  std::string pattern;            // ECMAScript; empty: anything
  std::size_t shortest = 0;
  std::size_t longest = 4096;  // bytes
};

struct ListForm {
  std::optional<NumberForm> number;  // of each element; else text
  TextForm text;
  std::size_t shortest = 1;
  std::size_t longest = 10'000;
};

struct Kind;

// What a key takes is the sum of its forms: `channels` is a number or the word `auto`.
struct Key {
  std::string name;
  std::string doc;
  bool required = false;
  bool nullable = false;            // may be null, which is then its default
  bool identity = true;             // whether it can alter a number of the run
  bool consumed = false;            // dealt with before reading (`extends`); never in the resolved tree
  std::vector<std::string> spread;  // an abbreviation: a list whose elements are the values of these keys (`betas`)

  bool boolean = false;
  std::optional<NumberForm> number;
  std::vector<std::string> words;  // strings taken literally
  std::string zero_word;           // one of `words`: another way to write 0
  std::optional<TextForm> text;
  std::optional<ListForm> list;
  bool map = false;     // a map of `keys`
  bool open = false;    // ... and of any other key, whose values are scalars or lists of scalars
  bool layers = false;  // a list of layers
  bool stages = false;  // a list of stages, each a map of `keys` and of the block's options
  std::vector<Key> keys;
  std::vector<Kind> kinds;  // a kind's name, or a map of that name alone to its options

  // Brings a value of the right form into the one way in which the resolved tree writes it, which has to be one that
  // the key takes. False: it is none of its values after all (a size beyond the largest).
  std::function<bool(Node&)> normalize;
  // Stores the accepted value. For a kind the node is the map of one entry.
  std::function<void(Experiment&, const Node&)> set;
  // The value in an experiment; of a default-constructed one it is the default.
  std::function<Node(Experiment&)> get;
};

struct Kind {
  std::string name;
  std::string doc;
  std::vector<Key> keys;
};

// What a key takes, in words: "an integer from 1 to 4096 or `auto`".
std::string expected(const Key& key);
std::string expected(const NumberForm& number);

// What the key's value is when it is not written, as the resolved tree has it: for a section or a kind with the
// defaults of all that is in it.
Node default_of(const Key& key);

// The top level of an experiment file.
const std::vector<Key>& experiment_keys();

// The key that a path names ("training.optimizer.adam.lr"), or null (list elements, open maps).
const Key* find_key(const std::string& path);

// Whether the value at `path` can alter a number of a run: neither its key nor a section around it is declared
// no_identity. What no key declares (options of layers, network-wide values) can.
bool can_alter_numbers(const std::string& path);

}  // namespace rxrun
