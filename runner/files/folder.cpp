#include "files/folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/descriptor.h"

namespace rxrun {

std::filesystem::path temporary_beside(const std::filesystem::path& target) {
  static std::atomic<unsigned> counter{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return target.parent_path() /
         fmt::format(".rxrun-{}-{}-{:x}.tmp", ::getpid(), counter++, static_cast<unsigned long long>(now));
}

void sync_folder(const std::filesystem::path& folder) {
  const Descriptor descriptor(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor && (::fsync(descriptor.get()) == 0 || errno == EINVAL)) return;
  const int error = errno;
  throw Error(Failure::run,
              fmt::format("cannot sync the folder `{}`: {}", printable(folder.string()), std::strerror(error)));
}

std::string network_file_system(const std::filesystem::path& folder) {
  struct statfs facts {};
  if (::statfs(folder.c_str(), &facts) != 0) return {};
  return network_file_system(static_cast<std::uint32_t>(facts.f_type));
}

std::string network_file_system(std::uint32_t magic) {
  static constexpr std::array<std::pair<std::uint32_t, const char*>, 9> kRemote = {{{0x6969, "NFS"},
                                                                                    {0xFF534D42, "CIFS"},
                                                                                    {0xFE534D42, "SMB"},
                                                                                    {0x517B, "SMB"},
                                                                                    {0x65735546, "FUSE"},
                                                                                    {0x01021997, "9P"},
                                                                                    {0x5346414F, "AFS"},
                                                                                    {0x00C36400, "Ceph"},
                                                                                    {0x0BD00BD0, "Lustre"}}};
  for (const auto& [number, name] : kRemote)
    if (number == magic) return name;
  return {};
}

}  // namespace rxrun
