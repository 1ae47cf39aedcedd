#include "experiment/folder_layout_text.h"

#include <algorithm>
#include <utility>

namespace rxrun {
namespace {

constexpr std::pair<FolderRole, const char*> words[] = {{FolderRole::any, "any"},
                                                        {FolderRole::part, "part"},
                                                        {FolderRole::group, "group"},
                                                        {FolderRole::class_name, "class"}};

}  // namespace

std::string to_string(const FolderLayout& layout) {
  std::string text;
  for (const FolderRole role : layout)
    text += (text.empty() ? "" : "/") + std::string(std::find_if(std::begin(words), std::end(words), [&](auto& word) {
                                                      return word.first == role;
                                                    })->second);
  return text;
}

std::optional<FolderLayout> layout_of(const std::string& text) {
  FolderLayout layout;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('/', at), text.size());
    const auto word = std::find_if(std::begin(words), std::end(words),
                                   [&](auto& one) { return text.compare(at, end - at, one.second) == 0; });
    if (word == std::end(words)) return std::nullopt;
    layout.push_back(word->first);
    at = end + 1;
  }
  const auto times = [&](FolderRole role) { return std::count(layout.begin(), layout.end(), role); };
  if (times(FolderRole::class_name) != 1 || times(FolderRole::part) > 1 || times(FolderRole::group) > 1)
    return std::nullopt;
  return layout;
}

}  // namespace rxrun
