#include "connection.hpp"

#include <spidergate/store/errc.hpp>

#include <cerrno>

namespace spidergate::store::sqlite {

namespace {

constexpr std::size_t max_statements = 256;
constexpr std::size_t max_inserters = 16;

errc meaning(int extended, int system_error) {
  if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY) return errc::already_exists;
  switch (extended & 0xff) {
    case SQLITE_CONSTRAINT:
      return errc::constraint;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return errc::busy;
    case SQLITE_FULL:
      return errc::disk_full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return errc::corrupt;
    case SQLITE_READONLY:
      return errc::read_only;
    case SQLITE_IOERR:
      return system_error == ENOSPC || system_error == EDQUOT ? errc::disk_full : errc::unavailable;
    case SQLITE_CANTOPEN:
      return errc::unavailable;
    default:
      return errc::failed;
  }
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n;") == std::string_view::npos;
}

/// FAIL instead of ABORT: what a statement that fails has done is taken back with all of the bulk, so SQLite need not
/// prepare for taking back the statement alone.
std::string insert_into(std::string_view table, std::span<const std::string_view> columns) {
  std::string text = "INSERT OR FAIL INTO ";
  text.append(table).append(" (");
  for (const auto column : columns) text.append(column).append(", ");
  text.resize(text.size() - 2);
  return text.append(") VALUES ");
}

/// "(?, ?), (?, ?)"
std::string places_for(std::size_t rows, std::size_t columns) {
  std::string row = "(?";
  for (std::size_t i = 1; i < columns; ++i) row += ", ?";
  row += ')';
  std::string text = row;
  for (std::size_t i = 1; i < rows; ++i) text.append(", ").append(row);
  return text;
}

/// A statement keeps its locks until it is reset.
class resetting {
 public:
  explicit resetting(sqlite3_stmt* it) : it_(it) {}
  ~resetting() { sqlite3_reset(it_); }
  resetting(const resetting&) = delete;
  resetting& operator=(const resetting&) = delete;

 private:
  sqlite3_stmt* it_;
};

/// What it was given lives no longer than this either.
class in_use {
 public:
  explicit in_use(sqlite3_stmt* it) : it_(it) {}
  ~in_use() {
    sqlite3_reset(it_);
    sqlite3_clear_bindings(it_);
  }
  in_use(const in_use&) = delete;
  in_use& operator=(const in_use&) = delete;

