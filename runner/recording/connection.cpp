#include "recording/connection.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <thread>

#include "diagnostics/diagnostic.h"
#include "diagnostics/render.h"
#include "files/patience.h"
#include "recording/schema.h"

namespace rxrun {
namespace {

constexpr std::chrono::milliseconds kPatience{60'000};
constexpr int kLongestValue = 256 << 20;  // bytes of one text; more than any resolved experiment

std::string blob_literal(const unsigned char* bytes, int size) {
  std::string literal = "x'";
  for (int i = 0; i < size; ++i) literal += fmt::format("{:02X}", bytes[i]);
  return literal + "'";
}

// SQLite does not keep the cause when a COMMIT fails; this one can be found out afterwards.
bool at_size_limit(const std::filesystem::path& path) {
  constexpr rlim_t kNear = 1 << 20;  // a transaction's worth of pages
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return false;
  std::error_code code;
  const std::uintmax_t size = std::filesystem::file_size(path, code);
  return !code && size + kNear > limit.rlim_cur;
}

[[noreturn]] void throw_full_disk(const std::string& file, const std::string& words) {
  throw FullDisk(Failure::run, fmt::format("cannot write {}: {}", file, words),
                 "free some space and run the same command again; everything recorded so far is intact");
}

}  // namespace

std::string quoted_name(const std::string& name) {
  if (name.find('\0') != std::string::npos)
    throw Error(Failure::usage, fmt::format("`{}` cannot be a name in a database", printable(name)));
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

Connection::Connection(const std::filesystem::path& path, Mode mode)
    : path_(path), gate_(path.parent_path()), patience_(kPatience) {
  const int flags = (mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    try {
      fail(code);
    } catch (...) {
      sqlite3_close_v2(handle_);
      throw;
    }
  }
  try {
    sqlite3_busy_handler(handle_, wait_for_lock, this);
    sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, kLongestValue);
    // Results may come from elsewhere: their schema must not be able to call anything, nor a damaged page to be
    // believed.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    execute("PRAGMA cell_size_check = ON");
    if (mode == Mode::read_write) {
      execute("PRAGMA foreign_keys = ON");
      execute("PRAGMA synchronous = FULL");
      // Spilling would take the exclusive lock in the middle of a transaction; so readers are shut out at commits only.
      execute("PRAGMA cache_spill = OFF");
    }
  } catch (...) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

Connection::Connection() : path_(":memory:"), patience_(kPatience) {
  const int code = sqlite3_open_v2(":memory:", &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code != SQLITE_OK) {
    sqlite3_close_v2(handle_);
    throw Error(Failure::run, fmt::format("cannot start SQLite: {}", sqlite3_errstr(code)));
  }
}

// SQLite's own pauses grow to a tenth of a second, much longer than an epoch takes to write: the lock would lie idle.
int Connection::wait_for_lock(void* connection, int times) {
  constexpr std::chrono::microseconds longest_pause{10'000}, readers_pause{500};
  auto& self = *static_cast<Connection*>(connection);
  const auto now = std::chrono::steady_clock::now();
  if (times == 0) self.waiting_since_ = now;
  if (now - self.waiting_since_ > self.patience_) return 0;
  if (self.begins_to_read_ && self.gate_) self.gate_->enter();
  std::this_thread::sleep_for(
      self.begins_to_read_ ? readers_pause : std::min(longest_pause, std::chrono::microseconds(1000 + times * 250)));
  return 1;
}

void Connection::begin_reading() {
  begins_to_read_ = true;
  execute("BEGIN");
  Statement(*this, "SELECT count(*) FROM sqlite_schema").step();  // BEGIN alone takes no lock
  if (gate_) gate_->leave();
  begins_to_read_ = false;
}

void Connection::end_reading() { execute("COMMIT"); }

Connection::~Connection() { sqlite3_close_v2(handle_); }

void Connection::execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::int64_t Connection::changes() const { return sqlite3_changes64(handle_); }
std::int64_t Connection::last_id() const { return sqlite3_last_insert_rowid(handle_); }

void Connection::fail(int code) const {
  const std::string file = printable(path_.string());
  const std::string words = printable(handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code));
  const int cause = handle_ ? sqlite3_system_errno(handle_) : 0;
  const std::string system = cause                                                ? std::strerror(cause)
                             : code == SQLITE_IOERR_WRITE && at_size_limit(path_) ? std::strerror(EFBIG)
                                                                                  : words;
  if (code == SQLITE_READONLY_DBMOVED)
    throw Error(Failure::run, fmt::format("{} was moved, deleted or replaced while it was being written", file),
                "move it back and run the same command again; what it holds is intact");
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(Failure::try_later,
                  fmt::format("{}: locked by another process for more than {}", file, duration_text(patience_)),
                  "find the program that keeps it open in the middle of a query, and try again");
    case SQLITE_FULL:
      throw_full_disk(file, words);
    case SQLITE_IOERR:
      if (code == SQLITE_IOERR_WRITE && is_full_disk(cause)) throw_full_disk(file, system);
      throw Error(Failure::run, fmt::format("cannot read or write {}: {}", file, system),
                  "everything recorded so far is intact; run the same command again to continue");
    case SQLITE_NOTADB:
      throw Error(Failure::usage, fmt::format("{} is not a database of results", file),
                  rescue_advice(path_, "move it away, or choose another folder with --results"));
    case SQLITE_CORRUPT:
      throw Error(Failure::usage, fmt::format("{} is damaged: {}", file, words),
                  rescue_advice(path_, "move it away, or choose another folder with --results"));
    case SQLITE_READONLY:
    case SQLITE_PERM:
      throw Error(Failure::usage, fmt::format("{} cannot be written: {}", file, words),
                  "give the file and its folder write permission, or choose another folder with --results");
    case SQLITE_CANTOPEN:
      if (is_full_disk(cause)) throw_full_disk(file, system);
      throw Error(Failure::usage, fmt::format("cannot open {}: {}", file, system));
    case SQLITE_NOMEM:
      throw Error(Failure::run, fmt::format("out of memory while using {}", file));
    default:
      throw Error(Failure::usage, fmt::format("{}: {}", file, words));
  }
}

Transaction::Transaction(Connection& connection, Shuts shuts) : connection_(connection) {
  std::optional<WriteGate::Turn> turn;
  if (connection.gate_) turn.emplace(*connection.gate_, connection.patience_);
  connection_.execute(shuts == Shuts::all_out ? "BEGIN EXCLUSIVE" : "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // A failure here follows another one that is on its way up already; SQLite rolls back by itself at the latest on the
  // next open.
  if (!sqlite3_get_autocommit(connection_.handle()))
    sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Statement::Statement(Connection& connection, std::string_view sql) : connection_(connection) {
  const int code =
      sqlite3_prepare_v2(connection.handle(), sql.data(), static_cast<int>(sql.size()), &statement_, nullptr);
  if (code != SQLITE_OK) connection.fail(code);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::reset() { sqlite3_reset(statement_); }

Statement& Statement::bind_all(const std::vector<Value>& values) {
  reset();
  int index = 0;
  for (const Value& value : values) bind_one(++index, value);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  connection_.fail(code);
}

void Statement::bind_one(int index, const std::vector<float>& value) {
  static_assert(std::endian::native == std::endian::little);
  const int code = value.empty() ? sqlite3_bind_null(statement_, index)
                                 : sqlite3_bind_blob64(statement_, index, value.data(), value.size() * sizeof(float),
                                                       SQLITE_TRANSIENT);
  if (code != SQLITE_OK) connection_.fail(code);
}

std::vector<float> Statement::floats(int column) const {
  const auto bytes = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  std::vector<float> values(bytes / sizeof(float));
  if (!values.empty())
    std::memcpy(values.data(), sqlite3_column_blob(statement_, column), values.size() * sizeof(float));
  return values;
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::bind_one(int index, const Value& value) {
  int code = SQLITE_OK;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    code = sqlite3_bind_int64(statement_, index, *integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    code = sqlite3_bind_double(statement_, index, *real);  // not a number becomes NULL
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    code = sqlite3_bind_text64(statement_, index, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    code = sqlite3_bind_int64(statement_, index, *truth ? 1 : 0);
  } else {
    code = sqlite3_bind_null(statement_, index);
  }
  if (code != SQLITE_OK) connection_.fail(code);
}

int Statement::columns() const { return sqlite3_column_count(statement_); }

std::string Statement::column_name(int column) const {
  const char* name = sqlite3_column_name(statement_, column);
  return name ? name : "";
}

Value Statement::value(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement_, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement_, column);
    case SQLITE_TEXT:
      return text(column);
    case SQLITE_BLOB:
      return blob_literal(static_cast<const unsigned char*>(sqlite3_column_blob(statement_, column)),
                          sqlite3_column_bytes(statement_, column));
    default:
      return std::monostate{};
  }
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
}

std::string now(Connection& connection) {
  Statement select(connection, fmt::format("SELECT {}", kNow));
  select.step();
  return select.text(0);
}

std::string text_of(sqlite3_value* value) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return text ? text : "";
}

}  // namespace rxrun
