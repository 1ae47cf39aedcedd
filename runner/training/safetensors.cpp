#include "training/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/descriptor.h"
#include "files/files.h"
#include "training/foreign_format.h"

namespace rxrun {
namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "tensors are stored as they lie in memory");

constexpr std::uint64_t largest_header = 64u << 20;
constexpr std::uint64_t largest_file = 64ull << 30;
constexpr std::size_t deepest_header = 4;  // header, tensor, shape
constexpr const char* metadata_key = "__metadata__";
constexpr const char* sum_key = "rxrun.sha256";
constexpr const char* writer_key = "rxrun.format";  // says that there has to be a sum
constexpr std::size_t sum_digits = 64;

struct TypeName {
  StoredType type;
  const char* name;
  std::size_t bits;
};
// In the order of StoredType; then the format's others.
constexpr std::array<TypeName, 20> types = {
    {{StoredType::f64, "F64", 64},      {StoredType::f32, "F32", 32},      {StoredType::f16, "F16", 16},
     {StoredType::bf16, "BF16", 16},    {StoredType::i64, "I64", 64},      {StoredType::other, "BOOL", 8},
     {StoredType::other, "U8", 8},      {StoredType::other, "I8", 8},      {StoredType::other, "I16", 16},
     {StoredType::other, "U16", 16},    {StoredType::other, "I32", 32},    {StoredType::other, "U32", 32},
     {StoredType::other, "U64", 64},    {StoredType::other, "C64", 64},    {StoredType::other, "F8_E4M3", 8},
     {StoredType::other, "F8_E5M2", 8}, {StoredType::other, "F8_E8M0", 8}, {StoredType::other, "F6_E2M3", 6},
     {StoredType::other, "F6_E3M2", 6}, {StoredType::other, "F4", 4}}};

[[noreturn]] void refuse(const std::string& file, const std::string& what) {
  throw Error(Failure::usage, file + ": not a safetensors file that can be used: " + what,
              "the file is damaged or was written by something else; take another copy of it");
}

// What cannot be the beginning of a safetensors file: told by what it is, where that is known.
[[noreturn]] void refuse_beginning(std::string_view begin, const std::string& file, const std::string& what) {
  if (const auto format = foreign_format(begin))
    throw Error(Failure::usage, file + ": " + format->what, format->advice);
  refuse(file, what);
}

// Looks at a header's depth and keys before it is taken: nlohmann::json alone takes the last of two equal keys, and
// with a callback it goes through a whole object at each end of one of its members, which takes hours of a header that
// is made for it.
class HeaderWatch final : public nlohmann::json_sax<Json> {
 public:
  bool repeated = false, deep = false;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return begin(); }
  bool start_array(std::size_t) override { return begin(); }
  bool end_object() override { return end(); }
  bool end_array() override { return end(); }
  bool key(string_t& key) override {
    repeated |= !keys_.back().insert(key).second;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  bool begin() {
    keys_.emplace_back();
    deep = keys_.size() > deepest_header;
    return !deep;
  }
  bool end() {
    keys_.pop_back();
    return true;
  }

  std::vector<std::unordered_set<std::string>> keys_;  // of the objects and lists that are open
};

Json parse_header(std::string_view text, const std::string& file) {
  HeaderWatch watch;
  const bool is_json = Json::sax_parse(text, &watch);
  if (watch.deep) refuse(file, "the header is nested too deeply");
  Json header = is_json ? Json::parse(text, nullptr, /*allow_exceptions=*/false) : Json();
  if (!header.is_object()) refuse(file, "the header is not a JSON object");
  if (watch.repeated) refuse(file, "a name occurs twice in the header");
  return header;
}

std::optional<std::int64_t> natural(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return std::nullopt;
  const auto number = value.get<std::int64_t>();
  return number < 0 ? std::nullopt : std::optional(number);
}

// Number of bytes that elements of so many bits and a shape ask for; nullopt when its bits do not fit 63 bits.
std::optional<std::int64_t> bytes_of(std::size_t bits, const std::vector<std::int64_t>& shape) {
  auto all = static_cast<std::int64_t>(bits);
  for (const std::int64_t side : shape) {
    if (__builtin_mul_overflow(all, side, &all)) return std::nullopt;
  }
  return (all + 7) / 8;
}

struct Extent {
  std::int64_t begin, end;
  std::string name;
};

