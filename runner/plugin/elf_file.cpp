#include "plugin/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"

namespace rxrun {
namespace {

constexpr std::uint64_t kMostHeaders = 65536;
constexpr std::uint64_t kLongestNames = 16u << 20;

#if defined(__x86_64__)
constexpr Elf64_Half kThisMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half kThisMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr Elf64_Half kThisMachine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr Elf64_Half kThisMachine = EM_PPC64;
#else
#error "add this machine's number in <elf.h>"
#endif
constexpr unsigned char kThisByteOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

std::string machine_name(Elf64_Half machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_386:
      return "32-bit x86";
    case EM_AARCH64:
      return "AArch64";
    case EM_ARM:
      return "32-bit ARM";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC64";
    case EM_S390:
      return "s390x";
    default:
      return "machine number " + std::to_string(machine);
  }
}

}  // namespace

void ElfFile::fail(const std::string& cause, const std::string& advice) const {
  throw Error(Failure::usage, "plugin library `" + printable(path_.string()) + "` " + cause, advice);
}

void ElfFile::read(void* bytes, std::uint64_t size, std::uint64_t offset, const char* what) const {
  if (offset > size_ || size > size_ - offset) {
    fail(std::string("is truncated: its ") + what + " would lie beyond its end (" + std::to_string(size_) + " bytes)",
         "build or copy it again");
  }
  auto* to = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t got = pread(descriptor_, to, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) fail("became shorter while it was read");
    to += got;
    offset += static_cast<std::uint64_t>(got);
    size -= static_cast<std::uint64_t>(got);
  }
}

void ElfFile::open_regular() {
  // Non-blocking, so that a FIFO does not hold the program up before its kind is known.
  descriptor_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) {
    if (errno == ENOENT) fail("does not exist");
    fail(std::string("cannot be opened: ") + std::strerror(errno));
  }
  struct stat facts {};
  if (fstat(descriptor_, &facts) != 0) fail(std::string("cannot be examined: ") + std::strerror(errno));
  if (!S_ISREG(facts.st_mode)) fail(S_ISDIR(facts.st_mode) ? "is a folder" : "is not a regular file");
  size_ = static_cast<std::uint64_t>(facts.st_size);
}

ElfFile::ElfFile(const std::filesystem::path& path) : path_(path) {
  try {
    open_regular();
    Elf64_Ehdr header;
    if (size_ == 0) fail("is empty");
    unsigned char magic[SELFMAG] = {};
    read(magic, std::min<std::uint64_t>(size_, SELFMAG), 0, "first bytes");
    if (std::memcmp(magic, ELFMAG, SELFMAG) != 0) fail("is not a shared library (not an ELF file)");
    read(&header, sizeof header, 0, "ELF header");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != kThisByteOrder ||
        header.e_machine != kThisMachine) {
      fail("is built for " + machine_name(header.e_machine) + "; this machine is " + machine_name(kThisMachine),
           "build it on this machine");
    }
    if (header.e_type != ET_DYN) fail("is an ELF file, but not a shared library");
    check_segments(header.e_phoff, header.e_phnum, header.e_phentsize);
    std::uint64_t count = header.e_shnum;
    std::uint64_t names = header.e_shstrndx;
    if (header.e_shoff == 0)
      fail("has no section table, so its manifest cannot be read", "do not strip section headers");
    if (header.e_shentsize != sizeof(Elf64_Shdr)) fail("is damaged: its section headers have an unknown size");
    Elf64_Shdr first;  // holds the numbers that do not fit the file's header
    read(&first, sizeof first, header.e_shoff, "section table");
    if (count == 0) count = first.sh_size;
    if (names == SHN_XINDEX) names = first.sh_link;
    read_sections(header.e_shoff, count, names);
  } catch (...) {
    if (descriptor_ >= 0) close(descriptor_);
    throw;
  }
}

ElfFile::~ElfFile() { close(descriptor_); }

void ElfFile::check_segments(std::uint64_t offset, std::uint64_t count, std::uint64_t entry_size) const {
  if (count == 0 || entry_size != sizeof(Elf64_Phdr)) fail("is damaged: it has no segments that could be loaded");
  std::vector<Elf64_Phdr> segments(count);
  read(segments.data(), count * sizeof(Elf64_Phdr), offset, "segment table");
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type != PT_LOAD) continue;
    if (segment.p_offset > size_ || segment.p_filesz > size_ - segment.p_offset) {
      fail("is truncated: a segment lies beyond its end (" + std::to_string(size_) + " bytes)",
           "build or copy it again");
    }
  }
}

void ElfFile::read_sections(std::uint64_t offset, std::uint64_t count, std::uint64_t names_index) {
  if (count == 0 || count > kMostHeaders || names_index >= count) fail("is damaged: its section table is invalid");
  std::vector<Elf64_Shdr> headers(count);
  read(headers.data(), count * sizeof(Elf64_Shdr), offset, "section table");
  const Elf64_Shdr& table = headers[names_index];
  if (table.sh_type == SHT_NOBITS || table.sh_size > kLongestNames) fail("is damaged: its section names are invalid");
  std::string names(table.sh_size, '\0');
  read(names.data(), names.size(), table.sh_offset, "section names");
  for (const Elf64_Shdr& header : headers) {
    if (header.sh_name >= names.size() && header.sh_type != SHT_NULL)
      fail("is damaged: a section's name lies outside its table");
    if (header.sh_type == SHT_NULL) continue;
    sections_.push_back(
        {names.c_str() + header.sh_name, header.sh_offset, header.sh_size, header.sh_type != SHT_NOBITS});
  }
}

std::optional<std::string> ElfFile::section(const std::string& name, std::uint64_t limit) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(), [&](const Section& s) { return s.name == name; });
  if (found == sections_.end()) return std::nullopt;
  if (!found->in_file) fail("is damaged: its section " + name + " has no content");
  if (found->size > limit) {
    fail("is damaged: its section " + name + " says it has " + std::to_string(found->size) + " bytes; at most " +
         std::to_string(limit) + " are accepted");
  }
  std::string bytes(found->size, '\0');
  read(bytes.data(), bytes.size(), found->offset, ("section " + name).c_str());
  return bytes;
}

std::string ElfFile::build_id() const {
  const std::optional<std::string> notes = section(".note.gnu.build-id", 4096);
  if (!notes) return {};
  Elf64_Nhdr note;
  if (notes->size() < sizeof note) fail("is damaged: its build id is too short");
  std::memcpy(&note, notes->data(), sizeof note);
  const std::uint64_t start = sizeof note + ((std::uint64_t{note.n_namesz} + 3) & ~std::uint64_t{3});
  if (note.n_type != NT_GNU_BUILD_ID || start > notes->size() || note.n_descsz > notes->size() - start) {
    fail("is damaged: its build id is invalid");
  }
  static const char digits[] = "0123456789abcdef";
  std::string id;
  for (std::uint64_t i = 0; i < note.n_descsz; ++i) {
    const auto byte = static_cast<unsigned char>((*notes)[start + i]);
    id += digits[byte >> 4];
    id += digits[byte & 15];
  }
  return id;
}

}  // namespace rxrun
