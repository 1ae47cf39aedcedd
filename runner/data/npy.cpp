#include "data/npy.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "data/decode.h"

namespace rxrun {
namespace {

// Reads the header, a Python dictionary with three known keys: {'descr': '|u1', 'fortran_order': False, 'shape': (546,
// 28, 28), }
class Header {
 public:
  explicit Header(std::string_view text) : text_(text) {}

  void read(NpyArray& array) {
    std::optional<std::string> type;
    std::optional<bool> order;
    bool has_shape = false;
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr")
        type = skip_blanks() == '[' ? unusable("records") : quoted();
      else if (key == "fortran_order")
        order = boolean();
      else if (key == "shape")
        has_shape = true, shape(array);
      else
        bad("unknown key `" + key + "` in the header");
      if (!take(',') && skip_blanks() != '}') bad("damaged header");
    }
    if (!type || !order || !has_shape) bad("the header lacks descr, fortran_order or shape");
    array.fortran_order = *order;
    element_type(array, *type);
  }

 private:
  [[noreturn]] static std::string bad(const std::string& what) { bad_image("damaged npy array: " + what); }
  [[noreturn]] static std::string unusable(const std::string& what) {
    bad_image("an npy array of " + what + ", expected integers: images are bytes from 0 to 255 (uint8)");
  }

  char skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (skip_blanks() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) bad("damaged header");
  }
  std::string quoted() {
    const char quote = skip_blanks();
    if (quote != '\'' && quote != '"') bad("damaged header");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) bad("damaged header");
    std::string word(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return word;
  }
  bool boolean() {
    skip_blanks();
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    bad("damaged header");
    return false;
  }
  void shape(NpyArray& array) {
    constexpr std::size_t most_axes = 8;
    expect('(');
    while (!take(')')) {
      std::uint64_t side = 0;
      if (std::isdigit(static_cast<unsigned char>(skip_blanks())) == 0) bad("damaged shape");
      for (; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0; ++at_)
        if (__builtin_mul_overflow(side, std::uint64_t{10}, &side) ||
            __builtin_add_overflow(side, static_cast<std::uint64_t>(text_[at_] - '0'), &side))
          bad("a shape too large for any memory");
      array.shape.push_back(side);
      if (array.shape.size() > most_axes) bad("more than " + std::to_string(most_axes) + " axes");
      if (!take(',') && skip_blanks() != ')') bad("damaged shape");
    }
  }
  // In words, by numpy's letters.
  static std::string kind_of(const std::string& type) {
    switch (type.size() > 1 ? type[1] : ' ') {
      case 'f':
        return "floats";
      case 'c':
        return "complex numbers";
      case 'S':
      case 'U':
        return "text";
      case 'm':
      case 'M':
        return "times";
      default:
        return "elements of an unknown type";
    }
  }
  static void element_type(NpyArray& array, const std::string& type) {
    if (type.find('O') != std::string::npos)
      unusable("Python objects, which are never loaded because they can run code");
    const bool known = type.size() == 3 && std::string_view("<>|=").find(type[0]) != std::string_view::npos &&
                       std::string_view("uib").find(type[1]) != std::string_view::npos &&
                       std::string_view("1248").find(type[2]) != std::string_view::npos;
    if (!known) unusable(kind_of(type) + " (`" + type + "`)");
    array.big_endian = type[0] == '>';
    array.kind = type[1];
    array.size = type[2] - '0';
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Calls f(element's place in the file) in C order.
template <typename F>
void in_c_order(const NpyArray& array, F f) {
  if (!array.fortran_order || array.shape.size() < 2) {
    for (std::uint64_t i = 0; i < array.count; ++i) f(i);
    return;
  }
  if (array.count == 0) return;
  std::vector<std::uint64_t> strides(array.shape.size(), 1), at(array.shape.size(), 0);
  for (std::size_t axis = 1; axis < strides.size(); ++axis) strides[axis] = strides[axis - 1] * array.shape[axis - 1];
  std::uint64_t place = 0;
  for (std::uint64_t i = 0; i < array.count; ++i) {
    f(place);
    for (std::size_t axis = at.size(); axis-- > 0;) {
      place += strides[axis];
      if (++at[axis] < array.shape[axis]) break;
      place -= strides[axis] * array.shape[axis];
      at[axis] = 0;
    }
  }
}

}  // namespace

NpyArray read_npy(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view magic = "\x93NUMPY";
  constexpr std::size_t longest_header = 65536;
  const auto text = [&](std::size_t at, std::size_t size) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()) + at, size);
  };
  if (bytes.size() < 12 || text(0, magic.size()) != magic) bad_image("not an npy array");
  const int version = bytes[6];
  if (version < 1 || version > 3) bad_image("unknown npy format version " + std::to_string(version));
  std::size_t start = version == 1 ? 10 : 12, length = bytes[8] | bytes[9] << 8;
  if (version > 1) length |= static_cast<std::size_t>(bytes[10]) << 16 | static_cast<std::size_t>(bytes[11]) << 24;
  if (length > longest_header || length > bytes.size() - start)
    bad_image("damaged npy array: its header has " + std::to_string(length) + " bytes");
  NpyArray array;
  Header(text(start, length)).read(array);
  array.count = 1;
  for (const std::uint64_t side : array.shape)
    if (__builtin_mul_overflow(array.count, side, &array.count))
      bad_image("damaged npy array: a shape too large for any memory");
  std::uint64_t size = 0;
  const std::uint64_t there = bytes.size() - start - length;
  if (__builtin_mul_overflow(array.count, static_cast<std::uint64_t>(array.size), &size) || size != there)
    bad_image("damaged npy array: its shape asks for " + std::to_string(array.count) + " elements of " +
              std::to_string(array.size) + " bytes, but there are " + std::to_string(there) + " bytes");
  array.elements = bytes.subspan(start + length);
  return array;
}

std::vector<std::int64_t> integers_of(const NpyArray& array) {
  std::vector<std::int64_t> values;
  values.reserve(array.count);
  const auto size = static_cast<std::size_t>(array.size);
  in_c_order(array, [&](std::uint64_t place) {
    const std::uint8_t* element = array.elements.data() + place * size;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
      value |= static_cast<std::uint64_t>(element[array.big_endian ? size - 1 - i : i]) << (8 * i);
    const int unused = 64 - 8 * array.size;
    if (array.kind == 'i')
      values.push_back(static_cast<std::int64_t>(value << unused) >> unused);
    else
      values.push_back(value > INT64_MAX ? -1 : static_cast<std::int64_t>(value));
  });
  return values;
}

std::vector<std::uint8_t> bytes_of(const NpyArray& array) {
  if (!array.fortran_order) return {array.elements.begin(), array.elements.end()};
  std::vector<std::uint8_t> values;
  values.reserve(array.count);
  in_c_order(array, [&](std::uint64_t place) { values.push_back(array.elements[place]); });
  return values;
}

}  // namespace rxrun
