#include "plugin/other_writers.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "diagnostics/shell_word.h"

namespace rxrun {
namespace fs = std::filesystem;
namespace {

constexpr int kMostLinks = 40;  // as the kernel's

std::optional<struct stat> status_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

std::string user_name(uid_t user) {
  const passwd* entry = ::getpwuid(user);
  return entry ? printable(entry->pw_name) : std::to_string(user);
}

std::string group_name(gid_t group) {
  const ::group* entry = ::getgrgid(group);
  return entry ? printable(entry->gr_name) : std::to_string(group);
}

// The group of this user alone that most systems make with each user, under whose umask every file is writable by it.
bool is_private(gid_t group) {
  const passwd* user = ::getpwuid(::geteuid());
  if (!user || user->pw_gid != group) return false;
  const std::string name = user->pw_name;
  const ::group* entry = ::getgrgid(group);
  if (!entry || name != entry->gr_name) return false;
  for (char** member = entry->gr_mem; *member; ++member)
    if (name != *member) return false;
  return true;
}

// A list of further users and groups hides behind the bits of the group.
bool has_access_list(const fs::path& path) {
  return ::getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
}

// A folder in which each may replace what is his own.
bool is_sticky(const struct stat& status) { return S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0; }

struct Fault {
  std::string what, advice;
};

std::optional<Fault> fault_of(const fs::path& path) {
  const auto status = status_of(path), own = status_of("/proc/self/exe");
  if (!status) return std::nullopt;
  std::error_code unknown;
  const auto beside = status_of(fs::read_symlink("/proc/self/exe", unknown).parent_path());
  const auto owns = [&](const std::optional<struct stat>& of) { return of && of->st_uid == status->st_uid; };
  const auto writes = [&](const std::optional<struct stat>& of) {
    return of && of->st_gid == status->st_gid && (of->st_mode & S_IWGRP) != 0;
  };
  // On file systems without permissions everybody can write everything.
  const auto anybody_writes = [](const std::optional<struct stat>& of) {
    return of && (of->st_mode & S_IWOTH) != 0 && !is_sticky(*of);
  };
  if (status->st_uid != 0 && status->st_uid != ::geteuid() && !owns(own))
    return Fault{fmt::format("belongs to the user {}", user_name(status->st_uid)),
                 "copy the library into a folder of your own"};
  const std::string shown = printable(shell_word(path.string()));
  if (is_sticky(*status) || anybody_writes(own) || anybody_writes(beside)) return std::nullopt;
  if (anybody_writes(status))
    return Fault{"can be modified by every user of this machine", fmt::format("chmod o-w {}", shown)};
  if ((status->st_mode & S_IWGRP) == 0 || writes(own) || writes(beside)) return std::nullopt;
  if (has_access_list(path))
    return Fault{"can be modified by the users of its access list", fmt::format("setfacl -b {}", shown)};
  if (is_private(status->st_gid)) return std::nullopt;
  return Fault{fmt::format("can be modified by the group {}", group_name(status->st_gid)),
               fmt::format("chmod g-w {}", shown)};
}

}  // namespace

void require_no_other_writers(const fs::path& library) {
  std::error_code code;
  const std::string shown = printable(library.string());
  fs::path path = fs::absolute(library, code);
  for (int links = 0; links < kMostLinks; ++links) {
    const fs::path folder = path.parent_path();
    if (const auto fault = fault_of(folder))
      throw Error(Failure::usage,
                  fmt::format("plugin library `{}` cannot be trusted: its folder {} {}", shown,
                              printable(folder.string()), fault->what),
                  fault->advice);
    const bool is_link = fs::is_symlink(fs::symlink_status(path, code));
    if (!is_link) break;
    path = folder / fs::read_symlink(path, code);
  }
  if (const auto fault = fault_of(path))
    throw Error(Failure::usage,
                fmt::format("plugin library `{}` {}, so its code cannot be trusted", shown, fault->what),
                fault->advice);
}

}  // namespace rxrun
