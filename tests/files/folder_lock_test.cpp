// flock(2) stands in front of the C library's here, so that it can fail as a file system makes it fail.
#include "files/folder_lock.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"

namespace {
std::vector<int> failures;  // of the next calls, from the back
}

extern "C" int flock(int descriptor, int operation) noexcept {
  if (failures.empty()) return static_cast<int>(::syscall(SYS_flock, descriptor, operation));
  errno = failures.back();
  failures.pop_back();
  return -1;
}

namespace rxrun {
namespace {

using testing::HasSubstr;

class FolderLockTest : public testing::Test {
 protected:
  FolderLockTest() {
    std::string name = (std::filesystem::temp_directory_path() / "rxrun-lock-XXXXXX").string();
    folder = ::mkdtemp(name.data());
  }
  ~FolderLockTest() override { std::filesystem::remove_all(folder); }

  Error error_of_lock() const {
    try {
      const FolderLock lock(folder);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "locked";
    return Error(Failure::run, "");
  }

  std::filesystem::path folder;
};

TEST_F(FolderLockTest, NamesTheHolder) {
  const FolderLock lock(folder);
  const Error error = error_of_lock();
  EXPECT_EQ(error.failure(), Failure::try_later);
  EXPECT_THAT(error.what(), HasSubstr("in use by process " + std::to_string(::getpid())));
}

TEST_F(FolderLockTest, IsFreeAgainAfterwards) {
  { const FolderLock lock(folder); }
  EXPECT_NO_THROW(FolderLock{folder});
}

TEST_F(FolderLockTest, ReadersShareItAndKeepWritersOut) {
  { const SharedFolderLock nothing_there(folder); }
  EXPECT_TRUE(std::filesystem::is_empty(folder)) << "whoever reads leaves nothing behind";
  {
    const FolderLock lock(folder);
    EXPECT_THROW(SharedFolderLock{folder}, Error);
  }
  const SharedFolderLock one(folder), two(folder);
  const Error error = error_of_lock();
  EXPECT_EQ(error.failure(), Failure::try_later);
  EXPECT_THAT(error.what(), HasSubstr("is being copied by another process"));
}

TEST_F(FolderLockTest, AFileSystemWithoutLocksIsNotSomebodyElse) {
  for (const int cause : {ENOLCK, EOPNOTSUPP, EIO}) {
    failures = {cause};
    const Error error = error_of_lock();
    EXPECT_EQ(error.failure(), Failure::usage) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(std::strerror(cause)));
    EXPECT_THAT(error.diagnostics().front().advice, HasSubstr("--results"));
  }
}

TEST_F(FolderLockTest, ASignalIsNoRefusal) {
  failures = {EINTR, EINTR};
  EXPECT_NO_THROW(FolderLock{folder});
  EXPECT_TRUE(failures.empty());
}

}  // namespace
}  // namespace rxrun