StoredTensor read_entry(const std::string& name, const Json& entry, std::uint64_t data_size, const std::string& file,
                        Extent& extent) {
  const std::string which = "tensor `" + printable(name) + "`: ";
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets"))
    refuse(file, which + "expected dtype, shape and data_offsets");
  StoredTensor tensor;
  const Json &dtype = entry["dtype"], &shape = entry["shape"], &offsets = entry["data_offsets"];
  const auto type = std::find_if(types.begin(), types.end(), [&](const TypeName& t) {
    return dtype.is_string() && dtype.get<std::string>() == t.name;
  });
  if (type == types.end())
    refuse(file, which + "its type " + printable(dtype.dump()) + " is none of the format's, such as F32");
  tensor.type = type->type;
  tensor.type_name = type->name;
  if (!shape.is_array()) refuse(file, which + "its shape is not a list");
  for (const Json& side : shape) {
    const auto number = natural(side);
    if (!number) refuse(file, which + "its shape is not a list of natural numbers");
    tensor.shape.push_back(*number);
  }
  if (!offsets.is_array() || offsets.size() != 2) refuse(file, which + "data_offsets is not a pair");
  const auto begin = natural(offsets[0]), end = natural(offsets[1]);
  if (!begin || !end || *begin > *end || static_cast<std::uint64_t>(*end) > data_size)
    refuse(file, which + "its bytes lie outside of the file (" + std::to_string(data_size) + " bytes of data)");
  const auto bytes = bytes_of(type->bits, tensor.shape);
  if (!bytes || *bytes != *end - *begin)
    refuse(file,
           which + "shape " + shape_text(tensor.shape) + " does not take " + std::to_string(*end - *begin) + " bytes");
  extent = {*begin, *end, name};
  return tensor;
}

// End to end from the first byte to the last, as the format demands: nothing hidden between tensors, nothing shared.
void check_extents(std::vector<Extent> extents, std::uint64_t size, const std::string& file) {
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  std::int64_t at = 0;
  for (const Extent& extent : extents) {
    if (extent.begin != at) {
      refuse(file,
             "tensor `" + printable(extent.name) + "` " + (extent.begin < at ? "overlaps another" : "follows a gap"));
    }
    at = extent.end;
  }
  if (static_cast<std::uint64_t>(at) != size)
    refuse(file, std::to_string(size - static_cast<std::uint64_t>(at)) + " bytes follow the last tensor");
}

// What a file says of itself before its data.
struct Head {
  std::size_t size = 0;  // of the header
  Safetensors said;      // its tensors without their bytes, its metadata with the sum
  std::vector<Extent> extents;
};

constexpr std::size_t looked_at = 512;  // of the beginning, to tell other formats

// `begin` is the file's first bytes, or all that it has; nullopt when the header goes on beyond them.
std::optional<Head> read_head(std::string_view begin, std::uint64_t file_size, const std::string& file) {
  std::uint64_t header_size = 0;
  if (begin.size() < std::min<std::uint64_t>(file_size, looked_at)) return std::nullopt;
  if (file_size < sizeof header_size) refuse_beginning(begin, file, "it is shorter than its header");
  std::memcpy(&header_size, begin.data(), sizeof header_size);
  if (header_size > largest_header)
    refuse_beginning(begin, file, "a header of " + std::to_string(header_size) + " bytes is too large");
  if (header_size > file_size - sizeof header_size) refuse_beginning(begin, file, "it is shorter than its header");
  if (header_size < 2 || begin[sizeof header_size] != '{')
    refuse_beginning(begin, file, "the header is not a JSON object");
  if (header_size > begin.size() - sizeof header_size) return std::nullopt;
  Head head;
  head.size = static_cast<std::size_t>(header_size);
  const std::uint64_t data_size = file_size - sizeof header_size - header_size;
  const Json header = parse_header(begin.substr(sizeof header_size, head.size), file);
  for (const auto& [name, entry] : header.items()) {
    if (name != metadata_key) {
      head.said.tensors.emplace(name, read_entry(name, entry, data_size, file, head.extents.emplace_back()));
      continue;
    }
    if (!entry.is_object()) refuse(file, "its metadata is not an object");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) refuse(file, "metadata `" + printable(key) + "` is not a string");
      head.said.metadata[key] = value.get<std::string>();
    }
  }
  check_extents(head.extents, data_size, file);
  return head;
}

