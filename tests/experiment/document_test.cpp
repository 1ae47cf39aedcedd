#include "experiment/document.h"

#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include "diagnostics/render.h"
#include "temporary_folder.h"

namespace rxrun {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = Node::Kind;

std::string place(const SourceLocation& where) {
  return fmt::format("{}:{}+{}", where.line, where.column, where.length);
}

std::vector<std::string> told(const Diagnostics& diagnostics) {
  std::vector<std::string> out;
  for (const Diagnostic& d : diagnostics.list()) {
    const std::string file = std::filesystem::path(d.where.file).filename().string();
    out.push_back(fmt::format("{}:{}:{}: {}", file, d.where.line, d.where.column, d.message));
  }
  return out;
}

// The value at a path in short: scalars as their text, lists and maps in brackets.
std::string shown(const Node& node) {
  std::string out;
  if (node.is_scalar()) return node.kind == Kind::null ? "null" : node.text;
  for (const Node& item : node.items) out += (out.empty() ? "" : " ") + shown(item);
  for (const Node::Entry& entry : node.entries) out += (out.empty() ? "" : " ") + entry.key + "=" + shown(entry.value);
  return node.kind == Kind::list ? "[" + out + "]" : "{" + out + "}";
}

TEST(ParseDocument, SkipsAByteOrderMarkAtTheStart) {
  Diagnostics diagnostics;
  const std::optional<Node> root = parse_document("\xef\xbb\xbfname: x\nseed: 3\n", "f.yaml", diagnostics);
  ASSERT_TRUE(root);
  EXPECT_THAT(told(diagnostics), IsEmpty());
  EXPECT_EQ(shown(*root), "{name=x seed=3}");
  EXPECT_EQ(place(root->find("name")->where), "1:7+1");
  EXPECT_EQ(root->find("name")->where.text, "name: x");
}

TEST(ParseDocument, GivesValuesWithTheirPlaces) {
  Diagnostics diagnostics;
  const std::optional<Node> root = parse_document(
      "name: größe\n"
      "list: [1, 'two', {x: 3.5}]\n"
      "漢字: &a\n"
      "  - true\n"
      "  - \n"
      "empty:\n"
      "again: *a\n",
      "f.yaml", diagnostics);
  ASSERT_TRUE(root);
  EXPECT_THAT(told(diagnostics), IsEmpty());
  EXPECT_EQ(shown(*root), "{name=größe list=[1 two {x=3.5}] 漢字=[true null] empty=null again=[true null]}");
  EXPECT_EQ(place(root->find("name")->where), "1:7+5");
  EXPECT_EQ(root->find("name")->where.text, "name: größe");
  EXPECT_EQ(root->find("name")->where.file, "f.yaml");
  const Node& list = *root->find("list");
  EXPECT_EQ(list.items[0].kind, Kind::integer);
  EXPECT_EQ(list.items[1].kind, Kind::string);
  EXPECT_EQ(place(list.items[1].where), "2:11+5");
  EXPECT_EQ(place(list.items[2].find("x")->where), "2:22+3");
  EXPECT_EQ(place(root->entries[2].key_where), "3:1+2");
  EXPECT_EQ(place(root->find("empty")->where), "6:1+5");
  EXPECT_EQ(root->find("again")->items[0].kind, Kind::boolean);
}

TEST(ParseDocument, TakesWhatYamlAllows) {
  const std::pair<const char*, const char*> cases[] = {
      {"--- # start\na: 1\n...\n", "{a=1}"},
      {"%YAML 1.2\n---\na: 1\n", "{a=1}"},
      {"a: 1\r\nb: 2\r\n", "{a=1 b=2}"},
      {"a: !!str 1\nb: !!int \"2\"\nc: !!float 3\nd: !!map {}\ne: !!seq []\n", "{a=1 b=2 c=3 d={} e=[]}"},
      {"a: \"x\\ty\\u00e9\"\n", "{a=x\ty\xc3\xa9}"},
      {"a: |\n  one\n  \ttwo\nb: >-\n  x\n  y\n", "{a=one\n\ttwo\n b=x y}"},
      {"a:\t1\t# tab behind the colon\n\t\n\t# tab before a comment\nb: 2\n", "{a=1 b=2}"},
      {"? a\n: 1\n? b\n", "{a=1 b=null}"},
      {"a: {b, c: 1}\n", "{a={b=null c=1}}"},
      {"'<<': 1\n\"a: b\": 2\n", "{<<=1 a: b=2}"},
      {"a: x[{(\nb: it's\nc: a#b\n", "{a=x[{( b=it's c=a#b}"},
      {"a: null\nnull: 3\n", "{a=null null=3}"},
      {"a:\n- 1\n- 2\n", "{a=[1 2]}"},
      {"[a, [b], {c: d}]\n", "[a [b] {c=d}]"},
      {"plain\n", "plain"},
      {"a: one\n  two\n", "{a=one two}"},
      {"a: &x 1\nb: &x 2\nc: *x\n", "{a=1 b=2 c=2}"},
  };
  for (const auto& [text, expected] : cases) {
    Diagnostics diagnostics;
    const std::optional<Node> root = parse_document(text, "f.yaml", diagnostics);
    EXPECT_THAT(told(diagnostics), IsEmpty()) << text;
    EXPECT_EQ(root ? shown(*root) : "nothing", expected) << text;
  }
}

TEST(ParseDocument, TellsWhereTheFirstOfTwoKeysIs) {
  Diagnostics diagnostics;
  const std::optional<Node> root = parse_document("b: 1\na: {x: 1}\na: 2\n", "f.yaml", diagnostics);
  ASSERT_TRUE(root);
  EXPECT_EQ(shown(*root), "{b=1 a={x=1}}");
  EXPECT_EQ(diagnostics.list().at(0).advice, "the first is in line 2, column 1");
}

TEST(ParseDocument, KeepsToTheLimitsItIsGiven) {
  const DocumentLimits limits{.bytes = 40, .depth = 2, .nodes = 5};
  const auto first = [&](const std::string& text) {
    Diagnostics diagnostics;
    parse_document(text, "f", diagnostics, limits);
    return diagnostics.list().empty() ? "" : diagnostics.list().front().message;
  };
  EXPECT_EQ(first("[[1, 2, 3]]"), "");
  EXPECT_EQ(first("[[1, 2, 3, 4]]"), "more than 5 values, with aliases expanded");
  EXPECT_EQ(first("[[[]]]"), "lists and maps nest deeper than 2 levels");
  EXPECT_EQ(first("- - - 1"), "lists and maps nest deeper than 2 levels");
  EXPECT_EQ(first(std::string(41, 'x')), "the file has 41 bytes; the limit is 40");
  EXPECT_EQ(first("[&a [], [*a]]"), "lists and maps nest deeper than 2 levels once the alias is expanded");
}

TEST(ParseOverride, TakesPathAndValue) {
  EXPECT_EQ(parse_override("a.b=1").path, "a.b");
  EXPECT_EQ(parse_override("a.b=1").value, "1");
  EXPECT_EQ(parse_override("a=x=y").value, "x=y");
  EXPECT_EQ(parse_override("a=").value, "");
  for (const char* word : {"", "a", "=1", ".a=1", "a.=1", "a..b=1"}) EXPECT_THROW(parse_override(word), Error) << word;
}

class ResolveDocument : public testing::Test {
 protected:
  // The tree in short, or what was told.
  std::string resolve(const std::string& text, const std::vector<std::string>& words = {}) {
    diagnostics_ = {};
    std::vector<Override> overrides;
    for (const std::string& word : words) overrides.push_back(parse_override(word));
    root_ = resolve_document(folder_.write("a.yaml", text), overrides, known_, diagnostics_);
    if (!diagnostics_.has_errors()) return root_ ? shown(*root_) : "nothing";
    return fmt::format("{}", fmt::join(told(diagnostics_), "; "));
  }

