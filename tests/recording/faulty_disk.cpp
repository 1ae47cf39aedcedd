#include "faulty_disk.h"

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <map>

namespace rxrun::testing {
namespace {

DiskFault fault = DiskFault::none;
int fault_at = 0;
int operations = 0;

sqlite3_vfs* real = nullptr;
sqlite3_vfs faulty;

// One table of methods for each that the real layer uses; the real one is found behind it.
struct Methods {
  sqlite3_io_methods patched;
  const sqlite3_io_methods* original;
};
std::map<const sqlite3_io_methods*, Methods> tables;

const sqlite3_io_methods& original(sqlite3_file* file) {
  return *reinterpret_cast<const Methods*>(file->pMethods)->original;
}

enum class Operation { write, sync, other };

// SQLITE_OK when the operation may go on.
int count(Operation operation) {
  ++operations;
  if (fault == DiskFault::none || operations < fault_at) return SQLITE_OK;
  switch (fault) {
    case DiskFault::kill:
      ::kill(::getpid(), SIGKILL);
      return SQLITE_OK;
    case DiskFault::full:
      return operation == Operation::write ? SQLITE_FULL : SQLITE_OK;
    case DiskFault::write_error:
      return operation == Operation::write ? SQLITE_IOERR_WRITE : SQLITE_OK;
    case DiskFault::sync_error:
      return operation == Operation::sync ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    case DiskFault::none:
      break;
  }
  return SQLITE_OK;
}

int write(sqlite3_file* file, const void* bytes, int amount, sqlite3_int64 offset) {
  if (const int code = count(Operation::write); code != SQLITE_OK) return code;
  return original(file).xWrite(file, bytes, amount, offset);
}

int sync(sqlite3_file* file, int flags) {
  if (const int code = count(Operation::sync); code != SQLITE_OK) return code;
  return original(file).xSync(file, flags);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = count(Operation::other); code != SQLITE_OK) return code;
  return original(file).xTruncate(file, size);
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int code = real->xOpen(real, name, file, flags, out_flags);
  if (code != SQLITE_OK || !file->pMethods) return code;
  auto [entry, is_new] = tables.try_emplace(file->pMethods);
  if (is_new) {
    entry->second = {*file->pMethods, file->pMethods};
    entry->second.patched.xWrite = write;
    entry->second.patched.xSync = sync;
    entry->second.patched.xTruncate = truncate;
  }
  file->pMethods = &entry->second.patched;
  return SQLITE_OK;
}

int remove(sqlite3_vfs*, const char* name, int sync_folder) {
  if (const int code = count(Operation::other); code != SQLITE_OK) return code;
  return real->xDelete(real, name, sync_folder);
}

}  // namespace

void install_faulty_disk(DiskFault what, int at) {
  fault = what;
  fault_at = at;
  operations = 0;
  if (real) return;
  real = sqlite3_vfs_find(nullptr);
  faulty = *real;
  faulty.zName = "faulty";
  faulty.pNext = nullptr;
  faulty.xOpen = open;
  faulty.xDelete = remove;
  sqlite3_vfs_register(&faulty, 1);
}

void mend_disk() { fault = DiskFault::none; }
int disk_operations() { return operations; }

}  // namespace rxrun::testing
