#include "data/companion_files.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <string_view>
#include <unordered_map>

namespace rxrun {
namespace {

std::string_view stem_of(std::string_view file) { return file.substr(0, file.rfind('.')); }

bool begins_suffix(char c) { return c == '_' || c == '-' || c == '.' || c == ' '; }

// "_mask" of "_mask_1": BUSI numbers several masks of one image.
std::string_view without_number(std::string_view suffix) {
  const std::size_t end = suffix.find_last_not_of("0123456789_-. ");
  return suffix.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

}  // namespace

Companions find_companions(const std::vector<ImageFolder>& folders) {
  std::map<std::string, Companions, std::less<>> found;
  for (const ImageFolder& folder : folders) {
    std::unordered_map<std::string_view, std::string_view> stems;  // and their files
    for (const std::string& file : folder.images) stems.emplace(stem_of(file), file);
    for (const std::string& file : folder.images) {
      const std::string_view stem = stem_of(file);
      for (std::size_t at = stem.size(); at-- > 1;) {
        if (!begins_suffix(stem[at])) continue;
        const auto other = stems.find(stem.substr(0, at));
        if (other == stems.end()) continue;
        const std::string suffix(without_number(stem.substr(at)));
        if (std::none_of(suffix.begin(), suffix.end(), [](unsigned char c) { return std::isalpha(c) != 0; })) continue;
        Companions& of = found[suffix];
        if (of.count++ == 0) of = {suffix, 1, file + " beside " + std::string(other->second)};
        break;
      }
    }
  }
  const auto rarer = [](const auto& a, const auto& b) { return a.second.count < b.second.count; };
  const auto commonest = std::max_element(found.begin(), found.end(), rarer);
  return commonest == found.end() ? Companions{} : commonest->second;
}

}  // namespace rxrun
