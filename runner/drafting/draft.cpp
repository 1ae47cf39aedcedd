#include "drafting/draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>
#include <variant>

#include "data/split.h"
#include "diagnostics/render.h"
#include "diagnostics/utf8.h"
#include "drafting/recognise.h"
#include "drafting/sampled_images.h"
#include "drafting/settle.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t looked_at = 60;  // images
constexpr std::uint64_t seed = 1;      // of the experiment

// Letters and digits of the folder's or the file's name.
std::string experiment_name(const fs::path& path) {
  std::error_code error;
  fs::path whole = fs::absolute(path, error).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  std::string name = (fs::is_directory(path, error) ? whole.filename() : whole.stem()).string();
  for (char& c : name)
    if (const auto u = static_cast<unsigned char>(c); u > 0x7e || (!std::isalnum(u) && c != '.' && c != '-')) c = '_';
  constexpr std::size_t longest = 60;
  name = name.substr(0, longest);
  name.erase(0, std::min(name.find_first_not_of("._-"), name.size()));
  return name.empty() ? "experiment" : name;
}

std::vector<std::int64_t> class_counts(const Listing& listing, const std::vector<std::int64_t>& part) {
  std::vector<std::int64_t> counts(listing.classes.size(), 0);
  for (const std::int64_t i : part)
    ++counts[static_cast<std::size_t>(listing.samples[static_cast<std::size_t>(i)].label)];
  return counts;
}

// As a user would write it: without a slash at its end.
fs::path as_written(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return normal.has_filename() || !normal.has_parent_path() || normal == normal.root_path() ? normal
                                                                                            : normal.parent_path();
}

std::string found_in_words(const Listing& listing, const DraftedData& data) {
  constexpr std::size_t shown = 10;
  std::vector<std::int64_t> counts(listing.classes.size(), 0);
  for (const Sample& sample : listing.samples) ++counts[static_cast<std::size_t>(sample.label)];
  std::string text = fmt::format("{} of {}", counted(data.images, "image"), counted(counts.size(), "class"));
  if (data.groups > 0) text += " in " + counted(data.groups, "group");
  for (std::size_t c = 0; c < std::min(shown, counts.size()); ++c)
    text += fmt::format("{} `{}` {}", c == 0 ? ":" : ",", printable(listing.classes[c]), counts[c]);
  if (counts.size() > shown) text += fmt::format(", and {}", counted(counts.size() - shown, "more class"));
  if (!listing.layout.empty()) text += "; folders " + printable(listing.layout_in_words);
  return text;
}

DraftedData settle_data(const DataSpec& asked, const RecognisedData& recognised, const SampledImages& sampled) {
  const Listing& listing = recognised.source->listing();
  DraftedData data;
  data.spec = asked;
  data.spec.source = recognised.kind;
  data.spec.path = as_written(recognised.path);
  data.layout = listing.layout;
  data.classes = listing.classes;
  data.images = static_cast<std::int64_t>(listing.samples.size());
  std::set<std::string_view> groups;
  for (const Sample& sample : listing.samples) groups.insert(sample.group);
  if (groups.size() < listing.samples.size()) data.groups = static_cast<std::int64_t>(groups.size());
  data.found = found_in_words(listing, data);
  settle_size(sampled, data);
  settle_channels(sampled, listing.channels, data);
  settle_window(sampled, data);
  settle_split(listing, data);
  if (data.groups == 0) data.group_suggestion = group_suggestion(listing);
  data.warnings = listing.warnings;
  const Parts parts = draw_split(listing, data.spec, seed);
  for (const Part part : all_parts)
    data.class_images[static_cast<std::size_t>(part)] = class_counts(listing, parts[static_cast<std::size_t>(part)]);
  std::vector<Diagnostic> warnings = split_warnings(listing, data.spec, parts);
  check_parts(listing.classes, listing.samples, parts, data.spec, warnings);
  data.warnings.insert(data.warnings.end(), warnings.begin(), warnings.end());
  return data;
}

Recipe settle_recipe(DraftedData& data) {
  const auto& [train, validation, test] = data.class_images;
  const auto [least, most] = std::minmax_element(train.begin(), train.end());
  return recipe_for({.image_size = data.spec.image_size,
                     .train = std::accumulate(train.begin(), train.end(), std::int64_t{0}),
                     .validation = std::accumulate(validation.begin(), validation.end(), std::int64_t{0}),
                     .imbalance = static_cast<double>(*most) / static_cast<double>(*least),
                     .mirrored = settle_mirroring(data)});
}

void say_what_was_assumed(Draft& draft) {
  const DraftedData& data = draft.data;
  const auto assume = [&](const std::string& key, const std::string& reason) {
    if (!reason.empty()) draft.assumed.push_back(key + ": " + reason);
  };
  assume(fmt::format("image_size {}", data.spec.image_size), data.size_reason);
  assume(fmt::format("channels {}", data.spec.channels), data.channels_reason);
  if (data.spec.window) assume("window", data.window_reason);
  assume("split", data.split_reason);
  assume("augment", data.augment_reason);
  assume("network", draft.recipe.network_reason);
  assume("training", draft.recipe.training_reason);
}

void say_what_to_look_at(const SampledImages& sampled, Draft& draft) {
  const DraftedData& data = draft.data;
  const auto look = [&](const std::string& sentence) { draft.look_at.push_back(sentence); };
  const SplitSpec& split = data.spec.split;
  const bool draws = std::holds_alternative<double>(split.validation) || std::holds_alternative<double>(split.test);
  if (data.groups == 0 && draws)
    look(
        "images are split one by one: where several are of one patient, animal or scene, set data.split.group_by, or "
        "scores will be too good" +
        (data.group_suggestion.empty() ? "" : "; these names suggest group_by: '" + data.group_suggestion + "'"));
  if (data.spec.window)
    look(
        "data.window: a window of the quantity measured, such as [-160, 240] for soft tissue in Hounsfield units, "
        "shows more than all that occurs");
  if (!sampled.bad.empty())
    look(
        fmt::format("{} of {} looked at cannot be read, such as {}: {}; remove or repair them, or set "
                    "data.on_bad_image: skip",
                    sampled.bad.size(), counted(sampled.count(), "image"), printable(sampled.bad.front().where.file),
                    printable(sampled.bad.front().message)));
  look("whether the classes can still be told apart in the pictures of `rxrun check FILE --pictures FILE.png`");
}

}  // namespace

Draft draft_experiment(const DataSpec& asked) {
  const fs::path& path = asked.path;
  if (!is_utf8(path.string()))
    throw Error(Failure::usage, "an experiment cannot name " + printable(path.string()) + ": it is not UTF-8",
                "rename the folder, or link to it");
  const RecognisedData recognised = recognise_data(asked);
  const SampledImages sampled = sample_images(*recognised.source, looked_at);
  Draft draft;
  draft.name = experiment_name(path);
  draft.data = settle_data(asked, recognised, sampled);
  draft.recipe = settle_recipe(draft.data);
  say_what_was_assumed(draft);
  say_what_to_look_at(sampled, draft);
  if (!recognised.instead_of_folders.empty())
    draft.look_at.push_back("the list is read, because the folders beside it are not understood: " +
                            recognised.instead_of_folders);
  draft.text = experiment_text(draft);
  return draft;
}

}  // namespace rxrun
