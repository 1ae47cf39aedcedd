#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <rxrun/parallel.h>
#include <rxrun/plugin.h>

#include <cmath>
#include <map>
#include <mutex>
#include <thread>

namespace rxrun {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const LayerError& error) {
    return error.what();
  }
  return "no error";
}

class Leaf final : public Layer {
 public:
  struct Options {
    std::int64_t width = 4;
    double scale = 0.5;
    std::optional<std::int64_t> classes;
    Extent window = {3, 3};
    std::string rule = "a";
    bool on = true;
  };
  Leaf(const Options& options, const Shape& input) : Layer(input), options_(options) {
    parameter("weight", weight_, {100, 50}, normal(1.0, 2.0));
    parameter("bias", bias_, {5000}, uniform(-0.5, 0.5));
    buffer("steps", steps_, {}, constant(0), torch::kLong);
    declare_random();
  }
  torch::Tensor forward(const torch::Tensor& x) override { return x + at::rand(x.sizes(), generator()); }
  const Options& options() const { return options_; }

  Options options_;
  torch::Tensor weight_, bias_, steps_;
};

class Tree final : public Layer {
 public:
  explicit Tree(const Shape& input) : Layer(input) {
    parameter("own", own_, {2}, constant(3.0));
    child("a", "Leaf", std::make_unique<Leaf>(Leaf::Options{}, input));
    child("b.0", "", std::make_unique<Leaf>(Leaf::Options{}, input));
  }
  torch::Tensor forward(const torch::Tensor& x) override { return x; }
  torch::Tensor own_;
};

class Declaring final : public Layer {
 public:
  explicit Declaring(const std::function<void(Declaring&)>& declare) : Layer({3}) { declare(*this); }
  torch::Tensor forward(const torch::Tensor& x) override { return x; }
  using Layer::buffer;
  using Layer::parameter;
  torch::Tensor slot_;
};

std::map<std::string, torch::Tensor> tensors_of(Layer& layer, const std::string& path = {}) {
  std::map<std::string, torch::Tensor> tensors;
  layer.visit_tensors([&](const std::string& name, Layer::DeclaredTensor& tensor) { tensors[name] = *tensor.slot; },
                      path);
  return tensors;
}

TEST(Shape, TextAndProduct) {
  EXPECT_EQ(to_string(Shape{64, 56, 56}), "64×56×56");
  EXPECT_EQ(num_elements({64, 56, 56}), 200704);
  EXPECT_EQ(num_elements({}), 1);
  EXPECT_THAT(error_of([] { num_elements({1LL << 32, 1LL << 32}); }), HasSubstr("more elements than fit"));
  EXPECT_THAT(error_of([] { num_elements({3, -1}); }), HasSubstr("negative"));
}

TEST(Initializer, Kaiming) {
  EXPECT_DOUBLE_EQ(kaiming_normal(8).b, 0.5);
  EXPECT_DOUBLE_EQ(fan_in_uniform(16).b, 0.25);
  EXPECT_THAT(error_of([] { kaiming_normal(0); }), HasSubstr("at least 1"));
}

TEST(Layer, NothingIsAllocatedBeforeMaterialize) {
  Tree tree({3});
  EXPECT_FALSE(tree.own_.defined());
  tree.materialize(1, torch::kCPU);
  EXPECT_TRUE(tree.own_.defined());
}

TEST(Layer, NamesAndOrder) {
  Tree tree({3});
  std::vector<std::string> names, layers;
  tree.visit_tensors([&](const std::string& name, Layer::DeclaredTensor&) { names.push_back(name); }, "layer1.0");
  EXPECT_THAT(names, ElementsAre("layer1.0.own", "layer1.0.a.weight", "layer1.0.a.bias", "layer1.0.a.steps",
                                 "layer1.0.b.0.weight", "layer1.0.b.0.bias", "layer1.0.b.0.steps"));
  tree.visit_layers(
      [&](const std::string& path, const std::string& type, Layer&) { layers.push_back(path + ":" + type); });
  EXPECT_THAT(layers, ElementsAre("a:Leaf", "b.0:"));
}

