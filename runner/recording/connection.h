// A connection to SQLite whose errors are Errors that name the file and the cause. Used within recording/ and its tests
// only.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "recording/query.h"
#include "recording/write_gate.h"

struct sqlite3;
struct sqlite3_stmt;
struct sqlite3_value;

namespace rxrun {

class Connection;

// The name of a table, view or column for a statement, in quotes: no name ends the quotes.
std::string quoted_name(const std::string& name);

// A prepared statement. Parameters are bound in order, all at once; step() gives the next row.
class Statement {
 public:
  Statement(Connection& connection, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  template <typename... Values>
  Statement& bind(const Values&... values) {
    reset();
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  Statement& bind_all(const std::vector<Value>& values);
  bool step();  // false: no further row
  void run();   // to the end, then ready to be bound again

  int columns() const;
  std::string column_name(int column) const;
  Value value(int column) const;  // a blob as x'0A...'
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  std::vector<float> floats(int column) const;  // of a blob of float32, little-endian

 private:
  void reset();
  void bind_one(int index, const Value& value);
  void bind_one(int index, std::int64_t value) { bind_one(index, Value(value)); }
  void bind_one(int index, int value) { bind_one(index, Value(std::int64_t{value})); }
  void bind_one(int index, double value) { bind_one(index, Value(value)); }
  void bind_one(int index, const std::string& value) { bind_one(index, Value(value)); }
  void bind_one(int index, std::string_view value) { bind_one(index, Value(std::string(value))); }
  void bind_one(int index, const char* value) { bind_one(index, Value(std::string(value))); }
  void bind_one(int index, const std::vector<float>& value);  // as a blob; NULL where there are none

  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
};

class Connection {
 public:
  enum class Mode { read_only, read_write };

  // An existing file. Waits up to 60 s for a lock of another process; foreign keys on, synchronous FULL.
  Connection(const std::filesystem::path& path, Mode mode);
  // In memory, for the image of a new database.
  Connection();
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void execute(const char* sql);  // one statement or more, without parameters and results
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }  // instead of those 60 s
  // From here on all that is read is of one moment, and only the first of it may have to wait, before those who wait to
  // write (write_gate.h). Commits of others wait for the end.
  void begin_reading();
  void end_reading();
  std::int64_t changes() const;
  std::int64_t last_id() const;
  const std::filesystem::path& path() const { return path_; }
  sqlite3* handle() const { return handle_; }

  // Throws what SQLite reported last, as Error: Failure::try_later for a lock that did not come free, run for a disk
  // that is full (FullDisk) or failing, usage for a file that is damaged or may not be written.
  [[noreturn]] void fail(int code) const;

 private:
  friend class Transaction;

  std::filesystem::path path_;
  sqlite3* handle_ = nullptr;
  std::optional<WriteGate> gate_;
  bool begins_to_read_ = false;
  std::chrono::milliseconds patience_;
  std::chrono::steady_clock::time_point waiting_since_{};  // for a lock; see wait_for_lock() in connection.cpp
  static int wait_for_lock(void* connection, int times);
};

// The text of a SQL function's argument; empty for NULL.
std::string text_of(sqlite3_value* value);

// SQL of this moment as the tables write times: UTC, ISO 8601, whole seconds.
inline constexpr const char* kNow = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')";

std::string now(Connection& connection);

// Everything between construction and commit() happens as a whole or not at all. Takes the write lock at once: a plain
// BEGIN takes it at its first write, where waiting for another writer is no longer possible.
class Transaction {
 public:
  enum class Shuts {
    writers_out,
    all_out,  // readers too, from the beginning: then no commit waits for them, and fails for them
  };
  explicit Transaction(Connection& connection, Shuts shuts = Shuts::writers_out);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit() { connection_.execute("COMMIT"); }

 private:
  Connection& connection_;
};

}  // namespace rxrun