  TemporaryFolder folder_;
  std::vector<std::string> known_ = {"name",
                                     "training.epochs",
                                     "training.batch",
                                     "data.batch",
                                     "network.*",
                                     "training.optimizer.adam.lr",
                                     "training.optimizer.sgd.lr",
                                     "training.optimizer.sgd.momentum",
                                     "training.schedule.cosine.minimum",
                                     "training.schedule.warm_up"};
  Diagnostics diagnostics_;
  std::optional<Node> root_;
};

TEST_F(ResolveDocument, ExtendsMergesMapsAndReplacesLists) {
  folder_.write("base.yaml", "name: base\nnetwork: {width: 4, stem: [a, b], deep: {x: 1, y: 2}}\nkept: 1\n");
  EXPECT_EQ(resolve("extends: base.yaml\nname: child\nnetwork: {stem: [c], deep: {y: 3}, more: 5}\n"),
            "{name=child network={width=4 stem=[c] deep={x=1 y=3} more=5} kept=1}");
  EXPECT_THAT(root_->find("network")->find("width")->where.file, HasSubstr("base.yaml"));
  EXPECT_THAT(root_->find("network")->find("stem")->where.file, HasSubstr("a.yaml"));
  EXPECT_THAT(root_->find("network")->find("deep")->find("x")->where.file, HasSubstr("base.yaml"));
}

TEST_F(ResolveDocument, ExtendsSeveralInOrderAndThroughFolders) {
  std::filesystem::create_directory(folder_.path() / "sub");
  folder_.write("one.yaml", "a: 1\nb: 1\nc: 1\n");
  folder_.write("sub/two.yaml", "extends: three.yaml\nb: 2\n");
  folder_.write("sub/three.yaml", "b: 3\nc: 3\nd: 3\n");
  EXPECT_EQ(resolve("extends: [one.yaml, sub/two.yaml]\na: 0\n"), "{a=0 b=2 c=3 d=3}");
}

TEST_F(ResolveDocument, AnotherKindReplacesTheFirst) {
  folder_.write("base.yaml",
                "training: {optimizer: {adam: {lr: 1, beta1: 2}}, schedule: {cosine: {minimum: 1}, warm_up: 3}}\n");
  EXPECT_EQ(resolve("extends: base.yaml\ntraining: {optimizer: {sgd: {lr: 2}}}\n"),
            "{training={optimizer={sgd={lr=2}} schedule={cosine={minimum=1} warm_up=3}}}");
  EXPECT_EQ(resolve("extends: base.yaml\ntraining: {optimizer: {adam: {lr: 2}}}\n"),
            "{training={optimizer={adam={lr=2 beta1=2}} schedule={cosine={minimum=1} warm_up=3}}}");
  EXPECT_EQ(resolve("extends: base.yaml\ntraining: {schedule: {step: {gamma: 2}}}\n"),
            "{training={optimizer={adam={lr=1 beta1=2}} schedule={warm_up=3 step={gamma=2}}}}");
  EXPECT_EQ(resolve("extends: base.yaml\ntraining: {schedule: {warm_up: 5}}\n"),
            "{training={optimizer={adam={lr=1 beta1=2}} schedule={cosine={minimum=1} warm_up=5}}}");
  EXPECT_EQ(resolve("extends: base.yaml\n", {"optimizer.sgd.lr=0.5", "sgd.momentum=0.9"}),
            "{training={optimizer={sgd={lr=0.5 momentum=0.9}} schedule={cosine={minimum=1} warm_up=3}}}");
}

TEST_F(ResolveDocument, FaultsOfABaseAreToldInTheBase) {
  folder_.write("base.yaml", "a: 1\na: 2\n");
  EXPECT_EQ(resolve("extends: base.yaml\nb: 1\nb: 2\n"),
            "a.yaml:3:1: duplicate key `b`; base.yaml:2:1: duplicate key `a`");
  folder_.write("list.yaml", "[1]\n");
  EXPECT_EQ(resolve("extends: list.yaml\n"),
            "list.yaml:1:1: an experiment must be a map of `key: value`, but this is a list");
}

TEST_F(ResolveDocument, BasesThatCannotBeReadAreToldWhereTheyAreNamed) {
  EXPECT_THAT(resolve("name: x\nextends: none.yaml\n"), HasSubstr("a.yaml:2:10: cannot read `"));
  EXPECT_THAT(resolve("extends: [none.yaml, missing.yaml]\n"),
              testing::AllOf(HasSubstr("a.yaml:1:11"), HasSubstr("a.yaml:1:22")));
  EXPECT_EQ(resolve("extends: 3\n"), "a.yaml:1:10: `extends` is an integer, expected a file name or a list of them");
  EXPECT_EQ(resolve("extends: [a.yml, {}]\n").substr(0, 12), "a.yaml:1:11:");
  EXPECT_EQ(resolve("extends: []\n"),
            "a.yaml:1:10: `extends` is an empty list, expected a file name or a list of them");
  EXPECT_EQ(resolve("extends:\n"), "a.yaml:1:1: `extends` is null, expected a file name or a list of them");
  EXPECT_THAT(resolve("extends: /dev/zero\n"), HasSubstr("not a regular file"));
}

TEST_F(ResolveDocument, CirclesAndLongChainsAreTold) {
  folder_.write("b.yaml", "extends: a.yaml\n");
  EXPECT_EQ(resolve("extends: b.yaml\n"),
            "b.yaml:1:10: the files extend each other in a circle: a.yaml → b.yaml → a.yaml");
  EXPECT_EQ(resolve("extends: a.yaml\n"), "a.yaml:1:10: the files extend each other in a circle: a.yaml → a.yaml");
  folder_.write("c0.yaml", "x: 1\n");
  for (int i = 1; i < 20; ++i) folder_.write(fmt::format("c{}.yaml", i), fmt::format("extends: c{}.yaml\n", i - 1));
  EXPECT_EQ(resolve("extends: c14.yaml\n"), "{x=1}");
  EXPECT_THAT(resolve("extends: c19.yaml\n"), HasSubstr("more than 16 levels"));
}

constexpr const char* experiment =
    "name: x\n"
    "network: {cardinality: 32, stages: [{depth: 3}, {depth: 4}]}\n"
    "training: {optimizer: {adam: {lr: 1e-3}}, batch: 8}\n";

TEST_F(ResolveDocument, OverridesNameAKeyByPathOrTail) {
  const std::pair<const char*, const char*> cases[] = {{"training.optimizer.adam.lr=3", "lr=3"},
                                                       {"lr=3e-4", "lr=3e-4"},
                                                       {"adam.lr=.5", "lr=.5"},
                                                       {"network.stages.0.depth=9", "{depth=9}"},
                                                       {"stages.1.depth=9", "{depth=9}"},
                                                       {"cardinality=8", "cardinality=8"},
                                                       {"training.epochs=5", "epochs=5"},
                                                       {"epochs=5", "epochs=5"},
                                                       {"network.width=4", "width=4"},
                                                       {"stages.0.stride=2", "{depth=3 stride=2}"},
                                                       {"training.batch=16", "batch=16"},
                                                       {"name=null", "name=null"},
                                                       {"name=", "name="},
                                                       {"name=\"1\"", "name=1"},
                                                       {"stages=[{depth: 1}]", "stages=[{depth=1}]"},
                                                       {"data.batch=2", "data={batch=2}"},
                                                       {"warm_up=5", "schedule={warm_up=5}"}};
  for (const auto& [word, expected] : cases) EXPECT_THAT(resolve(experiment, {word}), HasSubstr(expected)) << word;
}

TEST_F(ResolveDocument, OverridesComeInOrder) {
  EXPECT_THAT(resolve(experiment, {"lr=1", "lr=2"}), HasSubstr("lr=2"));
  EXPECT_THAT(resolve(experiment, {"network.new={a: 1}", "new.a=2"}), HasSubstr("new={a=2}"));
}

TEST_F(ResolveDocument, OverriddenValuesKnowTheWordTheyCameFrom) {
  resolve(experiment, {"lr=3e-4"});
  const Node& lr = *root_->find("training")->find("optimizer")->find("adam")->find("lr");
  EXPECT_EQ(lr.kind, Kind::real);
  EXPECT_EQ(lr.origin, Node::Origin::command_line);
  EXPECT_EQ(lr.where, (SourceLocation{"command line", 1, 4, 4, "lr=3e-4"}));
  resolve(experiment, {"name=\"7\""});
  EXPECT_EQ(root_->find("name")->kind, Kind::string);
  resolve(experiment, {"stages=[{depth: 1}]"});
  const Node& depth = *root_->find("network")->find("stages")->items[0].find("depth");
  EXPECT_EQ(depth.origin, Node::Origin::command_line);
  EXPECT_EQ(depth.where.column, 17);
}

TEST_F(ResolveDocument, OverridesThatFailPointIntoTheWord) {
  EXPECT_EQ(resolve(experiment, {"depth=1"}), "command line:1:1: `depth` matches 2 keys");
  EXPECT_EQ(diagnostics_.list()[0].advice,
            "write more of the path: `network.stages.0.depth`, `network.stages.1.depth`");
  // Written in one place, and with its default in another.
  EXPECT_EQ(resolve(experiment, {"batch=16"}), "command line:1:1: `batch` matches 2 keys");
  EXPECT_EQ(diagnostics_.list()[0].advice, "write more of the path: `data.batch`, `training.batch`");
  EXPECT_EQ(resolve(experiment, {"cardinalty=1"}), "command line:1:1: there is no key `cardinalty`");
  EXPECT_EQ(diagnostics_.list()[0].advice, "did you mean `network.cardinality`?");
  EXPECT_EQ(resolve(experiment, {"zzzzzz=1"}), "command line:1:1: there is no key `zzzzzz`");
  EXPECT_EQ(resolve(experiment, {"stages.7.depth=1"}), "command line:1:1: there is no key `stages.7.depth`");
  EXPECT_EQ(resolve(experiment, {"name=[1, 2"}), "command line:1:6: `[` is never closed, expected `]`");
  EXPECT_EQ(resolve(experiment, {"name={a: 1, a: 2}"}), "command line:1:13: duplicate key `a`");
  EXPECT_EQ(resolve(experiment, {"name=*x"}), "command line:1:6: the alias has no anchor before it");
  EXPECT_EQ(resolve(experiment, {"nope=1", "name=@"}),
            "command line:1:1: there is no key `nope`; command line:1:6: a value cannot start with `@`");
  EXPECT_EQ(
      render(diagnostics_.list()[1]),
      "command line:1:6: error: a value cannot start with `@`\n  1 | name=@\n    |      ^\n    = quote the value\n");
}

TEST_F(ResolveDocument, InterpolationFillsIn) {
  ::setenv("RXRUN_TEST_VALUE", "7", 1);
  ::setenv("RXRUN_TEST_DOLLAR", "${a}", 1);
  ::setenv("RXRUN_TEST_EMPTY", "", 1);
  ::unsetenv("RXRUN_TEST_NONE");
  const std::pair<const char*, const char*> cases[] = {
      {"a: ${env:RXRUN_TEST_VALUE}\n", "{a=7}"},
      {"a: x/${env:RXRUN_TEST_VALUE}/y\n", "{a=x/7/y}"},
      {"a: ${env:RXRUN_TEST_NONE:data}/breast\n", "{a=data/breast}"},
      {"a: ${env:RXRUN_TEST_NONE:}\n", "{a=}"},
      {"a: ${env:RXRUN_TEST_EMPTY:x}\n", "{a=}"},
      {"a: ${env:RXRUN_TEST_NONE:${env:RXRUN_TEST_VALUE}}\n", "{a=7}"},
      {"a: ${env:RXRUN_TEST_NONE:http://x:8}\n", "{a=http://x:8}"},
      {"a: ${b.c.1}\nb: {c: [1, {d: 2}]}\n", "{a={d=2} b={c=[1 {d=2}]}}"},
      {"a: n=${b}\nb: ${c}\nc: 3\n", "{a=n=3 b=3 c=3}"},
      {"a: $${b} $${\nb: 1\n", "{a=${b} ${ b=1}"},
      {"a: ${env:RXRUN_TEST_DOLLAR}\nb: ${a}\n", "{a=${a} b=${a}}"},
      {"a: $x $ {b} }{\n", "{a=$x $ {b} }{}"},
      {"a: ${b}${b}\nb: 1.50\n", "{a=1.501.50 b=1.50}"},
      {"a: x${b}\nb: ~\n", "{a=x~ b=null}"},
      {"a: {x: 1, y: \"${a.x}\"}\n", "{a={x=1 y=1}}"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(resolve(text), expected) << text;
  EXPECT_EQ(resolve("a: ${b}\nb: {x: '$${c}'}\nc: ${a.x}\n"), "{a={x=${c}} b={x=${c}} c=${c}}");
  resolve("a: ${env:RXRUN_TEST_VALUE}\nb: '${c}'\nc: true\nd: x${c}\n");
  EXPECT_EQ(root_->find("a")->kind, Kind::integer);
  EXPECT_EQ(root_->find("b")->kind, Kind::boolean);
  EXPECT_EQ(root_->find("d")->kind, Kind::string);
  EXPECT_EQ(place(root_->find("b")->where), "2:4+6");
}

TEST_F(ResolveDocument, InterpolationSeesOverridesAndBases) {
  folder_.write("base.yaml", "name: base\nother: ${name}!\n");
  EXPECT_EQ(resolve("extends: base.yaml\nname: child\n"), "{name=child other=child!}");
  EXPECT_EQ(resolve("extends: base.yaml\n", {"name=word"}), "{name=word other=word!}");
  EXPECT_EQ(resolve("name: x\nother: y\n", {"name=${other}"}), "{name=y other=y}");
}

TEST_F(ResolveDocument, InterpolationsThatFailPointAtTheExpression) {
  ::unsetenv("RXRUN_TEST_NONE");
  ::setenv("RXRUN_TEST_CONTROL", "\x1b[2J", 1);
  const std::pair<const char*, const char*> cases[] = {
      {"a: x/${env:RXRUN_TEST_NONE}\n", "a.yaml:1:6: the environment variable `RXRUN_TEST_NONE` is not set"},
      {"a: x/${env:RXRUN_TEST_CONTROL}\n",
       "a.yaml:1:6: the environment variable `RXRUN_TEST_CONTROL` has control characters or invalid UTF-8"},
      {"a: ${env:2x}\n", "a.yaml:1:4: `2x` is not a valid environment variable name"},
      {"a: größe ${nope}\n", "a.yaml:1:10: there is no key `nope`"},
      {"a: ${}\n", "a.yaml:1:4: there is no key ``"},
      {"a: x ${b\nb: 1\n", "a.yaml:1:6: `${` is never closed, expected `}`"},
      {"a: ${sys:x}\n", "a.yaml:1:4: `${sys:x}` is not a reference, expected `${env:NAME}` or `${path.to.key}`"},
      {"a: x${b}\nb: [1]\n", "a.yaml:1:5: `${b}` is a list, which cannot be part of a string"},
      {"a: ${a}\n", "a.yaml:1:4: `${a}` refers back to itself"},
      {"a: ${b}\nb: x${a}\n", "a.yaml:2:5: `${a}` refers back to itself"},
      {"a: {b: \"${a}\"}\n", "a.yaml:1:9: `${a}` refers back to itself"},
      {"a: ${a.b}\n", "a.yaml:1:4: `${a.b}` refers back to itself"},
      {"a: ${x}\nb: ${y}\n", "a.yaml:1:4: there is no key `x`; a.yaml:2:4: there is no key `y`"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(resolve(text), expected) << text;
  resolve("training: 1\na: ${trainin}\n");
  EXPECT_EQ(diagnostics_.list()[0].advice, "did you mean `${training}`?");
}

}  // namespace
}  // namespace rxrun
