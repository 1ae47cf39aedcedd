#include "experiment/key_builder.h"
#include "experiment/keys.h"
#include "experiment/metric.h"

namespace rxrun {
namespace {

auto training(auto... rest) { return member(&Experiment::training, rest...); }
auto optimizer(auto... rest) { return training(&TrainingSpec::optimizer, rest...); }
auto schedule(auto... rest) { return training(&TrainingSpec::schedule, rest...); }
auto loss(auto... rest) { return training(&TrainingSpec::loss, rest...); }

EarlyStoppingSpec& early_stopping(Experiment& experiment) {
  auto& spec = experiment.training.early_stopping;
  return spec ? *spec : spec.emplace();
}

InitialWeightsSpec& initial_weights(Experiment& experiment) {
  auto& spec = experiment.training.initial_weights;
  return spec ? *spec : spec.emplace();
}

// `access` leads to a MetricGoal; its direction follows from the metric's name.
template <typename Access>
Key goal(std::string doc, Access access) {
  return KeyBuilder("metric", std::move(doc))
      .words(watchable_metrics())
      .set([access](Experiment& e, const Node& node) {
        access(e) = {node.text, larger_is_better(node.text)};
      })
      .get([access](Experiment& e) { return to_node(access(e).metric); });
}

Key lr() { return KeyBuilder("lr", "learning rate", optimizer(&OptimizerSpec::lr)).above(0).to(1000); }
Key weight_decay(double by_default) {
  return KeyBuilder("weight_decay", "how strongly the weights are pulled towards 0",
                    optimizer(&OptimizerSpec::weight_decay))
      .from(0)
      .to(10)
      .by_default(to_node(by_default));
}
Key decay_norm_and_bias() {
  return KeyBuilder("decay_norm_and_bias", "whether weight decay applies to biases and normalisation layers too",
                    optimizer(&OptimizerSpec::decay_norm_and_bias));
}
Key momentum() {
  return KeyBuilder("momentum", "share of the previous step that is kept", optimizer(&OptimizerSpec::momentum))
      .from(0)
      .below(1);
}
Key epsilon() {
  // In float32 a smaller one is none, and a gradient of exactly 0 becomes 0 / 0.
  return KeyBuilder("epsilon", "added to the denominator", optimizer(&OptimizerSpec::epsilon)).from(1e-30).to(1);
}

Kind adam(std::string name, std::string doc, double decay) {
  return {
      std::move(name),
      std::move(doc),
      {lr(), weight_decay(decay),
       KeyBuilder("betas", "beta1 and beta2 as one list")
           .list({.number = NumberForm{.minimum = 0, .maximum = 1, .exclusive_maximum = true},
                  .shortest = 2,
                  .longest = 2})
           .spreads_to({"beta1", "beta2"}),
       KeyBuilder("beta1", "decay of the gradient's mean", optimizer(&OptimizerSpec::beta1)).from(0).below(1),
       KeyBuilder("beta2", "decay of the squared gradient's mean", optimizer(&OptimizerSpec::beta2)).from(0).below(1),
       epsilon(), decay_norm_and_bias()}};
}

Key optimizer_key() {
  return kinds_of(
      "optimizer", "how a gradient becomes a step", optimizer(&OptimizerSpec::kind),
      {{"sgd",
        "stochastic gradient descent",
        {lr(), weight_decay(0.0), momentum(),
         KeyBuilder("nesterov", "Nesterov momentum: look ahead by the momentum", optimizer(&OptimizerSpec::nesterov)),
         decay_norm_and_bias()}},
       adam("adam", "Adam (arXiv 1412.6980)", 0.0),
       adam("adamw", "Adam with decoupled weight decay (arXiv 1711.05101)", 0.01),
       {"rmsprop",
        "RMSprop",
        {lr(), weight_decay(0.0), momentum(),
         KeyBuilder("alpha", "decay of the squared gradient's mean", optimizer(&OptimizerSpec::alpha)).from(0).below(1),
         epsilon(), decay_norm_and_bias()}}});
}

Key warm_up() {
  return KeyBuilder("warm_up", "epochs over which the learning rate rises from near 0",
                    schedule(&ScheduleSpec::warm_up))
      .from(0)
      .to(1e6);
}
Key minimum() {
  return KeyBuilder("minimum", "lowest learning rate", schedule(&ScheduleSpec::minimum)).from(0).to(1000);
}
Key gamma() {
  return KeyBuilder("gamma", "factor that the learning rate is multiplied by", schedule(&ScheduleSpec::gamma))
      .above(0)
      .to(1);
}

Kind reduce_on_plateau() {
  return {"reduce_on_plateau",
          "lower the rate whenever a metric has not improved for a while",
          {KeyBuilder("metric", "metric to watch", schedule(&ScheduleSpec::metric)).words(watchable_metrics()),
           KeyBuilder("factor", "factor that the learning rate is multiplied by", schedule(&ScheduleSpec::factor))
               .above(0)
               .below(1),
           KeyBuilder("patience", "epochs without improvement that are tolerated", schedule(&ScheduleSpec::patience))
               .from(0)
               .to(1e6),
           KeyBuilder("threshold", "smallest relative change that counts as an improvement",
                      schedule(&ScheduleSpec::threshold))
               .from(0)
               .below(1),
           minimum(), warm_up()}};
}

Key schedule_key() {
  return kinds_of(
      "schedule", "how the learning rate changes from epoch to epoch", schedule(&ScheduleSpec::kind),
      {{"constant", "always the same rate", {warm_up()}},
       {"step",
        "lower the rate at regular intervals",
        {KeyBuilder("step", "epochs from one reduction to the next", schedule(&ScheduleSpec::step)).from(1).to(1e6),
         gamma(), warm_up()}},
       {"multi_step",
        "lower the rate after given epochs",
        {KeyBuilder("milestones", "the epochs after which the rate is lowered, ascending",
                    schedule(&ScheduleSpec::milestones))
             .from(1)
             .to(1e6)
             .required(),
         gamma(), warm_up()}},
       {"exponential", "lower the rate a little every epoch", {gamma(), warm_up()}},
       {"cosine",
        "half a cosine from the rate down to the minimum (arXiv 1608.03983, without restarts)",
        {minimum(), warm_up()}},
       {"one_cycle",
        "up to the rate and down again (arXiv 1708.07120)",
        {KeyBuilder("start_factor", "starts at lr / start_factor", schedule(&ScheduleSpec::start_factor))
             .from(1)
             .to(1e12),
         KeyBuilder("end_factor", "ends at lr / (start_factor * end_factor)", schedule(&ScheduleSpec::end_factor))
             .from(1)
             .to(1e12),
         KeyBuilder("peak", "share of the run after which lr is reached", schedule(&ScheduleSpec::peak))
             .above(0)
             .below(1),
         warm_up()}},
       {"polynomial",
        "down to the minimum as a power of the remaining time",
        {KeyBuilder("power", "exponent; 1: a straight line", schedule(&ScheduleSpec::power)).above(0).to(100),
         minimum(), warm_up()}},
       reduce_on_plateau()});
}

Key class_weights() {
  return KeyBuilder("class_weights",
                    "weights in the order of the classes; balanced: inversely proportional to their counts in the "
                    "training part")
      .words({"none", "balanced"})
      .list({.number = NumberForm{.minimum = 0, .maximum = 1e6, .exclusive_minimum = true}, .longest = 1'000'000})
      .set([](Experiment& e, const Node& node) {
        e.training.loss.balanced = node.kind == Node::Kind::string && node.text == "balanced";
        store(node, e.training.loss.class_weights);
      })
      .get([](Experiment&) { return to_node("none"); });
}

Key loss_key() {
  return KeyBuilder("loss", "what training minimises")
      .kinds({{"cross_entropy",
               "the negative logarithm of the true class's probability",
               {class_weights(),
                KeyBuilder("label_smoothing", "share of the target that is spread over all classes (arXiv 1512.00567)",
                           loss(&LossSpec::label_smoothing))
                    .from(0)
                    .below(1)}}})
      .get([](Experiment&) { return to_node("cross_entropy"); });
}

Key early_stopping_key() {
  return KeyBuilder("early_stopping", "end the run when a metric no longer improves; null: never")
      .map({goal("metric to watch", [](Experiment& e) -> MetricGoal& { return early_stopping(e).goal; }),
            KeyBuilder("patience", "epochs without improvement",
                       [](Experiment& e) -> std::int64_t& { return early_stopping(e).patience; })
                .from(1)
                .to(1e6),
            KeyBuilder("minimum_change", "smallest change that counts as an improvement",
                       [](Experiment& e) -> double& { return early_stopping(e).minimum_change; })
                .from(0)
                .to(1e6)})
      .nullable()
      .get([](Experiment&) { return null_node(); });
}

Key initial_weights_key() {
  return KeyBuilder("initial_weights", "weights that training starts from; null: drawn at random from the seed")
      .map(
          {KeyBuilder("file", "a safetensors file whose tensors have the network's names and shapes")
               .text("a path")
               .length(1, 4096)
               .required()
               .set([](Experiment& e, const Node& node) {
                 std::error_code fault;
                 initial_weights(e).file = std::filesystem::absolute(node.text, fault).lexically_normal();
                 initial_weights(e).where = node.where;
               }),
           KeyBuilder("except", "layers that are initialised as without the file, such as [fc] when the classes differ")
               .list({.text = {.what = "a layer's path such as `fc`", .shortest = 1}, .shortest = 0, .longest = 1000})
               .set([](Experiment& e, const Node& node) {
                 for (const Node& item : node.items) initial_weights(e).except.push_back(item.text);
                 initial_weights(e).except_where = node.where;
               })
               .get([](Experiment&) {
                 Node list;
                 list.kind = Node::Kind::list;
                 list.origin = Node::Origin::default_value;
                 return list;
               })})
      .nullable()
      .get([](Experiment&) { return null_node(); });
}

Key kept_weights_key() {
  return KeyBuilder("weights",
                    "last: keep those that training ends with, whatever the metric; null: those of the best epoch")
      .words({"last"})
      .nullable()
      .set([](Experiment& e, const Node&) { e.training.keeps_last_epoch = true; })
      .get([](Experiment&) { return null_node(); });
}

}  // namespace

std::vector<Key> training_keys() {
  return {
      KeyBuilder("epochs", "passes over the training part", training(&TrainingSpec::epochs)).from(1).to(1'000'000),
      initial_weights_key(),
      optimizer_key(),
      schedule_key(),
      loss_key(),
      KeyBuilder("keep_best", "which weights are kept, and scored at the end")
          .map({goal("metric whose best epoch is kept, and by which a sweep prunes, searches and chooses",
                     training(&TrainingSpec::keep_best)),
                kept_weights_key()}),
      early_stopping_key(),
      KeyBuilder("clip_gradient_norm", "largest norm of the gradient; a larger gradient is scaled down to it; 0: off",
                 training(&TrainingSpec::clip_gradient_norm))
          .from(0)
          .to(1e9),
      KeyBuilder("average_weights", "decay of a moving average of the weights, which is what is evaluated; 0: off",
                 training(&TrainingSpec::average_weights))
          .from(0)
          .below(1),
      KeyBuilder("mixup", "alpha of mixup (arXiv 1710.09412); 0: off", training(&TrainingSpec::mixup)).from(0).to(100),
      choice("test_time_augmentation",
             "average the predictions for copies of an image when the kept weights are scored, and in evaluate and "
             "predict: mirrored: the image and its mirror image; dihedral: all eight orientations",
             training(&TrainingSpec::test_time_augmentation), {"none", "mirrored", "dihedral"}),
      choice("precision", "numeric precision of the computation; auto: bfloat16 where it is fast",
             training(&TrainingSpec::precision), {"auto", "float32", "bfloat16"}),
  };
}

}  // namespace rxrun