 private:
  sqlite3_stmt* it_;
};

/// Binds without a copy: the parameters live until the statement is reset.
struct binder {
  sqlite3_stmt* to;
  int at;
  int operator()(std::monostate) const { return sqlite3_bind_null(to, at); }
  int operator()(std::int64_t n) const { return sqlite3_bind_int64(to, at, n); }
  // A null pointer would bind NULL, hence the text and the blob of no length.
  int operator()(std::string_view text) const {
    return sqlite3_bind_text64(to, at, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  int operator()(sql::blob_view b) const {
    return b.bytes.empty() ? sqlite3_bind_zeroblob(to, at, 0)
                           : sqlite3_bind_blob64(to, at, b.bytes.data(), b.bytes.size(), SQLITE_STATIC);
  }
  int operator()(const sql::blob& b) const { return (*this)(sql::blob_view{b.bytes}); }
};

std::string bytes_of(const void* data, int size) {
  return size == 0 ? std::string() : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

}  // namespace

result<sql::rows> connection::exec(std::string_view text, std::span<const sql::value> parameters) {
  const auto found = find(text);
  if (!found) return found.error();
  const auto& known = **found;
  const in_use guard(known.it.get());
  if (const auto bound = bind(known, parameters); !bound) return bound.error();
  return collect(known.it.get());
}

result<const connection::prepared*> connection::find(std::string_view text) {
  if (const auto at = statements_.find(text); at != statements_.end()) return &at->second;
  auto made = prepare(text);
  if (!made) return made.error();
  std::vector<int> places(static_cast<std::size_t>(sqlite3_bind_parameter_count(made->get())));
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = sqlite3_bind_parameter_index(made->get(), ("$" + std::to_string(i + 1)).c_str());
    if (places[i] == 0) return misuse("parameters must be named $1, $2, ... without a gap");
  }
  if (statements_.size() >= max_statements) statements_.clear();
  return &statements_.emplace(text, prepared{std::move(*made), std::move(places)}).first->second;
}

result<statement> connection::prepare(std::string_view text) {
  sqlite3_stmt* raw = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v3(db_.get(), text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT, &raw, &rest);
  statement made(raw);
  if (code != SQLITE_OK) return failure(code);
  if (!raw || !is_blank(text.substr(static_cast<std::size_t>(rest - text.data())))) {
    return misuse("exec() takes exactly one statement");
  }
  return made;
}

result<void> connection::bind(const prepared& to, std::span<const sql::value> parameters) {
  if (to.places.size() != parameters.size()) return misuse("the statement has another number of parameters");
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const int code = std::visit(binder{to.it.get(), to.places[i]}, parameters[i]);
    if (code != SQLITE_OK) return failure(code);
  }
  return {};
}

result<sql::rows> connection::collect(sqlite3_stmt* from) {
  sql::rows all;
  const int columns = sqlite3_column_count(from);
  int code = SQLITE_OK;
  while ((code = sqlite3_step(from)) == SQLITE_ROW) {
    std::vector<sql::value> row;
    row.reserve(static_cast<std::size_t>(columns));
    for (int i = 0; i < columns; ++i) {
      switch (sqlite3_column_type(from, i)) {
        case SQLITE_NULL:
          row.emplace_back();
          break;
        case SQLITE_INTEGER:
          row.emplace_back(static_cast<std::int64_t>(sqlite3_column_int64(from, i)));
          break;
        case SQLITE_TEXT:
          row.emplace_back(bytes_of(sqlite3_column_text(from, i), sqlite3_column_bytes(from, i)));
          break;
        case SQLITE_BLOB:
          row.emplace_back(sql::blob{bytes_of(sqlite3_column_blob(from, i), sqlite3_column_bytes(from, i))});
          break;
        default:
          return misuse("floating-point columns are not used here");
      }
    }
    all.emplace_back(std::move(row));
  }
  if (code != SQLITE_DONE) return failure(code);
  return all;
}

result<void> connection::exec_script(std::string_view script) {
  const int code = sqlite3_exec(db_.get(), std::string(script).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return {};
}

result<std::int64_t> connection::foreign_commits() {
  const auto found = sql::connection::exec("PRAGMA data_version");
  if (!found) return found.error();
  return found->front().integer(0);
}

result<void> connection::bulk_insert(std::string_view table, std::span<const std::string_view> columns,
                                     std::span<const sql::value_view> cells) {
  if (columns.empty() || cells.size() % columns.size() != 0) return misuse("cells that are no rows");
  const auto beginning = insert_into(table, columns);
  if (inserters_.size() >= max_inserters && !inserters_.contains(beginning)) inserters_.clear();
  auto& with = inserters_[beginning];
  auto scope = sql::transaction::begin(*this);
  if (!scope) return scope.error();
  for (std::size_t i = 0; i < with.size(); ++i) {
    const auto size = rows_at_once[i] * columns.size();
    if (cells.size() >= size && !with[i]) {
      auto made = prepare(beginning + places_for(rows_at_once[i], columns.size()));
      if (!made) return made.error();
      with[i] = std::move(*made);
    }
    for (; cells.size() >= size; cells = cells.subspan(size)) {
      if (const auto done = insert_rows(with[i].get(), cells.first(size)); !done) return done;
    }
  }
  return scope->commit();
}

result<void> connection::insert_rows(sqlite3_stmt* with, std::span<const sql::value_view> cells) {
  const resetting guard(with);  // the next rows take the places of all of these
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const int code = std::visit(binder{with, static_cast<int>(i) + 1}, cells[i]);
    if (code != SQLITE_OK) return failure(code);
  }
  if (const int code = sqlite3_step(with); code != SQLITE_DONE) return failure(code);
  return {};
}

// IMMEDIATE, because a transaction that starts as a reader cannot always become a writer (SQLITE_BUSY_SNAPSHOT).
result<void> connection::begin(sql::lock) {
  return exec_script("BEGIN IMMEDIATE");
}

error_code connection::failure(int code) {
  message_ = sqlite3_errmsg(db_.get());
  const int extended = sqlite3_extended_errcode(db_.get());
  return meaning((extended & 0xff) == (code & 0xff) ? extended : code, sqlite3_system_errno(db_.get()));
}

error_code connection::misuse(std::string_view what) {
  message_ = what;
  return errc::failed;
}

}  // namespace spidergate::store::sqlite
