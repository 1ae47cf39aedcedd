// Every way a plugin's file can be wrong is an error that names the library and the cause, before any of its code runs.
#include "plugin/library_file.h"

#include <elf.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstring>

#include "bad_plugins.h"
#include "random/random.h"
#include "temporary_folder.h"

namespace rxrun::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string fault(const std::filesystem::path& library) {
  return error_of([&] { read_library_file(library); });
}

class LibraryFileTest : public ::testing::Test {
 protected:
  std::string write_and_read(const std::string& bytes) { return fault(folder_.write("x.so", bytes)); }
  Elf64_Ehdr header() const {
    Elf64_Ehdr header;
    std::memcpy(&header, good_.data(), sizeof header);
    return header;
  }
  std::string with_header(const Elf64_Ehdr& header) const {
    std::string bytes = good_;
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes;
  }

  TemporaryFolder folder_;
  std::string good_ = bytes_of(bad_plugin("no_layers"));
};

TEST_F(LibraryFileTest, ReadsAFittingManifest) {
  const LibraryFile file = read_library_file(bad_plugin("no_layers"));
  EXPECT_EQ(file.manifest.plugin, "raw");
  EXPECT_EQ(file.manifest.sdk, expected_manifest().sdk);
  EXPECT_EQ(file.manifest.build_id.size(), 40u);
  EXPECT_FALSE(file.manifest.shipped);
  EXPECT_FALSE(file.layers.has_value());
  EXPECT_TRUE(read_library_file(bad_plugin("offers_conv")).layers.has_value());
}

TEST_F(LibraryFileTest, Missing) {
  EXPECT_THAT(fault("/nowhere/libx.so"), AllOf(HasSubstr("/nowhere/libx.so"), HasSubstr("does not exist")));
}
TEST_F(LibraryFileTest, Folder) { EXPECT_THAT(fault(folder_.path()), HasSubstr("is a folder")); }
TEST_F(LibraryFileTest, Empty) { EXPECT_THAT(write_and_read(""), HasSubstr("is empty")); }
TEST_F(LibraryFileTest, NotElf) {
  EXPECT_THAT(write_and_read("#!/bin/sh\n"), AllOf(HasSubstr("x.so"), HasSubstr("not an ELF file")));
}
TEST_F(LibraryFileTest, OneByte) { EXPECT_THAT(write_and_read("\x7f"), HasSubstr("not an ELF file")); }
TEST_F(LibraryFileTest, Fifo) {
  ASSERT_EQ(mkfifo((folder_.path() / "f.so").c_str(), 0600), 0);
  EXPECT_THAT(fault(folder_.path() / "f.so"), HasSubstr("is not a regular file"));
}

TEST_F(LibraryFileTest, WritableByAll) {
  const auto library = folder_.write("x.so", good_);
  chmod(library.c_str(), 0666);
  EXPECT_THAT(fault(library), HasSubstr("can be modified by every user"));
}

TEST_F(LibraryFileTest, TruncatedAnywhere) {
  for (std::size_t size = 5; size < good_.size(); size += 1 + size / 7) {
    EXPECT_THAT(write_and_read(good_.substr(0, size)), AllOf(HasSubstr("x.so"), HasSubstr("truncated"))) << size;
  }
}

TEST_F(LibraryFileTest, AnotherMachine) {
  Elf64_Ehdr other = header();
  other.e_machine = header().e_machine == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
  EXPECT_THAT(write_and_read(with_header(other)), AllOf(HasSubstr("AArch64"), HasSubstr("x86-64")));
  other = header();
  other.e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_THAT(write_and_read(with_header(other)), HasSubstr("is built for"));
}

TEST_F(LibraryFileTest, ProgramInsteadOfLibrary) {
  Elf64_Ehdr other = header();
  other.e_type = ET_REL;
  EXPECT_THAT(write_and_read(with_header(other)), HasSubstr("not a shared library"));
}

TEST_F(LibraryFileTest, NoManifest) {
  EXPECT_THAT(fault(bad_plugin("no_manifest")), AllOf(HasSubstr("no_manifest.so"), HasSubstr("no rxrun manifest")));
}
TEST_F(LibraryFileTest, ForeignSdk) {
  EXPECT_THAT(fault(bad_plugin("foreign_sdk")), AllOf(HasSubstr("foreign_sdk.so"), HasSubstr("SDK version 999"),
                                                      HasSubstr("SDK version " + expected_manifest().sdk)));
}
TEST_F(LibraryFileTest, ForeignLibTorch) {
  EXPECT_THAT(fault(bad_plugin("foreign_libtorch")),
              AllOf(HasSubstr("LibTorch 0.4.1"), HasSubstr("LibTorch " + expected_manifest().libtorch)));
}
TEST_F(LibraryFileTest, ForeignAbi) {
  EXPECT_THAT(fault(bad_plugin("foreign_abi")), AllOf(HasSubstr("cxx11abi=0"), HasSubstr(expected_manifest().abi)));
}
TEST_F(LibraryFileTest, MalformedManifest) {
  EXPECT_THAT(fault(bad_plugin("malformed_manifest")), HasSubstr("line `sdk`"));
}
TEST_F(LibraryFileTest, IncompleteManifest) {
  EXPECT_THAT(fault(bad_plugin("incomplete_manifest")), HasSubstr("`libtorch` is missing"));
}
TEST_F(LibraryFileTest, NameWithTerminalCodes) {
  EXPECT_THAT(fault(bad_plugin("escaping_name")),
              AllOf(HasSubstr("not a valid plugin name"), ::testing::Not(HasSubstr("\033"))));
}

// Whatever bytes change, the reader answers or throws Error; under a sanitizer this also shows that it stays within
// bounds.
TEST_F(LibraryFileTest, SurvivesChangedBytes) {
  int errors = 0;
  for (std::uint64_t round = 0; round < 1000; ++round) {
    RandomStream draw(1, Purpose::sample, round);
    std::string bytes = good_;
    const bool in_header = draw.chance(0.5);
    for (int i = 0; i < 4; ++i) {
      const std::uint64_t from = in_header ? 16 : header().e_shoff;
      const std::uint64_t span = in_header ? 48 : bytes.size() - from;
      bytes[from + draw.below(span)] = static_cast<char>(draw.next());
    }
    errors += write_and_read(bytes) != "no error";
  }
  EXPECT_GT(errors, 250);
}

}  // namespace
}  // namespace rxrun::testing
