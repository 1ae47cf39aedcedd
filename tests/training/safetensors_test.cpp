#include "training/safetensors.h"

#include <gmock/gmock.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "../growth.h"
#include "diagnostics/diagnostic.h"
#include "files/files.h"
#include "temporary_folder.h"

namespace rxrun {
namespace {

using ::testing::HasSubstr;

const std::vector<float> weights = {1.0f, -2.5f, 3.25f, 0.0f, 1e-30f, 7.0f};
const std::vector<std::int64_t> counts = {42};

std::vector<TensorToStore> two_tensors() {
  return {{"conv1.weight", StoredType::f32, {2, 3}, weights.data(), weights.size() * 4},
          {"bn1.num_batches_tracked", StoredType::i64, {}, counts.data(), 8}};
}

// A file as anyone could write it: header text and data.
std::string raw(const std::string& header, const std::string& data) {
  std::string file(8, '\0');
  const std::uint64_t size = header.size();
  std::memcpy(file.data(), &size, 8);
  return file + header + data;
}

std::string refusal(const std::string& content) {
  try {
    parse_safetensors(content, "weights.safetensors");
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("weights.safetensors"));
    return error.what();
  }
  return "accepted";
}

TEST(Safetensors, ComesBackAsWritten) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.safetensors";
  write_safetensors(file, two_tensors(), {{"epoch", "7"}, {"quote", "a \"b\" \n"}});
  const Safetensors read = read_safetensors(file);
  EXPECT_TRUE(read.verified);
  EXPECT_EQ(read.metadata, (std::map<std::string, std::string>{{"epoch", "7"}, {"quote", "a \"b\" \n"}}));
  ASSERT_EQ(read.tensors.size(), 2u);
  const StoredTensor& weight = read.tensors.at("conv1.weight");
  EXPECT_EQ(weight.type, StoredType::f32);
  EXPECT_EQ(weight.shape, (std::vector<std::int64_t>{2, 3}));
  ASSERT_EQ(weight.bytes.size(), 24u);
  EXPECT_EQ(std::memcmp(weight.bytes.data(), weights.data(), 24), 0);
  EXPECT_EQ(read.tensors.at("bn1.num_batches_tracked").shape, std::vector<std::int64_t>{});
}

TEST(Safetensors, EveryFlippedBitIsAnError) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.safetensors";
  write_safetensors(file, two_tensors(), {{"epoch", "7"}});
  const std::string good = read_file(file, 1 << 20);
  ASSERT_EQ(refusal(good), "accepted");
  int accepted = 0;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    if (refusal(bad) == "accepted") ++accepted;
  }
  EXPECT_EQ(accepted, 0);
}

TEST(Safetensors, EveryTruncationIsAnError) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.safetensors";
  write_safetensors(file, two_tensors(), {});
  const std::string good = read_file(file, 1 << 20);
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_NE(refusal(good.substr(0, size)), "accepted") << size;
  EXPECT_NE(refusal(good + "x"), "accepted");
}

TEST(Safetensors, AForeignFileWithoutASumIsRead) {
  const Safetensors read = parse_safetensors(
      raw(R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", "abcd"),
      "foreign");
  EXPECT_FALSE(read.verified);
  EXPECT_EQ(read.tensors.at("a").bytes, "abcd");
  EXPECT_EQ(read.tensors.at("a").type, StoredType::f16);
  EXPECT_TRUE(parse_safetensors(raw("{}", ""), "empty").tensors.empty());
}

TEST(Safetensors, OtherTypesOfTheFormatAreLeftAsTheyAre) {
  const Safetensors read = parse_safetensors(
      raw(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"F4","shape":[3],"data_offsets":[2,4]}})",
          "abcd"),
      "foreign");
  EXPECT_EQ(read.tensors.at("a").type, StoredType::other);
  EXPECT_EQ(read.tensors.at("a").type_name, "U8");
  EXPECT_EQ(read.tensors.at("b").bytes, "cd");
}

TEST(Safetensors, AFileOfAnotherFormatIsNamed) {
  const std::string rest(600, 'x');
  std::string tar(300, '\0');
  tar.replace(257, 5, "ustar");
  const std::pair<std::string, std::string> cases[] = {
      {"PK\x03\x04" + std::string(30, '\0') + "archive/data.pkl" + rest, "this is a PyTorch file"},
      {"PK\x03\x04" + rest, "this is a zip archive"},
      {std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15) + rest, "this is a Python pickle"},
      {std::string("\x80\x02\0\0\0\0\0\0", 8) + rest + rest, "this is a Python pickle"},
      {"\x89HDF\r\n\x1a\n" + rest, "this is an HDF5 file"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "this is a pointer of Git LFS"},
      {"\n <!DOCTYPE html><html>" + rest, "this is a web page"},
      {"<html>", "this is a web page"},
      {"\x1f\x8b\x08" + rest, "this is a gzip archive"},
      {tar, "this is a tar archive"},
      {R"({"metadata": {}, "weight_map": {"a": "b"}})", "this is JSON"},
      {"\x93NUMPY" + rest, "this is a NumPy array"},
      {"", "the file is empty"},
      {"short", "it is shorter than its header"},
      {rest, "is too large"},
  };
  for (const auto& [content, what] : cases) EXPECT_THAT(refusal(content), HasSubstr(what));
}

