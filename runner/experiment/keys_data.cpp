#include <filesystem>
#include <system_error>

#include "experiment/folder_layout_text.h"
#include "experiment/key_builder.h"
#include "experiment/keys.h"

namespace rxrun {
namespace {

auto data(auto... rest) { return member(&Experiment::data, rest...); }
auto augment(auto... rest) { return data(&DataSpec::augment, rest...); }

constexpr std::int64_t max_channels = 1024;

// A fraction to draw, or the name of a part that the source provides.
KeyBuilder part(std::string name, std::string doc, SplitPart SplitSpec::*member) {
  return KeyBuilder(std::move(name), std::move(doc), data(&DataSpec::split, member))
      .text("the name of a part that the source provides")
      .length(1, 200)
      .above(0)
      .to(1);
}

std::vector<Key> split_keys() {
  return {
      part("train", "what the network learns from: a fraction, or a part that the source provides", &SplitSpec::train),
      part("validation", "scored after every epoch, may choose the kept weights", &SplitSpec::validation),
      part("test", "scored once, at the end, with the kept weights", &SplitSpec::test),
      KeyBuilder("group_by",
                 "keeps related images in one part: a regular expression on the file name whose first group is, "
                 "say, the patient; for a manifest, a column; empty: no grouping",
                 data(&DataSpec::split, &SplitSpec::group_by))
          .text("a regular expression with a group")
          .length(0, 1000),
      KeyBuilder("seed", "seed of the random split; null: the experiment's seed",
                 data(&DataSpec::split, &SplitSpec::seed)),
  };
}

std::vector<Key> augment_keys() {
  return {
      KeyBuilder("pad", "pixels added on each side before a random crop to the original size",
                 augment(&AugmentSpec::pad))
          .from(0)
          .to(1024),
      KeyBuilder("horizontal_flip", "mirror left and right, with probability 1/2",
                 augment(&AugmentSpec::horizontal_flip)),
      KeyBuilder("vertical_flip", "mirror top and bottom, with probability 1/2", augment(&AugmentSpec::vertical_flip)),
      KeyBuilder("rotate_90", "rotate by 0, 90, 180 or 270 degrees, at random", augment(&AugmentSpec::rotate_90)),
      KeyBuilder("translate", "shift by up to this many pixels", augment(&AugmentSpec::translate)).from(0).to(1024),
      KeyBuilder("rotate", "rotate by up to this many degrees", augment(&AugmentSpec::rotate)).from(0).to(180),
      KeyBuilder("scale", "random resized crop: smallest share of the area to keep; 1: off",
                 augment(&AugmentSpec::scale_low))
          .above(0)
          .to(1),
      KeyBuilder("brightness", "multiply by a random factor within 1 ± this", augment(&AugmentSpec::brightness))
          .from(0)
          .to(1),
      KeyBuilder("contrast", "multiply by a random factor within 1 ± this", augment(&AugmentSpec::contrast))
          .from(0)
          .to(1),
      KeyBuilder("saturation", "multiply by a random factor within 1 ± this", augment(&AugmentSpec::saturation))
          .from(0)
          .to(1),
      KeyBuilder("hue", "rotate the hue by up to this share of the colour circle", augment(&AugmentSpec::hue))
          .from(0)
          .to(0.5),
      KeyBuilder("stain", "jitter in haematoxylin-eosin-DAB space (arXiv 1808.05896)", augment(&AugmentSpec::stain))
          .from(0)
          .to(1),
      KeyBuilder("erase", "probability of erasing a rectangle (arXiv 1708.04896)", augment(&AugmentSpec::erase))
          .from(0)
          .to(1),
  };
}

Key normalize_key() {
  const auto spec = [](auto... rest) { return data(&DataSpec::normalize, rest...); };
  return KeyBuilder(
             "normalize",
             "scales channels to mean 0 and standard deviation 1: `measured` on the training part, given, or `none`")
      .words({"measured", "none"})
      .map({
          KeyBuilder("mean", "mean of each channel, for pixels in [0, 1]", spec(&NormalizeSpec::mean))
              .from(-1000)
              .to(1000)
              .length(1, max_channels)
              .required(),
          KeyBuilder("deviation", "standard deviation of each channel, for pixels in [0, 1]",
                     spec(&NormalizeSpec::deviation))
              .above(0)
              .to(1000)
              .length(1, max_channels)
              .required(),
      })
      .set([](Experiment& e, const Node& node) {
        using Source = NormalizeSpec::Source;
        e.data.normalize.source = node.kind == Node::Kind::map ? Source::given
                                  : node.text == "none"        ? Source::none
                                                               : Source::measured;
      })
      .by_default(to_node("measured"));
}

Key window_key() {
  return KeyBuilder("window",
                    "of 16-bit images (PNG, TIFF): the values that become black and white, [low, high]; null: all that "
                    "16 bits can be")
      .list({.number = NumberForm{.minimum = -1e6, .maximum = 1e6}, .text = {}, .shortest = 2, .longest = 2})
      .nullable()
      .set([](Experiment& e, const Node& node) {
        std::vector<double> bounds;
        store(node, bounds);
        e.data.window = GreyWindow{.low = bounds.at(0), .high = bounds.at(1)};
      })
      .get([](Experiment&) { return null_node(); });
}

Key sample_key() {
  std::vector<Kind> kinds{
      {"histology",
       "patches that look like stained tissue, two classes",
       {KeyBuilder("images", "number of images in total", data(&DataSpec::sample_images)).from(12).to(1'000'000)}}};
  return KeyBuilder("sample",
                    "images to generate when `path` does not exist; null: none, so that a missing path is an error")
      .kinds(std::move(kinds))
      .nullable()
      .set([](Experiment& e, const Node& node) { e.data.sample = node.entries.at(0).key; })
      .get([](Experiment&) { return null_node(); });
}

Key path_key() {
  return KeyBuilder("path", "folder or file of the images; only `source: histology` needs none")
      .text("a path")
      .length(1, 4096)
      .nullable()
      .no_identity()
      .set([](Experiment& e, const Node& node) {
        std::error_code fault;
        e.data.path = std::filesystem::absolute(node.text, fault).lexically_normal();
        e.data.path_where = node.where;
      })
      .get([](Experiment&) { return null_node(); });
}

Key layout_key() {
  return KeyBuilder("layout",
                    "of class_folders: what the folders on each level below `path` are, such as part/class or "
                    "any/group/class; auto: what their names say; an error tells when they say several things")
      .text("roles from `any`, `part`, `group` and `class` (once), such as `part/class`",
            "^(any|part|group|class)(/(any|part|group|class)){0,19}$")
      .also("auto")
      .no_identity()
      .normalize([](Node& node) { return node.text == "auto" || layout_of(node.text).has_value(); })
      .set([](Experiment& e, const Node& node) { e.data.layout = layout_of(node.text).value_or(FolderLayout{}); })
      .get([](Experiment& e) { return to_node(e.data.layout.empty() ? "auto" : to_string(e.data.layout)); });
}

Key patterns_key(std::string name, std::string doc, std::vector<std::string> DataSpec::*member) {
  return KeyBuilder(std::move(name), std::move(doc))
      .list({.number = {},
             .text = {.what = "a pattern such as `*_mask.png`", .shortest = 1},
             .shortest = 0,
             .longest = 100})
      .no_identity()
      .set([member](Experiment& e, const Node& node) {
        for (const Node& item : node.items) (e.data.*member).push_back(item.text);
      })
      .get([](Experiment&) { return to_node(std::vector<double>{}); });
}

constexpr double most_memory = 0x1p50;  // 1 PiB: a double holds every whole number up to it

Key memory_key() {
  return KeyBuilder(
             "memory",
             "memory for decoded images; beyond it, they are kept in a file in the folder `cache` of the results")
      .text("a size such as `4 GiB`", "^[0-9]{1,16}(\\.[0-9]{1,6})? ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$")
      .number({.integer = true, .minimum = 0, .maximum = most_memory})
      .no_identity()
      .normalize([](Node& node) {
        const auto bytes = node.kind == Node::Kind::integer ? std::optional(node.integer) : bytes_of(node.text);
        if (!bytes || static_cast<double>(*bytes) > most_memory) return false;
        node.kind = Node::Kind::string;
        node.text = bytes_text(static_cast<std::uint64_t>(*bytes));
        return true;
      })
      .set([](Experiment& e, const Node& node) {
        e.data.memory = static_cast<std::uint64_t>(bytes_of(node.text).value_or(0));
      })
      .get([](Experiment& e) { return to_node(bytes_text(e.data.memory)); });
}

}  // namespace

std::vector<Key> data_keys() {
  return {
      choice("source", "format of the data at `path`", data(&DataSpec::source),
             {"class_folders", "medmnist", "idx", "manifest", "cifar", "histology"}),
      path_key(),
      layout_key(),
      patterns_key(
          "include",
          "of class_folders: only images that one of these patterns means; one without / is compared with each "
          "name in the path below `path`, one with / with the path, where ** is any number of folders",
          &DataSpec::include),
      patterns_key("exclude",
                   "of class_folders: no images that one of these patterns means; read as those of `include`",
                   &DataSpec::exclude),
      sample_key(),
      KeyBuilder("image_size", "height and width of the network's input, in pixels", data(&DataSpec::image_size))
          .from(4)
          .to(4096),
      KeyBuilder("resize",
                 "how images of another size are fitted: stretch; crop: resize the short side, then cut out the "
                 "centre; pad; none: an error",
                 data(&DataSpec::resize))
          .words({"stretch", "crop", "pad", "none"}),
      KeyBuilder("channels",
                 "of the network's input: 1 converts images to grey, 3 to colour; another number takes the bands of "
                 "images that have so many; auto: grey or colour, as in the source",
                 data(&DataSpec::channels))
          .from(1)
          .to(max_channels)
          .zero_as("auto"),
      window_key(),
      KeyBuilder("classes", "number of classes that the source must have; auto: any", data(&DataSpec::classes))
          .from(2)
          .to(1'000'000)
          .zero_as("auto"),
      KeyBuilder(
          "split",
          "the training, validation and test parts: fractions to draw at random, or parts that the source provides")
          .map(split_keys()),
      KeyBuilder("augment", "random changes to the training images, applied in this order").map(augment_keys()),
      normalize_key(),
      KeyBuilder("batch", "images per training step", data(&DataSpec::batch)).from(1).to(65536),
      choice("on_bad_image", "whether a damaged image is an error, or is skipped and counted",
             data(&DataSpec::on_bad_image), {"error", "skip"}),
      memory_key(),
  };
}

}  // namespace rxrun
