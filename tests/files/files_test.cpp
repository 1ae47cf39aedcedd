#include "files/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <thread>

#include "diagnostics/diagnostic.h"

namespace {
int fault_of_fchmod = 0;  // an errno
}

// In front of the C library's: what file systems without owners and permissions answer.
extern "C" int fchmod(int file, mode_t mode) noexcept {
  if (fault_of_fchmod == 0) return static_cast<int>(::syscall(SYS_fchmod, file, mode));
  errno = fault_of_fchmod;
  return -1;
}

namespace rxrun {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class Files : public testing::Test {
 protected:
  Files() {
    std::string name = (fs::temp_directory_path() / "rxrun-files-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
  }
  ~Files() override { fs::remove_all(folder_); }

  fs::path put(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  std::string bytes_of(const fs::path& path) const {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::size_t entries() const { return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), {})); }

  // The error's message; empty if there is none.
  template <typename Function>
  std::string error_of(Failure failure, const Function& function) {
    try {
      function();
    } catch (const Error& error) {
      EXPECT_EQ(error.failure(), failure);
      return error.what();
    }
    return {};
  }

  fs::path folder_;
};

TEST_F(Files, ReadsWhatIsThere) {
  const std::string bytes = std::string("a\0b\n", 4) + std::string(3'000'000, 'x');
  EXPECT_EQ(read_file(put("a", bytes), bytes.size()), bytes);
  EXPECT_EQ(read_file(put("empty", ""), 0), "");
  fs::create_symlink("a", folder_ / "link");
  EXPECT_EQ(read_file(folder_ / "link", bytes.size()), bytes);
}

TEST_F(Files, ReadsFilesThatDoNotTellTheirSize) {
  EXPECT_THAT(read_file("/proc/self/status", 1 << 20), HasSubstr("Pid:"));
}

TEST_F(Files, RefusesMoreThanTheLimit) {
  const fs::path file = put("a", "12345");
  EXPECT_EQ(read_file(file, 5), "12345");
  EXPECT_THAT(error_of(Failure::usage, [&] { read_file(file, 4); }),
              AllOf(HasSubstr(file.string()), HasSubstr("5 bytes"), HasSubstr("the limit is 4")));
  EXPECT_THAT(error_of(Failure::usage, [&] { read_file("/proc/self/status", 3); }), HasSubstr("the limit is 3"));
  const fs::path sparse = put("sparse", "");
  fs::resize_file(sparse, 1ull << 40);
  EXPECT_THAT(error_of(Failure::usage, [&] { read_file(sparse, 1 << 20); }), HasSubstr("1099511627776 bytes"));
}

TEST_F(Files, RefusesWhatIsNoRegularFile) {
  const fs::path fifo = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", folder_ / "zero");
  for (const fs::path& path : {fifo, folder_ / "zero", fs::path("/dev/null")}) {
    EXPECT_THAT(error_of(Failure::usage, [&] { read_file(path, 100); }),
                AllOf(HasSubstr(path.string()), HasSubstr("not a regular file")));
  }
  EXPECT_THAT(error_of(Failure::usage, [&] { read_file(folder_, 100); }), HasSubstr("it is a folder"));
}

TEST_F(Files, SaysWhyAFileCannotBeRead) {
  EXPECT_THAT(error_of(Failure::usage, [&] { read_file(folder_ / "none", 100); }),
              AllOf(HasSubstr("none`"), HasSubstr("No such file")));
  fs::create_symlink("loop", folder_ / "loop");
  EXPECT_THAT(error_of(Failure::usage, [&] { read_file(folder_ / "loop", 100); }), HasSubstr("symbolic links"));
  EXPECT_THAT(error_of(Failure::usage, [&] { read_file(std::string("a\0b", 3), 100); }), HasSubstr("NUL"));
  if (::geteuid() != 0) {
    const fs::path file = put("secret", "x");
    fs::permissions(file, fs::perms::none);
    EXPECT_THAT(error_of(Failure::usage, [&] { read_file(file, 100); }), HasSubstr("Permission denied"));
  }
}

TEST_F(Files, WritesAndReplacesWholeFiles) {
  const fs::path file = folder_ / "out";
  write_file_atomically(file, "first");
  EXPECT_EQ(bytes_of(file), "first");
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  write_file_atomically(file, std::string_view("sec\0nd", 6));
  EXPECT_EQ(bytes_of(file), std::string("sec\0nd", 6));
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, WritesWherePermissionsCannotBeSet) {
  const fs::path file = put("out", "old");
  for (const int fault : {EPERM, ENOTSUP, ENOSYS}) {
    fault_of_fchmod = fault;
    EXPECT_EQ(error_of(Failure::run, [&] { write_file_atomically(file, "new" + std::to_string(fault)); }), "");
    EXPECT_EQ(bytes_of(file), "new" + std::to_string(fault));
  }
  fault_of_fchmod = EIO;
  EXPECT_THAT(error_of(Failure::run, [&] { write_file_atomically(file, "newer"); }), HasSubstr("set the permissions"));
  fault_of_fchmod = 0;
  EXPECT_EQ(entries(), 1u) << "nothing half-written stays";
}

TEST_F(Files, WritesInPieces) {
  const fs::path file = folder_ / "out";
  write_file_atomically(file, [](const Sink& sink) {
    for (int i = 0; i < 1000; ++i) sink("0123456789", 10);
    sink(nullptr, 0);
  });
  EXPECT_EQ(fs::file_size(file), 10'000u);
}

TEST_F(Files, WritesIntoTheWorkingFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  write_file_atomically("plain", "x");
  fs::current_path(before);
  EXPECT_EQ(bytes_of(folder_ / "plain"), "x");
}

TEST_F(Files, AFailingProducerLeavesTheOldFileAlone) {
  const fs::path file = put("out", "old");
  const auto write = [&] {
    write_file_atomically(file, [](const Sink& sink) {
      sink("new", 3);
      throw std::runtime_error("no more");
    });
  };
  EXPECT_THROW(write(), std::runtime_error);
  EXPECT_EQ(bytes_of(file), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, SaysWhyAFileCannotBeWritten) {
  EXPECT_THAT(error_of(Failure::run, [&] { write_file_atomically(folder_ / "no" / "out", "x"); }),
              AllOf(HasSubstr("out`"), HasSubstr("after 0 bytes"), HasSubstr("No such file")));
  fs::create_directory(folder_ / "taken");
  EXPECT_THAT(error_of(Failure::run, [&] { write_file_atomically(folder_ / "taken", "x"); }),
              AllOf(HasSubstr("taken`"), HasSubstr("rename")));
  EXPECT_EQ(entries(), 1u);
}

// A file size limit stands for a full disk. In a child, because the limit holds for the whole process.
TEST_F(Files, AFullDiskLeavesTheOldFileAndNoOther) {
  const fs::path file = put("out", "old");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit { 1000, 1000 };
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file_atomically(file, std::string(5000, 'x'));
    } catch (const Error& error) {
      const std::string what = error.what();
      const bool told = what.find(file.string()) != std::string::npos &&
                        what.find("after 1000 bytes") != std::string::npos &&
                        what.find("File too large") != std::string::npos;
      ::_exit(told ? 7 : 8);
    }
    ::_exit(9);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(bytes_of(file), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, AReaderNeverSeesHalfAFile) {
  const fs::path file = put("out", std::string(100'000, '0'));
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (int i = 1; i <= 60; ++i) write_file_atomically(file, std::string(100'000, static_cast<char>('0' + i % 10)));
    done = true;
  });
  int reads = 0;
  while (!done || reads < 10) {
    const std::string bytes = read_file(file, 1 << 20);
    ASSERT_EQ(bytes.size(), 100'000u);
    ASSERT_EQ(bytes.find_first_not_of(bytes[0]), std::string::npos);
    ++reads;
  }
  writer.join();
  EXPECT_EQ(entries(), 1u);
}

}  // namespace
}  // namespace rxrun