struct Malformed {
  std::string header, data, message;
};

TEST(Safetensors, MalformedHeadersAreNamed) {
  const std::vector<Malformed> cases = {
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "abcd", "shape [2] does not take 4 bytes"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", "abcd", "outside of the file"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "abcd", "outside of the file"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}})", "abcd", "outside of the file"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}})", "abcd", "outside of the file"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0.0,4.0]}})", "abcd", "outside of the file"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", "abcd", "not a pair"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "abcd", "natural numbers"},
      {R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,4]}})", "abcd", "does not take"},
      {R"({"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}})", "abcd", "not a list"},
      {R"({"a":{"dtype":"U8","shape":[5],"data_offsets":[0,4]}})", "abcd", "shape [5] does not take 4 bytes"},
      {R"({"a":{"dtype":"F4","shape":[9],"data_offsets":[0,4]}})", "abcd", "shape [9] does not take 4 bytes"},
      {R"({"a":{"dtype":"X8","shape":[4],"data_offsets":[0,4]}})", "abcd", "\"X8\" is none of the format's"},
      {R"({"a":{"dtype":3,"shape":[4],"data_offsets":[0,4]}})", "abcd", "is none of the format's"},
      {R"({"a":{"dtype":"F32","shape":[1]}})", "abcd", "expected dtype, shape and data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}})", "abcd",
       "expected dtype, shape and data_offsets"},
      {R"({"a":[]})", "", "expected dtype, shape and data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       "abcd", "overlaps"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "abcdefgh", "gap"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "abcdefgh", "4 bytes follow"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
       "abcd", "twice"},
      {R"({"__metadata__":{"k":1}})", "", "not a string"},
      {R"({"__metadata__":[]})", "", "not an object"},
      {R"({"__metadata__":{"rxrun.format":"1"}})", "", "sum is missing"},
      {R"({"__metadata__":{"rxrun.sha256":"short"}})", "", "does not match"},
      {R"({"a":{"dtype":"F32","shape":[[[[[1]]]]],"data_offsets":[0,4]}})", "abcd", "nested too deeply"},
      {R"([1])", "", "not a JSON object"},
      {R"({"a")", "", "not a JSON object"},
      {"", "", "not a JSON object"},
      {"{\"\xff\":1}", "", "not a JSON object"},
  };
  for (const Malformed& c : cases) EXPECT_THAT(refusal(raw(c.header, c.data)), HasSubstr(c.message)) << c.header;
}

TEST(Safetensors, AHugeHeaderSizeIsRefusedBeforeAnythingIsTaken) {
  std::string file(16, '\xff');
  EXPECT_THAT(refusal(file), HasSubstr("too large"));
}

// Linear: under a parser's callback each tensor takes as long as there are tensors before it, minutes in all.
TEST(Safetensors, AHeaderOfManyNamesTakesItsLengthAlone) {
  const auto parse = [](std::size_t many) {
    std::string header = "{";
    for (std::size_t i = 0; i < many; ++i)
      header += (i ? ",\"" : "\"") + std::to_string(i) + R"(":{"dtype":"I64","shape":[0],"data_offsets":[0,0]})";
    EXPECT_EQ(parse_safetensors(raw(header + "}", ""), "many").tensors.size(), many);
  };
  EXPECT_LT(test::growth(parse, 80'000), test::kMoreThanLinear);
}

TEST(Safetensors, TheHeaderIsLookedAtBeforeAnyDataIsRead) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.safetensors";
  std::ofstream(file, std::ios::binary) << raw(
      R"({"a":{"dtype":"F32","shape":[16000000000],"data_offsets":[0,64000000000]}})", "");
  std::filesystem::resize_file(file, std::filesystem::file_size(file) + 64'000'000'000);
  std::vector<std::int64_t> shape;
  const auto check = [&](const Safetensors& said) {
    shape = said.tensors.at("a").shape;
    throw Error(Failure::usage, "not wanted");
  };
  EXPECT_THROW(read_safetensors(file, check), Error);
  EXPECT_EQ(shape, std::vector<std::int64_t>{16'000'000'000});
  std::filesystem::resize_file(file, 1'000'000);
  EXPECT_THROW(read_safetensors(file, [](const Safetensors&) { FAIL() << "cut short"; }), Error);
}

TEST(Safetensors, DeepNestingEndsInAnError) {
  EXPECT_THAT(refusal(raw(std::string(1'000'000, '['), "")), HasSubstr("not a safetensors file"));
}

TEST(Safetensors, AnEmptyFileIsSaidToBeEmpty) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "a.safetensors").flush();
  try {
    read_safetensors(folder.path() / "a.safetensors");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("a.safetensors: the file is empty"));
  }
}

TEST(Safetensors, AMissingFileIsNamed) {
  try {
    read_safetensors("/nowhere/best.safetensors");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/best.safetensors"));
  }
}

TEST(Safetensors, TwoTensorsOfOneName) {
  const TemporaryFolder folder;
  std::vector<TensorToStore> tensors = two_tensors();
  tensors.push_back(tensors[0]);
  EXPECT_THROW(write_safetensors(folder.path() / "a.safetensors", tensors, {}), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace rxrun
