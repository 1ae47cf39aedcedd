#include "experiment/check.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <regex>
#include <string>

#include "experiment/node_values.h"
#include "experiment/places.h"
#include "experiment/split_rules.h"

namespace rxrun {
namespace {

class Checker {
 public:
  Checker(const Experiment& experiment, const Node& tree, const std::set<std::string>& faulty, Diagnostics& diagnostics)
      : experiment_(experiment), tree_(tree), faulty_(faulty), diagnostics_(diagnostics) {}

  void network() {
    const NetworkSpec& network = experiment_.network;
    if (sound({"network"}) && network.stem.empty() && network.stages.empty() && network.head.empty())
      error("network", "the network has no layers", "declare some in `stem`, `stages` or `head`");
  }

  void data() {
    const DataSpec& data = experiment_.data;
    const Node* written = tree_.find("data");
    const bool needs_path = data.path.empty() && data.source != SourceKind::histology;
    if (written && written->origin != Node::Origin::default_value && needs_path && sound({"path", "source"}))
      error("data", "`path` is required in `data`", "only `source: histology` needs none");
    if (sound({"train", "validation", "test", "group_by"})) split();
    if (sound({"mean", "deviation", "channels"})) normalize();
    if (sound({"channels", "saturation", "hue", "stain"})) colours();
    if (sound({"window"}) && data.window && data.window->low >= data.window->high)
      error("data.window", "`window` must be [low, high], the lower value first");
    if (sound({"pad", "image_size"}) && data.augment.pad >= data.image_size)
      error("data.augment.pad", "`pad` must be less than `image_size`, " + std::to_string(data.image_size));
    if (sound({"translate", "image_size"}) && data.augment.translate >= data.image_size)
      error("data.augment.translate", "`translate` must be less than `image_size`, " + std::to_string(data.image_size));
  }

  void training() {
    const TrainingSpec& training = experiment_.training;
    if (sound({"momentum"}) && training.optimizer.nesterov && training.optimizer.momentum == 0.0)
      error("training.optimizer.sgd.nesterov", "`nesterov` needs a `momentum` greater than 0");
    if (sound({"milestones", "epochs"})) milestones();
    if (sound({"warm_up", "minimum", "lr", "epochs"})) schedule(training);
    if (sound({"class_weights", "classes"})) class_weights();
    if (sound({"early_stopping", "patience", "keep_best", "weights"})) stopping(training);
  }

 private:
  // Whether none of these keys has an error of its own.
  bool sound(std::initializer_list<const char*> names) const {
    return std::none_of(names.begin(), names.end(), [&](const char* name) { return faulty_.contains(name); });
  }
  SourceLocation where(const std::string& path) const { return place_of(tree_, path); }
  void error(const std::string& path, std::string message, std::string advice = {}) {
    diagnostics_.error(where(path), std::move(message), std::move(advice));
  }
  SourceLocation schedule_where(const std::string& key) const {
    return where("training.schedule." + find_value(tree_, "training.schedule")->entries.at(0).key + "." + key);
  }

  void schedule(const TrainingSpec& training) {
    if (training.schedule.warm_up > static_cast<double>(training.epochs))
      diagnostics_.warning(schedule_where("warm_up"), "`warm_up` lasts longer than the run, whose `epochs` is " +
                                                          std::to_string(training.epochs) + ": `lr` is never reached");
    if (training.schedule.minimum > training.optimizer.lr)
      diagnostics_.error(schedule_where("minimum"),
                         "`minimum` must be at most `lr`, " + number_text(training.optimizer.lr));
  }

  void stopping(const TrainingSpec& training) {
    if (!training.early_stopping || !training.keeps_last_epoch) return;
    diagnostics_.warning(where("training.keep_best.weights"),
                         "`weights: last` with `early_stopping` keeps those of an epoch that comes after `patience`, " +
                             std::to_string(training.early_stopping->patience) + ", epochs without a better one",
                         "leave `weights` out to keep those of the best epoch");
  }

