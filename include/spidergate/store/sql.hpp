#pragma once
#include <spidergate/core/result.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace spidergate::sql {

/// The column types that both databases share: BIGINT, TEXT, and bytes (declared BYTEA, a name that SQLite takes as
/// well).
struct blob {
  std::string bytes;
  friend bool operator==(const blob&, const blob&) = default;
};
using value = std::variant<std::monostate, std::int64_t, std::string, blob>;

/// A value on its way in whose text or bytes stay the caller's.
struct blob_view {
  std::string_view bytes;
};
using value_view = std::variant<std::monostate, std::int64_t, std::string_view, blob_view>;

/// One result row; columns by position. Asking for the wrong type is a bug and throws std::bad_variant_access.
class row {
 public:
  explicit row(std::vector<value> columns) : columns_(std::move(columns)) {}
  [[nodiscard]] bool is_null(std::size_t i) const { return std::holds_alternative<std::monostate>(columns_.at(i)); }
  [[nodiscard]] std::int64_t integer(std::size_t i) const { return std::get<std::int64_t>(columns_.at(i)); }
  [[nodiscard]] const std::string& text(std::size_t i) const { return std::get<std::string>(columns_.at(i)); }
  [[nodiscard]] const std::string& bytes(std::size_t i) const { return std::get<blob>(columns_.at(i)).bytes; }
  [[nodiscard]] std::size_t size() const noexcept { return columns_.size(); }

 private:
  std::vector<value> columns_;
};
using rows = std::vector<row>;

enum class backend : std::uint8_t { sqlite, postgresql };

/// What a transaction locks as it begins.
enum class lock : std::uint8_t {
  rows,    ///< what it writes; on SQLite the one write lock, taken at once so that it can never fail half-way
  schema,  ///< besides, all other transactions of this kind: for migrations (SQLite: the write lock; PostgreSQL: an
           ///< advisory lock)
};

/// One connection to a database, used by one thread at a time; every call blocks, so it is only used on a database
/// thread or in the CLI. Statements are written once, in the dialect that SQLite and PostgreSQL share
/// (docs/architecture.md, "SQL written once"), with parameters $1, $2, …; errors come as store::errc (see
/// store/errc.hpp) with the database's message kept in last_message().
class connection {
 public:
  virtual ~connection() = default;
  /// One statement. The number of parameters must be the statement's.
  virtual result<rows> exec(std::string_view statement, std::span<const value> parameters) = 0;
  /// Several statements without parameters, for migrations.
  virtual result<void> exec_script(std::string_view script) = 0;
  [[nodiscard]] virtual std::string_view last_message() const noexcept = 0;
  /// A number that changes when anybody else may have committed a change of the configuration since it was asked last:
  /// PRAGMA data_version, or how often LISTEN has heard of one (raised besides once a second, should one be lost).
  virtual result<std::int64_t> foreign_commits() = 0;
  /// Tells those that listen, once the transaction commits. Nothing to do on SQLite.
  virtual result<void> announce_change() = 0;
  /// Which database it is, for the few statements that cannot be written once (each in a file of its own that says
  /// why).
  [[nodiscard]] virtual backend kind() const noexcept = 0;
  /// Rows into a table, the fastest way that the database has (COPY, or a statement for many rows); all or nothing.
  /// `cells` are the rows one after the other, each with a cell for every column.
  virtual result<void> bulk_insert(std::string_view table, std::span<const std::string_view> columns,
                                   std::span<const value_view> cells) = 0;

  result<rows> exec(std::string_view statement, std::initializer_list<value> parameters = {}) {
    return exec(statement, std::span<const value>(parameters.begin(), parameters.size()));
  }

 protected:
  /// Begin and end a transaction of the database; called by `transaction` only, and never inside another one. After a
  /// commit() that failed comes roll_back().
  virtual result<void> begin(lock what) = 0;
  virtual result<void> commit() { return exec_script("COMMIT"); }
  virtual void roll_back() noexcept { (void)exec_script("ROLLBACK"); }

 private:
  friend class transaction;
  int depth_ = 0;  ///< of open `transaction` objects
};

/// Rolls back on destruction unless committed. Write transactions take their lock at begin. One inside another is a
/// savepoint, so verbs that are transactions of their own can be put together into a larger one. After a statement has
/// failed, all that PostgreSQL takes is the end of the innermost transaction, and a commit of it fails: what may fail
/// without ending the whole goes into a transaction of its own.
class transaction {
 public:
  static result<transaction> begin(connection& on, lock what = lock::rows);
  result<void> commit();
  ~transaction();
  transaction(transaction&& other) noexcept;
  transaction& operator=(transaction&&) = delete;

 private:
  explicit transaction(connection& on) : on_(&on) {}
  void roll_back() noexcept;
  connection* on_;  ///< null: committed, rolled back or moved from
};

}  // namespace spidergate::sql
