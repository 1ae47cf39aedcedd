#include "plugin/other_writers.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bad_plugins.h"
#include "plugin/catalog.h"
#include "temporary_folder.h"

namespace rxrun::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class OtherWriters : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directory(folder);
    fs::copy_file(bad_plugin("offers_conv"), library);
    allow(folder, 0755);
    allow(library, 0755);
  }
  static void allow(const fs::path& path, mode_t mode) { ASSERT_EQ(::chmod(path.c_str(), mode), 0); }
  std::string fault() const {
    return error_of([&] { require_no_other_writers(library); });
  }

  const TemporaryFolder place;
  const fs::path folder = place.path() / "plugins", library = folder / "liboffers_conv.so";
};

TEST_F(OtherWriters, OnesOwnLibraryInOnesOwnFolderIsLoaded) {
  EXPECT_EQ(fault(), "no error");
  EXPECT_EQ(read_plugin(library).layers.size(), 1u);
  EXPECT_EQ(error_of([&] { require_no_other_writers(folder / "gone.so"); }), "no error") << "opening it tells";
}

TEST_F(OtherWriters, OneThatEverybodyCanWriteIsRefusedByWhateverReadsIt) {
  allow(library, 0757);
  EXPECT_THAT(fault(), AllOf(HasSubstr(library.string()), HasSubstr("` can be modified by every user")));
  EXPECT_THAT(error_of([&] { read_plugin(library); }), HasSubstr("` can be modified by every user"));
  EXPECT_THAT(error_of([&] { find_plugin(library.string()); }), HasSubstr("` can be modified by every user"));
  const Variable folders("RXRUN_PLUGIN_PATH", folder.string()), programs("RXRUN_LIBEXEC", place.path().string());
  EXPECT_THAT(error_of([&] { find_plugin("offers_conv"); }), HasSubstr("` can be modified by every user"));
}

TEST_F(OtherWriters, SoIsOneInAFolderThatTheyCanWrite) {
  allow(folder, 0777);
  EXPECT_THAT(fault(), HasSubstr("its folder " + folder.string() + " can be modified by every user"));
  allow(folder, 01777);  // each may take away what is his own
  EXPECT_EQ(fault(), "no error");
}

TEST_F(OtherWriters, AGroupIsTrustedIfItIsThisUsersAlone) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files to others";
  allow(library, 0775);
  EXPECT_EQ(fault(), "no error");
  ASSERT_EQ(::chown(library.c_str(), 0, 12345), 0);
  allow(library, 0775);
  EXPECT_THAT(fault(), HasSubstr("` can be modified by the group 12345"));
  allow(library, 0755);
  EXPECT_EQ(fault(), "no error");
}

TEST_F(OtherWriters, OneOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root gives files to others";
  ASSERT_EQ(::chown(library.c_str(), 12345, 0), 0);
  EXPECT_THAT(fault(), HasSubstr("` belongs to the user 12345"));
  ASSERT_EQ(::chown(library.c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(folder.c_str(), 12345, 0), 0);
  EXPECT_THAT(fault(), HasSubstr("its folder " + folder.string() + " belongs to the user 12345"));
}

// Where a link stands, another could.
TEST_F(OtherWriters, TheFoldersOfLinksCountToo) {
  const fs::path shared = place.path() / "shared", link = shared / "libx.so";
  fs::create_directory(shared);
  fs::create_symlink("../plugins/liboffers_conv.so", link);
  EXPECT_EQ(error_of([&] { require_no_other_writers(link); }), "no error");
  allow(shared, 0777);
  EXPECT_THAT(error_of([&] { find_plugin(link.string()); }), HasSubstr("its folder " + shared.string()));
  allow(shared, 0755);
  allow(folder, 0777);
  EXPECT_THAT(error_of([&] { find_plugin(link.string()); }), HasSubstr("its folder " + shared.string()));
}

}  // namespace
}  // namespace rxrun::testing