TEST(Layer, FirstValuesFollowTheirDistribution) {
  Leaf leaf({}, {3});
  leaf.materialize(7, torch::kCPU);
  EXPECT_NEAR(leaf.weight_.mean().item<double>(), 1.0, 0.1);
  EXPECT_NEAR(leaf.weight_.std().item<double>(), 2.0, 0.08);
  EXPECT_NEAR(leaf.bias_.mean().item<double>(), 0.0, 0.02);
  EXPECT_GE(leaf.bias_.min().item<double>(), -0.5);
  EXPECT_LT(leaf.bias_.max().item<double>(), 0.5);
  // The fourth moment of a normal distribution is three times the square of its second.
  const torch::Tensor z = (leaf.weight_.detach() - 1.0) / 2.0;
  EXPECT_NEAR(z.pow(4).mean().item<double>(), 3.0, 0.4);
  EXPECT_TRUE(leaf.weight_.requires_grad());
  EXPECT_FALSE(leaf.steps_.requires_grad());
  EXPECT_EQ(leaf.steps_.scalar_type(), torch::kLong);
}

TEST(Layer, FirstValuesDependOnSeedAndNameOnly) {
  Tree first({3}), second({3}), other({3});
  first.materialize(7, torch::kCPU, "net");
  second.materialize(7, torch::kCPU, "net");
  other.materialize(8, torch::kCPU, "net");
  auto a = tensors_of(first), b = tensors_of(second), c = tensors_of(other);
  EXPECT_TRUE(at::equal(a["a.weight"], b["a.weight"]));
  EXPECT_FALSE(at::equal(a["a.weight"], c["a.weight"]));
  EXPECT_FALSE(at::equal(a["a.weight"], a["b.0.weight"]));
  Leaf alone({}, {3});
  alone.materialize(7, torch::kCPU, "net.a");
  EXPECT_TRUE(at::equal(alone.weight_, a["a.weight"]));
}

TEST(Layer, FirstValuesDoNotDependOnThreads) {
  const int threads = at::get_num_threads();
  Leaf one({}, {3}), many({}, {3});
  at::set_num_threads(1);
  one.materialize(7, torch::kCPU);
  at::set_num_threads(4);
  many.materialize(7, torch::kCPU);
  at::set_num_threads(threads);
  EXPECT_TRUE(at::equal(one.weight_, many.weight_));
  EXPECT_TRUE(at::equal(one.bias_, many.bias_));
}

// A run's identity rests on these: they may never change.
TEST(Layer, FirstValuesAreForever) {
  Leaf leaf({}, {3});
  leaf.materialize(1, torch::kCPU, "conv1");
  EXPECT_NEAR(leaf.weight_.flatten()[0].item<double>(), 1.2843110181157924, 1e-6);
  EXPECT_NEAR(leaf.bias_[4999].item<double>(), 0.10383237278062318, 1e-7);
}

TEST(Layer, DrawsDependOnStepAndPath) {
  Leaf leaf({}, {8});
  const torch::Tensor x = torch::zeros({2, 8});
  const auto draw = [&](std::uint64_t step, const std::string& path) {
    leaf.reseed(step, path);
    return leaf.forward(x);
  };
  const torch::Tensor first = draw(1, "a");
  EXPECT_FALSE(at::equal(first, leaf.forward(x)));
  EXPECT_TRUE(at::equal(first, draw(1, "a")));
  EXPECT_FALSE(at::equal(first, draw(2, "a")));
  EXPECT_FALSE(at::equal(first, draw(1, "b")));
}

TEST(Layer, ModeReachesChildren) {
  Tree tree({3});
  EXPECT_TRUE(tree.children()[0].layer->training());
  tree.set_training(false);
  EXPECT_FALSE(tree.children()[0].layer->training());
}

TEST(Layer, RefusesBadDeclarations) {
  const auto fault = [](const std::function<void(Declaring&)>& declare) {
    return error_of([&] { Declaring layer(declare); });
  };
  EXPECT_THAT(fault([](auto& l) {
                l.parameter("w", l.slot_, {3, 0}, constant(0));
              }),
              HasSubstr("`w` of shape 3×0 has a side below 1"));
  EXPECT_THAT(fault([](auto& l) {
                l.parameter("w", l.slot_, {1LL << 40, 1LL << 40}, constant(0));
              }),
              HasSubstr("more elements"));
  EXPECT_THAT(fault([](auto& l) {
                l.parameter("w", l.slot_, {3}, constant(0));
                l.buffer("w", l.slot_, {3}, constant(0));
              }),
              HasSubstr("declared twice"));
  EXPECT_THAT(fault([](auto& l) { l.buffer("n", l.slot_, {3}, normal(0, 1), torch::kLong); }),
              HasSubstr("float or double"));
}

