// Top level, network and machine.
#include "experiment/keys.h"

#include <algorithm>

#include "experiment/key_builder.h"

namespace rxrun {
namespace {

void store_layers(const Node& list, std::vector<LayerSpec>& layers) {
  layers.clear();
  for (const Node& item : list.items) {
    LayerSpec layer;
    if (item.kind == Node::Kind::string) {
      layer.layer = item.text;
      layer.where = item.where;
    } else {
      layer.layer = item.entries.at(0).key;
      layer.where = item.entries.at(0).key_where;
      layer.options = item.entries.at(0).value.entries;
    }
    layers.push_back(std::move(layer));
  }
}

void store_stages(const Node& list, std::vector<StageSpec>& stages) {
  stages.clear();
  for (const Node& item : list.items) {
    StageSpec stage;
    for (const Node::Entry& entry : item.entries) {
      if (entry.key == "block") {
        stage.block.layer = entry.value.text;
        stage.block.where = entry.value.where;
      } else if (entry.key == "depth") {
        stage.depth = entry.value.integer;
      } else {
        stage.block.options.push_back(entry);
      }
    }
    stages.push_back(std::move(stage));
  }
}

Node empty_list(Experiment&) {
  Node node = null_node();
  node.kind = Node::Kind::list;
  node.text.clear();
  return node;
}

Key layers(std::string name, std::string doc, std::vector<LayerSpec> NetworkSpec::*member) {
  return KeyBuilder(std::move(name), std::move(doc))
      .layers()
      .set([member](Experiment& e, const Node& node) { store_layers(node, e.network.*member); })
      .get(empty_list);
}

KeyBuilder section(std::string name, std::string doc, std::vector<Key> keys) {
  return KeyBuilder(std::move(name), std::move(doc)).map(std::move(keys));
}

}  // namespace

std::vector<Key> network_keys() {
  std::vector<Key> stage;
  stage.push_back(KeyBuilder("block", "the block to repeat: a layer from one of the plugins")
                      .text("the name of a block")
                      .length(1, 200)
                      .required());
  stage.push_back(KeyBuilder("depth", "number of blocks; `stride` applies to the first one only")
                      .number({.integer = true, .minimum = 1, .maximum = 1000})
                      .by_default(to_node(StageSpec{}.depth)));

  std::vector<Key> keys;
  keys.push_back(
      KeyBuilder("plugins",
                 "plugin libraries that provide the layers: names, or paths, which contain a `/` or end in `.so`")
          .list({.text = {.what = "the name or path of a plugin", .shortest = 1}, .longest = 100})
          .required()
          .set([](Experiment& e, const Node& node) {
            for (const Node& item : node.items) {
              e.network.plugins.push_back(item.text);
              e.network.plugins_where.push_back(item.where);
            }
          })
          .get(empty_list));
  keys.push_back(layers("stem", "layers before the stages", &NetworkSpec::stem));
  keys.push_back(KeyBuilder("stages", "stages of repeated blocks")
                     .stages(std::move(stage))
                     .set([](Experiment& e, const Node& node) { store_stages(node, e.network.stages); })
                     .get(empty_list));
  keys.push_back(
      layers("head", "layers after the stages; the last one outputs one value per class", &NetworkSpec::head));
  return keys;
}

std::vector<Key> machine_keys() {
  const auto machine = [](auto... rest) { return member(&Experiment::machine, rest...); };
  return {
      KeyBuilder("device", "where to compute: auto, cpu, cuda or cuda:N", machine(&MachineSpec::device))
          .text("`auto`, `cpu`, `cuda` or `cuda:N`", "^(auto|cpu|cuda|cuda:[0-9]{1,3})$")
          .no_identity(),
      KeyBuilder("threads", "compute threads; auto: one per core", machine(&MachineSpec::threads))
          .from(0)
          .to(4096)
          .zero_as("auto")
          .no_identity(),
      KeyBuilder("loader_threads", "threads that decode and transform images; auto: as many as are useful",
                 machine(&MachineSpec::loader_threads))
          .from(0)
          .to(1024)
          .zero_as("auto")
          .no_identity(),
      KeyBuilder("cuda_graph",
                 "record a training step once and replay it, where a GPU waits for the processor; not for layers that "
                 "draw random numbers, nor for mixup",
                 machine(&MachineSpec::cuda_graph))
          .no_identity(),
  };
}

// Of a section that sweep/section.h reads; here for the schema and for suggestions.
std::vector<Key> sweep_keys() {
  std::vector<Key> keys;
  keys.push_back(
      KeyBuilder("zip", "keys whose lists of values are paired: the first values together, the second, and so on")
          .map({})
          .open());
  keys.push_back(
      KeyBuilder("trials", "number of random draws, or of points of a search").number({.integer = true, .minimum = 1}));
  keys.push_back(
      KeyBuilder("search", "tpe: choose each point by the results of the earlier ones").text("`tpe`", "^tpe$"));
  keys.push_back(KeyBuilder("repeat", "same as seed: 1..N").number({.integer = true, .minimum = 1}));
  return keys;
}

const std::vector<Key>& experiment_keys() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> top;
    top.push_back(KeyBuilder("extends", "the experiment file that this one modifies, relative to this file")
                      .text("the path of an experiment file")
                      .list({.text = {.what = "the path of an experiment file", .shortest = 1}})
                      .consumed());
    top.push_back(section("sweep",
                          "what `rxrun sweep` varies: keys with lists of values, or draws such as log(1e-5,1e-2)",
                          sweep_keys())
                      .open()
                      .consumed());
    top.push_back(KeyBuilder("name", "name of the experiment; its runs are named after it", member(&Experiment::name))
                      .text("1 to 100 letters, digits, `.`, `_` or `-`, but not `.` or `..`",
                            "^(?!\\.{1,2}$)[A-Za-z0-9._-]{1,100}$")
                      .required()
                      .no_identity());
    top.push_back(KeyBuilder("description", "free text, stored with the runs", member(&Experiment::description))
                      .length(0, 100'000)
                      .no_identity());
    top.push_back(KeyBuilder("seed", "determines every random draw of a run", member(&Experiment::seed)));
    top.push_back(section("network", "layers and blocks, from the image to one value per class", network_keys())
                      .open()
                      .required()
                      .set([](Experiment& e, const Node& node) {
                        for (const Node::Entry& entry : node.entries)
                          if (!find_key("network." + entry.key)) e.network.shared.push_back(entry);
                        e.network.where = node.where;
                      }));
    top.push_back(section("data", "the images, their classes and how they are split", data_keys()).required());
    top.push_back(section("training", "how the network is trained", training_keys()));
    top.push_back(section("machine", "how the machine is used; does not change results", machine_keys()).no_identity());
    return top;
  }();
  return keys;
}

const Key* find_key(const std::string& path) {
  const std::vector<Key>* keys = &experiment_keys();
  const Key* key = nullptr;
  const std::vector<Kind>* kinds = nullptr;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    begin = end + 1;
    if (kinds) {  // the name of a kind stands between a key and the kind's own keys
      const auto kind = std::find_if(kinds->begin(), kinds->end(), [&](const Kind& k) { return k.name == name; });
      if (kind == kinds->end()) return nullptr;
      keys = &kind->keys;
      kinds = nullptr;
      continue;
    }
    const auto next = std::find_if(keys->begin(), keys->end(), [&](const Key& k) { return k.name == name; });
    if (next == keys->end()) return nullptr;
    key = &*next;
    static const std::vector<Key> none;
    keys = key->map ? &key->keys : &none;
    kinds = key->kinds.empty() ? nullptr : &key->kinds;
  }
  return key;
}

bool can_alter_numbers(const std::string& path) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('.', end + 1);
    if (const Key* key = find_key(path.substr(0, end)); key && !key->identity) return false;
  }
  return true;
}

}  // namespace rxrun