  void split() {
    const SplitSpec& split = experiment_.data.split;
    for (const SplitFault& fault : split_faults(split))
      error(fault.part.empty() ? "data.split" : "data.split." + fault.part, fault.message, fault.advice);
    if (const auto* name = std::get_if<std::string>(&split.validation); name && is_test_part(*name))
      diagnostics_.warning(where("data.split.validation"),
                           "the source's own test part, `" + *name +
                               "`, is given as `validation`, which is scored every epoch and chooses the weights",
                           "`{validation: 0.1, test: " + *name +
                               "}` draws the former from `train`; if the file is of rxrun 0.1, `rxrun upgrade FILE` "
                               "exchanges the two names");
    if (!split.group_by.empty() && experiment_.data.source != SourceKind::manifest) group_by(split.group_by);
  }

  void group_by(const std::string& pattern) {
    try {
      if (std::regex(pattern).mark_count() == 0)
        error("data.split.group_by", "`group_by` must have a group, whose text names what is kept together",
              "put it in parentheses: '^([0-9]+)_'");
    } catch (const std::regex_error& fault) {
      error("data.split.group_by", std::string("`group_by` is not a valid regular expression: ") + fault.what());
    }
  }

  void normalize() {
    const NormalizeSpec& spec = experiment_.data.normalize;
    if (spec.mean.size() != spec.deviation.size())
      error("data.normalize.deviation", "`deviation` has to have as many values as `mean`, " +
                                            std::to_string(spec.mean.size()) + ", found " +
                                            std::to_string(spec.deviation.size()));
    const auto channels = static_cast<std::size_t>(experiment_.data.channels);
    if (!spec.mean.empty() && channels != 0 && spec.mean.size() != channels && spec.mean.size() != 1)
      error("data.normalize.mean", "`mean` must have one value per channel, " + std::to_string(channels) + ", found " +
                                       std::to_string(spec.mean.size()));
    if (channels == 0 && !spec.mean.empty() && spec.mean.size() != 1 && spec.mean.size() != 3)
      error("data.normalize.mean",
            "`mean` must have 1 or 3 values where `channels` is `auto`, found " + std::to_string(spec.mean.size()));
  }

  // Augmentations that are of colours; where the number of channels is not declared, the data tells.
  void colours() {
    const AugmentSpec& augment = experiment_.data.augment;
    const std::int64_t channels = experiment_.data.channels;
    if (channels == 0 || channels == 3) return;
    const std::string why = " is for colour, but `channels` is " + std::to_string(channels);
    for (const auto& [name, value] : {std::pair("saturation", augment.saturation), std::pair("hue", augment.hue),
                                      std::pair("stain", augment.stain)})
      if (value > 0.0 && channels == 1)
        diagnostics_.warning(where(std::string("data.augment.") + name),
                             std::string("`") + name + "`" + why + ": it has no effect");
      else if (value > 0.0)
        error(std::string("data.augment.") + name, std::string("`") + name + "`" + why, "set it to 0");
  }

  void milestones() {
    const ScheduleSpec& schedule = experiment_.training.schedule;
    const Node* list = find_value(tree_, "training.schedule.multi_step.milestones");
    if (!list) return;
    for (std::size_t i = 0; i < list->items.size() && i < schedule.milestones.size(); ++i) {
      const std::string value = std::to_string(schedule.milestones[i]);
      if (i > 0 && schedule.milestones[i] <= schedule.milestones[i - 1])
        diagnostics_.error(list->items[i].where, "`milestones` must ascend, found " + value + " after " +
                                                     std::to_string(schedule.milestones[i - 1]));
      else if (schedule.milestones[i] >= experiment_.training.epochs)
        diagnostics_.warning(list->items[i].where, "milestone " + value + " is never reached: `epochs` is " +
                                                       std::to_string(experiment_.training.epochs));
    }
  }

  void class_weights() {
    const std::size_t weights = experiment_.training.loss.class_weights.size();
    const auto classes = static_cast<std::size_t>(experiment_.data.classes);
    if (weights != 0 && classes != 0 && weights != classes)
      error("training.loss.cross_entropy.class_weights", "`class_weights` must have one value per class, " +
                                                             std::to_string(classes) + ", found " +
                                                             std::to_string(weights));
  }

  const Experiment& experiment_;
  const Node& tree_;
  const std::set<std::string>& faulty_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_values(const Experiment& experiment, const Node& tree, const std::set<std::string>& faulty,
                  Diagnostics& diagnostics) {
  Checker checker(experiment, tree, faulty, diagnostics);
  checker.network();
  checker.data();
  checker.training();
}

}  // namespace rxrun
