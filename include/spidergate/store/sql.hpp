#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <spidergate/core/result.hpp>

namespace spidergate::sql {

/// The column types that both databases share: BIGINT, TEXT, and bytes (BLOB / BYTEA).
struct blob {
  std::string bytes;
};
using value = std::variant<std::monostate, std::int64_t, std::string, blob>;

/// One result row; columns by position. Asking for the wrong type is a bug and throws std::bad_variant_access.
class row {
 public:
  explicit row(std::vector<value> columns) : columns_(std::move(columns)) {}
  [[nodiscard]] bool is_null(std::size_t i) const { return std::holds_alternative<std::monostate>(columns_.at(i)); }
  [[nodiscard]] std::int64_t integer(std::size_t i) const { return std::get<std::int64_t>(columns_.at(i)); }
  [[nodiscard]] const std::string& text(std::size_t i) const { return std::get<std::string>(columns_.at(i)); }
  [[nodiscard]] const std::string& bytes(std::size_t i) const { return std::get<blob>(columns_.at(i)).bytes; }

 private:
  std::vector<value> columns_;
};
using rows = std::vector<row>;

/// One connection to a database, used by one thread at a time; every call blocks, so it is only used on a database thread or in the CLI.
/// Statements are written once, in the dialect that SQLite and PostgreSQL share (docs/architecture.md, "SQL written once"), with
/// parameters $1, $2, …; errors come as store::errc (see store/errc.hpp) with the database's message kept in last_message().
class connection {
 public:
  virtual ~connection() = default;
  virtual result<rows> exec(std::string_view statement, std::span<const value> parameters) = 0;
  /// Several statements without parameters, for migrations.
  virtual result<void> exec_script(std::string_view script) = 0;
  [[nodiscard]] virtual std::string_view last_message() const noexcept = 0;
  /// A number that changes when anybody else has committed since it was asked last (PRAGMA data_version).
  virtual result<std::int64_t> foreign_commits() = 0;

  result<rows> exec(std::string_view statement, std::initializer_list<value> parameters = {}) {
    return exec(statement, std::span<const value>(parameters.begin(), parameters.size()));
  }
};

/// Rolls back on destruction unless committed. Write transactions take their lock at begin.
class transaction {
 public:
  static result<transaction> begin(connection& on);
  result<void> commit();
  ~transaction();
  transaction(transaction&& other) noexcept;

 private:
  explicit transaction(connection& on) : on_(&on) {}
  connection* on_;
};

}  // namespace spidergate::sql
