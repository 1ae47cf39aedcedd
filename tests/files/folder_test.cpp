#include "files/folder.h"

#include <gmock/gmock.h>
#include <linux/magic.h>

#include "diagnostics/diagnostic.h"

namespace rxrun {
namespace {

using testing::HasSubstr;

TEST(NetworkFileSystem, IsKnownByItsNumber) {
  EXPECT_EQ(network_file_system(std::uint32_t{NFS_SUPER_MAGIC}), "NFS");
  EXPECT_EQ(network_file_system(std::uint32_t{SMB_SUPER_MAGIC}), "SMB");
  EXPECT_EQ(network_file_system(std::uint32_t{V9FS_MAGIC}), "9P");
  EXPECT_EQ(network_file_system(std::uint32_t{CEPH_SUPER_MAGIC}), "Ceph");
  EXPECT_EQ(network_file_system(std::uint32_t{EXT4_SUPER_MAGIC}), "");
  EXPECT_EQ(network_file_system(std::uint32_t{TMPFS_MAGIC}), "");
  EXPECT_EQ(network_file_system(std::filesystem::path("/proc")), "");
  EXPECT_EQ(network_file_system(std::filesystem::path("/nowhere")), "");
}

TEST(SyncFolder, TellsWhatItCannotSync) {
  EXPECT_NO_THROW(sync_folder("."));
  EXPECT_NO_THROW(sync_folder(""));
  try {
    sync_folder("/nowhere");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.failure(), Failure::run);
    EXPECT_THAT(error.what(), HasSubstr("/nowhere"));
  }
}

TEST(TemporaryBeside, IsAnotherNameEachTime) {
  const std::filesystem::path target = "/x/results.db";
  EXPECT_NE(temporary_beside(target), temporary_beside(target));
  EXPECT_EQ(temporary_beside(target).parent_path(), "/x");
}

}  // namespace
}  // namespace rxrun
