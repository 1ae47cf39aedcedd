#include "data/left_out.h"

#include <algorithm>
#include <functional>
#include <string>

#include "data/fault.h"
#include "data/sixteen_bits.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

class Telling {
 public:
  Telling(const DataSpec& spec, const Source& source, const std::vector<ImageFacts>& facts)
      : spec_(spec), source_(source), facts_(facts) {}

  std::vector<Diagnostic> all() {
    colours();
    levels();
    pages();
    bands();
    strays();
    return std::move(told_);
  }

 private:
  struct Count {
    std::int64_t images = 0;
    std::string example;  // the name of the first
  };
  // Of those that could be read.
  Count count(const std::function<bool(const ImageOrigin&)>& is_one) const {
    Count count;
    for (std::size_t i = 0; i < facts_.size(); ++i) {
      if (facts_[i].pixels.empty() || !is_one(facts_[i].origin)) continue;
      if (count.images++ == 0) count.example = printable(source_.samples()[i].name);
    }
    return count;
  }

  // "3 of 20 images".
  std::string of_all(const Count& count) const {
    const std::int64_t all = this->count([](const ImageOrigin&) { return true; }).images;
    return count.images == all ? counted(all, "image") : std::to_string(count.images) + " of " + counted(all, "image");
  }

  // The example goes into the advice, which is not logged (fault.h).
  void warn(const std::string& key, const std::string& message, const std::string& advice,
            const std::string& example = {}) {
    told_.push_back(data_warning(spec_, key, message, example.empty() ? advice : advice + "\n" + for_example(example)));
  }

  static std::string for_example(const std::string& name) { return "for example, `" + printable(name) + "`"; }

  // A network that is grey because the images looked at first were.
  void colours() {
    const Count lost = count([](const ImageOrigin& origin) { return origin.lost_colour; });
    if (lost.images == 0) return;
    const std::string which = of_all(lost) + (lost.images == 1 ? " is" : " are") + " in colour";
    if (spec_.channels == 0)
      bad_data(spec_, "channels", which + ", but data.channels is auto, and those looked at first are grey",
               "data.channels=3 makes all of them colour, data.channels=1 grey\n" + for_example(lost.example));
    told_.push_back(data_note(spec_, "channels", which + ", and converted to grey", for_example(lost.example)));
  }

  // Sixteen bits where a window is not declared, or the other way round. An image uses a small part of what 16 bits can
  // be as a rule (12 bits are usual in medicine), and then few grey levels are left of it.
  void levels() {
    const Count wide = count([](const ImageOrigin&origin) { return origin.wide.has_value(); }),
                narrow = count([](const ImageOrigin&origin) { return !origin.wide; });
    if (wide.images == 0 && spec_.window)
      warn("window", "data.window has no effect: none of the images has 16 bits", "");
    else if (spec_.window && narrow.images > 0)
      warn("window",
           "data.window does not apply to " + of_all(narrow) + ", which " + (narrow.images == 1 ? "has" : "have") +
               " 8 bits",
           "make all of them one kind: as they are, their greys mean different things", narrow.example);
    if (wide.images == 0 || spec_.window) return;
    Levels levels{.lowest = 65535, .highest = -32768};
    for (const ImageFacts& facts : facts_)
      if (facts.origin.wide) {
        levels.lowest = std::min(levels.lowest, facts.origin.wide->lowest);
        levels.highest = std::max(levels.highest, facts.origin.wide->highest);
      }
    const GreyWindow whole = whole_window(levels.lowest < 0);
    const int left = windowed(levels.highest, whole) - windowed(levels.lowest, whole) + 1;
    warn("window",
         of_all(wide) + (wide.images == 1 ? " has" : " have") + " 16 bits, of which 8 are kept: their values, " +
             std::to_string(levels.lowest) + " to " + std::to_string(levels.highest) + ", become " +
             counted(left, "grey level"),
         "data.window=[LOW,HIGH] maps the values from LOW to HIGH to all 256 levels");
  }

  void pages() {
    const Count several = count([](const ImageOrigin& origin) { return origin.further_pictures > 0; });
    if (several.images == 0) return;
    std::int64_t left = 0;
    for (const ImageFacts& facts : facts_) left += facts.origin.further_pictures;
    warn("path",
         of_all(several) + (several.images == 1 ? " has" : " have") +
             " more than one page or frame: the first is used, and " + std::to_string(left) +
             (left == 1 ? " is left out" : " are left out"),
         "store each page as an image of its own to use them all", several.example);
  }

  void bands() {
    const Count ignored = count([](const ImageOrigin& origin) { return origin.ignored_bands > 0; });
    if (ignored.images == 0) return;
    warn("channels",
         of_all(ignored) + (ignored.images == 1 ? " has" : " have") +
             " a fourth band beside RGB that declares no use: it is left out",
         "data.channels=4 takes it as a channel", ignored.example);
  }

  void strays() {
    const Count stray = count([](const ImageOrigin& origin) { return origin.stray_bytes; });
    if (stray.images == 0) return;
    warn("path",
         of_all(stray) + (stray.images == 1 ? " is a JPEG" : " are JPEGs") +
             " with bytes behind the pixels' data that belong to none",
         "look at them: they may be damaged", stray.example);
  }

  const DataSpec& spec_;
  const Source& source_;
  const std::vector<ImageFacts>& facts_;
  std::vector<Diagnostic> told_;
};

}  // namespace

std::vector<Diagnostic> left_out_of_images(const DataSpec& spec, const Source& source,
                                           const std::vector<ImageFacts>& facts) {
  return Telling(spec, source, facts).all();
}

}  // namespace rxrun