// Where in the header the digits of the sum stand.
std::optional<std::size_t> find_sum(std::string_view header) {
  const std::string before = std::string("\"") + sum_key + "\":\"";
  const std::size_t at = header.find(before);
  if (at == std::string_view::npos || at + before.size() + sum_digits > header.size()) return std::nullopt;
  return at + before.size();
}

std::string sum_of(std::string_view header, std::size_t sum_at, const std::function<void(Sha256&)>& add_data) {
  Sha256 sum;
  sum.update(header.substr(0, sum_at));
  sum.update(std::string(sum_digits, '0'));
  sum.update(header.substr(sum_at + sum_digits));
  add_data(sum);
  return sum.hex();
}

std::string header_of(const std::vector<TensorToStore>& tensors, std::map<std::string, std::string> metadata) {
  metadata[writer_key] = "1";
  metadata[sum_key] = std::string(sum_digits, '0');
  Json header;
  header[metadata_key] = metadata;
  std::size_t at = 0;
  for (const TensorToStore& tensor : tensors) {
    if (header.contains(tensor.name)) throw Error(Failure::run, "two tensors are named `" + tensor.name + "`");
    header[tensor.name] = {
        {"dtype", to_string(tensor.type)}, {"shape", tensor.shape}, {"data_offsets", {at, at + tensor.bytes}}};
    at += tensor.bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data is aligned
  return text;
}

}  // namespace

std::size_t size_of(StoredType type) { return types[static_cast<std::size_t>(type)].bits / 8; }
const char* to_string(StoredType type) { return types[static_cast<std::size_t>(type)].name; }

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

void write_safetensors(const std::filesystem::path& path, const std::vector<TensorToStore>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::string header = header_of(tensors, metadata);
  const auto sum_at = find_sum(header);
  if (!sum_at) throw Error(Failure::run, path.string() + ": the header has no place for its sum");
  const std::string sum = sum_of(header, *sum_at, [&](Sha256& hash) {
    for (const TensorToStore& tensor : tensors) hash.update(tensor.data, tensor.bytes);
  });
  header.replace(*sum_at, sum_digits, sum);
  write_file_atomically(path, [&](const Sink& sink) {
    const std::uint64_t size = header.size();
    sink(&size, sizeof size);
    sink(header.data(), header.size());
    for (const TensorToStore& tensor : tensors) sink(tensor.data, tensor.bytes);
  });
}

namespace {

Safetensors with_data(Head head, std::string content, const std::string& file) {
  Safetensors result = std::move(head.said);
  result.content = std::move(content);
  const std::string_view all = result.content;
  const std::string_view header = all.substr(sizeof(std::uint64_t), head.size),
                         data = all.substr(sizeof(std::uint64_t) + head.size);
  for (const Extent& extent : head.extents)
    result.tensors.at(extent.name).bytes =
        data.substr(static_cast<std::size_t>(extent.begin), static_cast<std::size_t>(extent.end - extent.begin));

  const auto written = result.metadata.find(sum_key);
  if (written == result.metadata.end()) {
    if (result.metadata.contains(writer_key)) refuse(file, "its SHA-256 sum is missing");
    return result;
  }
  const auto sum_at = find_sum(header);
  if (!sum_at || sum_of(header, *sum_at, [&](Sha256& hash) { hash.update(data); }) != written->second)
    refuse(file, "its SHA-256 sum does not match its content");
  result.metadata.erase(written);
  result.metadata.erase(writer_key);
  result.verified = true;
  return result;
}

}  // namespace

Safetensors parse_safetensors(std::string content, const std::string& file) {
  std::optional<Head> head = read_head(content, content.size(), file);
  return with_data(std::move(*head), std::move(content), file);
}

Safetensors read_safetensors(const std::filesystem::path& path, const std::function<void(const Safetensors&)>& check) {
  std::error_code told_below;
  const std::uint64_t size = std::filesystem::file_size(path, told_below);
  std::string content;
  std::optional<Head> head;
  // The data may be more than memory holds: it is not read for a header that will not do.
  for_each_block(path, largest_file, [&](std::string_view block) {
    content += block;
    if (head || !(head = read_head(content, size, path.string()))) return;
    if (check) check(head->said);
    content.reserve(static_cast<std::size_t>(size));
  });
  if (!head) refuse_beginning(content, path.string(), "it is shorter than its header");
  if (content.size() != size) refuse(path.string(), "it changed while it was read");
  return with_data(std::move(*head), std::move(content), path.string());
}

}  // namespace rxrun
