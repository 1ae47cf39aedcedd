#include "data/manifest_columns.h"

#include <algorithm>
#include <string_view>

#include "data/fault.h"
#include "data/similar_name.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

// What a column is called, for what it holds: the first that is there, and of names in one line only one may be.
using UsualNames = std::vector<std::vector<std::string_view>>;
const UsualNames path_names = {
    {"path"},
    {"image", "img", "file", "filename", "filepath", "imagepath", "imagefile", "imagefilename", "imagename", "imageid",
     "imageindex", "imgpath", "imgname", "imgid", "relativepath"},
    {"id", "name"}};
const UsualNames label_names = {{"label"},
                                {"class", "classname", "classlabel", "classid", "target", "diagnosis", "dx", "category",
                                 "labels", "labelname", "findinglabels", "y"}};
const UsualNames part_names = {{"split"}, {"part", "partition", "set", "subset"}, {"fold"}};
// A patient's cases and lesions belong together.
const UsualNames group_names = {
    {"group"},           {"patient", "patientid"}, {"subject", "subjectid", "participant", "participantid"},
    {"case", "caseid"},  {"lesion", "lesionid"},   {"slide", "slideid"},
    {"study", "studyid"}};

// Case and joints are no difference.
std::string letters_of(std::string_view name) {
  std::string letters;
  for (const char c : name)
    if (std::string_view("_-. ").find(c) == std::string_view::npos)
      letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return letters;
}

class Header {
 public:
  Header(const CsvRecord& record, const DataSpec& spec) : spec_(spec), line_(record.line) {
    for (const std::string& field : record.fields) names_.emplace_back(trimmed(field));
  }

  ManifestColumns columns(std::vector<Diagnostic>& notes) {
    ManifestColumns columns{
        required("path", path_names), required("label", label_names), find("split", part_names), {}};
    const std::string& group_by = spec_.split.group_by;
    columns.group = group_by.empty() ? find("group", group_names) : exactly(group_by);
    const bool pattern = group_by.find('(') != std::string::npos;  // it names what to group by, so that it has a group
    if (!columns.group && !group_by.empty() && !pattern)
      none_is(group_by, "split.group_by names a column, or is a regular expression with a group");
    if (!understood_.empty())
      notes.push_back(
          file_note(spec_.path, line_,
                    std::string("the manifest is read by its ") +
                        (understood_.find("), ") == std::string::npos ? "column " : "columns ") + understood_,
                    columns.group && group_by.empty() && names_[*columns.group] != "group"
                        ? "the images of a group stay in one part; data.split.group_by names another column to "
                          "group by, or that of the paths for none"
                        : ""));
    return columns;
  }

 private:
  std::optional<std::size_t> exactly(const std::string& name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - names_.begin());
  }

  std::optional<std::size_t> find(const std::string& name, const UsualNames& usual) {
    if (const auto column = exactly(name)) return column;
    for (const auto& names : usual) {
      std::vector<std::size_t> found;
      for (std::size_t i = 0; i < names_.size(); ++i)
        if (std::find(names.begin(), names.end(), letters_of(names_[i])) != names.end()) found.push_back(i);
      if (found.empty()) continue;
      const std::string first = std::string("`").append(printable(names_[found.front()])) + "`";
      if (found.size() > 1)
        bad_line(spec_.path, line_,
                 std::string("the columns ").append(first).append(" and `").append(printable(names_[found[1]])) +
                     "` may both hold the " + name,
                 std::string("call the one that is meant `").append(name) + "`");
      understood_.append(understood_.empty() ? "" : ", ").append(first).append(" (").append(name).append(")");
      return found.front();
    }
    return std::nullopt;
  }

  std::size_t required(const std::string& name, const UsualNames& usual) {
    if (const auto column = find(name, usual)) return *column;
    none_is(name,
            "the first line of a manifest is path,label[,split][,group], separated by commas, semicolons or tabs");
  }

  [[noreturn]] void none_is(const std::string& name, const std::string& advice) const {
    std::string there;
    for (const std::string& field : names_) there += (there.empty() ? "" : ", ") + printable(field);
    // A single column is a line whose separator is another.
    const auto nearest = names_.size() > 1 ? nearest_name(name, names_) : std::nullopt;
    bad_line(spec_.path, line_,
             "no column `" + printable(name) + "`; " +
                 (names_.size() == 1 ? "the only column is " : "the columns are ") + there,
             nearest ? "did you mean `" + printable(*nearest) + "`?" : advice);
  }

  const DataSpec& spec_;
  const int line_;
  std::vector<std::string> names_;
  std::string understood_;
};

}  // namespace

ManifestColumns manifest_columns(const CsvRecord& header, const DataSpec& spec, std::vector<Diagnostic>& notes) {
  return Header(header, spec).columns(notes);
}

}  // namespace rxrun
