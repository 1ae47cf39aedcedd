#include "data/csv.h"

#include "data/fault.h"

namespace rxrun {
namespace {

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& file) : text_(text), file_(file) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  }

  std::vector<CsvRecord> read() {
    std::vector<CsvRecord> records;
    while (at_ < text_.size()) {
      CsvRecord record{line_, {}};
      do record.fields.push_back(field());
      while (take(','));
      end_of_line();
      if (record.fields.size() > 1 || !record.fields.front().empty()) records.push_back(std::move(record));
    }
    return records;
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void end_of_line() {
    if (at_ >= text_.size()) return;
    if (text_.substr(at_).starts_with("\r\n")) ++at_;
    if (!take('\n')) fail(line_, "text after a closing quote, expected a comma");
    ++line_;
  }

  std::string field() {
    if (take('"')) return quoted();
    std::size_t end = text_.find_first_of(",\n", at_);
    if (end == std::string_view::npos) end = text_.size();
    std::size_t length = end - at_;
    if (length > 0 && text_[at_ + length - 1] == '\r' && (end == text_.size() || text_[end] == '\n')) --length;
    const std::string value(text_.substr(at_, length));
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
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

std::vector<CsvRecord> read_csv(std::string_view text, const std::string& file) { return CsvReader(text, file).read(); }

}  // namespace rxrun