TEST(Layer, AnAbsurdTensorIsAnErrorBeforeMemoryIsTaken) {
  Declaring layer([](Declaring& l) { l.parameter("weight", l.slot_, {1LL << 30, 1LL << 20}, constant(0)); });
  EXPECT_THAT(
      error_of([&] { layer.materialize(1, torch::kCPU, "fc"); }),
      ::testing::AllOf(HasSubstr("`fc.weight`"), HasSubstr("1073741824×1048576"), HasSubstr("this machine has")));
}

TEST(ParallelFor, UsesTheThreadsThatLibTorchWasGiven) {
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    std::mutex mutex;
    std::map<std::thread::id, std::int64_t> tasks;
    parallel_for(6, [&](std::int64_t first, std::int64_t last) {
      const std::lock_guard<std::mutex> lock(mutex);
      tasks[std::this_thread::get_id()] += last - first;
    });
    std::int64_t sum = 0;
    for (const auto& [thread, count] : tasks) sum += count;
    EXPECT_EQ(tasks.size(), static_cast<std::size_t>(threads));
    EXPECT_EQ(sum, 6);
  }
  at::set_num_threads(before);
}

TEST(ParallelFor, ThrowsWhatATaskThrew) {
  EXPECT_THROW(parallel_for(4, [](std::int64_t, std::int64_t) { throw LayerError("a task's"); }), LayerError);
}

TEST(Plugin, DescribesOptions) {
  Plugin plugin;
  plugin.layer<Leaf>("leaf", "a leaf")
      .type_name("Leaf2d")
      .block()
      .option("width", &Leaf::Options::width, "w", required(), at_least(1), at_most(9))
      .option("scale", &Leaf::Options::scale, "s", greater_than(0.0), less_than(1.0))
      .option("classes", &Leaf::Options::classes, "c", number_of_classes())
      .option("window", &Leaf::Options::window, "")
      .option("rule", &Leaf::Options::rule, "", one_of({"a", "b"}))
      .option("on", &Leaf::Options::on, "");
  const LayerInfo& info = plugin.layers()[0]->info;
  EXPECT_EQ(info.type_name, "Leaf2d");
  EXPECT_TRUE(info.block);
  EXPECT_TRUE(info.options[0].required());
  EXPECT_EQ(info.options[0].maximum, 9);
  EXPECT_EQ(info.options[1].default_value, OptionValue(0.5));
  EXPECT_TRUE(info.options[1].exclusive_minimum && info.options[1].exclusive_maximum);
  EXPECT_TRUE(info.options[2].optional && info.options[2].number_of_classes);
  EXPECT_EQ(info.options[3].type, OptionType::extent);
  EXPECT_THAT(info.options[4].choices, ElementsAre("a", "b"));
}

TEST(Plugin, MakesALayerFromValues) {
  Plugin plugin;
  plugin.layer<Leaf>("leaf", "")
      .option("width", &Leaf::Options::width, "")
      .option("classes", &Leaf::Options::classes, "");
  const auto& make = plugin.layers()[0]->make;
  auto layer = make({{"width", std::int64_t{9}}, {"classes", {}}}, {3});
  EXPECT_EQ(dynamic_cast<Leaf&>(*layer).options().width, 9);
  EXPECT_FALSE(dynamic_cast<Leaf&>(*layer).options().classes.has_value());
  layer = make({{"width", std::int64_t{9}}, {"classes", std::int64_t{4}}}, {3});
  EXPECT_EQ(dynamic_cast<Leaf&>(*layer).options().classes, 4);
}

TEST(Plugin, RefusesBadNames) {
  Plugin plugin;
  plugin.layer<Leaf>("leaf", "");
  EXPECT_THAT(error_of([&] { plugin.layer<Leaf>("leaf", ""); }), HasSubstr("declared twice"));
  EXPECT_THAT(error_of([&] { plugin.layer<Leaf>("Leaf-2", ""); }), HasSubstr("lower-case"));
}

}  // namespace
}  // namespace rxrun
