#include "data/similar_name.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>

#include "data/file_source.h"

namespace rxrun {
namespace {

namespace fs = std::filesystem;

// The text in a form of Unicode; empty where it is no UTF-8.
std::optional<std::string> mapped(std::string_view text, int options) {
  utf8proc_uint8_t* form = nullptr;
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &form, static_cast<utf8proc_option_t>(options));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(form, &std::free);
  if (size < 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(form), static_cast<std::size_t>(size));
}

std::string composed(std::string_view text) {
  return mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE).value_or(std::string(text));
}

std::string stem_of(const std::string& name) { return fs::path(name).stem().string(); }

}  // namespace

std::string_view trimmed(std::string_view name) {
  constexpr std::string_view blanks = " \t\r\n\v\f", no_break = "\xc2\xa0";
  for (bool again = true; again;) {
    again = false;
    while (!name.empty() && blanks.find(name.front()) != std::string_view::npos) name.remove_prefix(1);
    while (!name.empty() && blanks.find(name.back()) != std::string_view::npos) name.remove_suffix(1);
    if (name.starts_with(no_break)) name.remove_prefix(no_break.size()), again = true;
    if (name.ends_with(no_break)) name.remove_suffix(no_break.size()), again = true;
  }
  return name;
}

std::string folded(std::string_view name) {
  name = trimmed(name);
  const auto form = mapped(name, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  if (form) return *form;
  std::string lower(name);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string difference_of(std::string_view a, std::string_view b) {
  if (trimmed(a) == trimmed(b)) return "blanks at the ends";
  if (composed(trimmed(a)) == composed(trimmed(b))) return "how accents are composed (Unicode's NFC and NFD)";
  const auto seen = [](std::string_view text) {
    return mapped(trimmed(text), UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_IGNORE).value_or(std::string(text));
  };
  return seen(a) == seen(b) ? "characters that are not shown" : "case";
}

const SimilarFiles::Folder& SimilarFiles::listed(const fs::path& folder) {
  constexpr std::size_t most_folders = 100;
  const auto [found, is_new] = folders_.try_emplace(folder);
  if (!is_new) return found->second;
  std::set<std::string> names;
  std::error_code none;  // of a folder that cannot be read nothing is similar
  for (fs::directory_iterator entry(folder, none), end; !none && entry != end; entry.increment(none)) {
    names.insert(entry->path().filename().string());
    std::error_code unreadable;
    if (entry->is_directory(unreadable)) found->second.folders.push_back(entry->path().filename().string());
  }
  for (const std::string& name : names) {
    found->second.names.emplace(folded(name), name);
    if (has_image_extension(name)) found->second.stems.emplace(folded(stem_of(name)), name);
  }
  std::sort(found->second.folders.begin(), found->second.folders.end());
  if (found->second.folders.size() > most_folders) found->second.folders.resize(most_folders);
  return found->second;
}

std::optional<SimilarFiles::Similar> SimilarFiles::find(const fs::path& folder, const std::string& name) {
  std::string slashed = name;
  std::replace(slashed.begin(), slashed.end(), '\\', '/');
  const fs::path wanted = slashed;
  Similar similar;
  const auto differs = [&](const std::string& in) {
    if (similar.difference.find(in) == std::string::npos)
      similar.difference += (similar.difference.empty() ? "" : " and ") + in;
  };
  if (slashed != name) differs("`/` for `\\`");
  std::error_code unreadable;
  bool found = true;
  for (auto part = wanted.begin(); found && part != wanted.end(); ++part) {
    const std::string text = part->string();
    if (fs::exists(folder / similar.path / *part, unreadable)) {
      similar.path /= *part;
      continue;
    }
    const bool last = std::next(part) == wanted.end();
    const Folder& there = listed(folder / similar.path);
    auto near = there.names.find(folded(text));
    found = near != there.names.end();
    if (!found && last) {
      near = there.stems.find(folded(has_image_extension(text) ? stem_of(text) : text));
      found = near != there.stems.end();
    }
    if (!found) break;
    if (near->second == text) return std::nullopt;  // a link that leads nowhere
    differs(folded(text) == folded(near->second) ? difference_of(text, near->second) : "its extension");
    similar.path /= near->second;
  }
  if (found) return similar;
  // Written relative to another folder.
  const fs::path file = wanted.filename();
  std::vector<std::string> folders = listed(folder).folders;
  folders.insert(folders.begin(), "");
  for (const std::string& inner : folders)
    if (!file.empty() && fs::exists(folder / inner / file, unreadable))
      return Similar{inner / file, slashed == name ? "its folder" : "`/` for `\\` and its folder"};
  return std::nullopt;
}

}  // namespace rxrun
