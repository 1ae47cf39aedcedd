// Names that a person takes for the same and a computer does not: of classes, and of files that are not there.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rxrun {

// Without what is blank at its ends: ASCII's blanks and no-break spaces.
std::string_view trimmed(std::string_view name);

// The same text for names that differ only in case, in blanks at their ends, in how letters with accents are composed
// (Unicode's NFC and NFD), or in characters that nobody sees. Of what is no UTF-8 only ASCII letters are folded.
std::string folded(std::string_view name);

// In what two names differ whose folded() is the same: "case", "blanks at the ends", ...
std::string difference_of(std::string_view a, std::string_view b);

// Finds the file that a path was meant for. Each folder is listed once.
class SimilarFiles {
 public:
  struct Similar {
    std::filesystem::path path;  // below the folder, or absolute as the name is
    std::string difference;      // what the two differ in: "case", "`/` for `\` and its extension"
  };

  // `name` is a path below `folder` at which there is nothing: what is there for another case, other blanks, accents
  // composed in another way, `/` for `\`, another extension or none; or what has its file name in `folder` itself or in
  // a folder in it.
  std::optional<Similar> find(const std::filesystem::path& folder, const std::string& name);

 private:
  struct Folder {
    std::unordered_map<std::string, std::string> names, stems;  // by what they fold to; of several the first
    std::vector<std::string> folders;                           // the first hundred, sorted
  };
  const Folder& listed(const std::filesystem::path& folder);

  std::map<std::filesystem::path, Folder> folders_;
};

}  // namespace rxrun
