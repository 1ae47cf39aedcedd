#include "data/csv.h"

#include <algorithm>
#include <array>

#include "data/fault.h"

namespace rxrun {
namespace {

constexpr std::string_view separators = ",;\t";

// Of the first line that is not empty; a comma where it has none of them.
char most_frequent_separator(std::string_view text) {
  std::array<std::size_t, separators.size()> counts{};
  bool quoted = false;
  for (std::size_t at = std::min(text.find_first_not_of("\r\n"), text.size()); at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (quoted) continue;
    if (text[at] == '\n') break;
    if (const std::size_t which = separators.find(text[at]); which != std::string_view::npos) ++counts[which];
  }
  return separators[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin())];
}

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& file) : text_(text), file_(file) {
    if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff"))
      bad_line(file_, 1, "the file is UTF-16, as spreadsheets call Unicode text", "save it as CSV in UTF-8");
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
    const std::size_t end = text_.find_first_of("\r\n");
    if (end < text_.size() && end + 1 < text_.size() && text_.find('\n') == std::string_view::npos)
      bad_line(file_, 1, "its lines end in CR alone", "save it with line ends of LF or CRLF");
    choose_separator();
  }

  std::vector<CsvRecord> read() {
    std::vector<CsvRecord> records;
    while (at_ < text_.size()) {
      CsvRecord record{line_, {}};
      do record.fields.push_back(field());
      while (take(separator_));
      end_of_line();
      if (record.fields.size() > 1 || !record.fields.front().empty()) records.push_back(std::move(record));
    }
    return records;
  }

 private:
  void choose_separator() {
    const std::string_view line = text_.substr(0, text_.find_first_of("\r\n"));
    if (line.size() == 5 && line.starts_with("sep=") && separators.find(line.back()) != std::string_view::npos) {
      separator_ = line.back();
      at_ = line.size();
      end_of_line();
    } else {
      separator_ = most_frequent_separator(text_);
    }
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void end_of_line() {
    if (at_ >= text_.size()) return;
    if (text_.substr(at_).starts_with("\r\n")) ++at_;
    if (!take('\n'))
      fail(line_, "text after a closing quote, expected " + (separator_ == '\t'  ? "a tab"
                                                             : separator_ == ';' ? "`;`"
                                                                                 : std::string("a comma")));
    ++line_;
  }

  std::string field() {
    if (take('"')) return quoted();
    const char ends[] = {separator_, '\n', '\0'};
    std::size_t end = text_.find_first_of(ends, at_);
    if (end == std::string_view::npos) end = text_.size();
    std::size_t length = end - at_;
    if (length > 0 && text_[at_ + length - 1] == '\r' && (end == text_.size() || text_[end] == '\n')) --length;
    std::string value(text_.substr(at_, length));
    at_ += length;
    if (at_ + 1 == text_.size() && text_[at_] == '\r') ++at_;
    return value;
  }

  std::string quoted() {
    const int opened = line_;
    std::string value;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != '"') return value;
      } else if (text_[at_] == '\n') {
        ++line_;
      }
      value += text_[at_];
    }
    fail(opened, "unclosed quote");
  }

  [[noreturn]] void fail(int line, const std::string& message) const { bad_line(file_, line, message); }

  std::string_view text_;
  const std::string& file_;
  char separator_ = ',';
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

std::vector<CsvRecord> read_csv(std::string_view text, const std::string& file) { return CsvReader(text, file).read(); }

}  // namespace rxrun
