#pragma once
#include "../json_list.hpp"
#include "statement.hpp"

#include <spidergate/store/repositories.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// How the repositories turn values into columns and rows into records.
namespace spidergate::store {

[[nodiscard]] inline sql::value text(std::string_view t) {
  return std::string(t);
}
[[nodiscard]] inline sql::value number(std::int64_t n) {
  return n;
}
[[nodiscard]] inline sql::value count(std::size_t n) {
  return static_cast<std::int64_t>(n);
}
[[nodiscard]] inline sql::value flag(bool claim) {
  return std::int64_t{claim ? 1 : 0};
}
[[nodiscard]] inline sql::value bytes(std::string_view b) {
  return sql::blob{std::string(b)};
}
[[nodiscard]] inline sql::value list(const std::vector<std::string>& items) {
  return to_json_list(items);
}
/// Columns that refer to a brand hold NULL where a record has an empty id.
[[nodiscard]] inline sql::value text_or_null(std::string_view t) {
  return t.empty() ? sql::value() : text(t);
}

/// The columns of limit_columns.
void append(std::vector<sql::value>& to, const limit_set& limits);

/// A column of bytes that is TEXT: in hexadecimal digits.
[[nodiscard]] sql::value hex(std::string_view b);

[[nodiscard]] inline std::string text_or_empty(const sql::row& of, std::size_t column) {
  return of.is_null(column) ? std::string() : of.text(column);
}

/// Reads the columns of one row in their order. A list that somebody has broken by hand makes the row corrupt; read as
/// an empty list, it would allow everything.
class row_reader {
 public:
  explicit row_reader(const sql::row& from) : from_(from) {}
  void operator()(std::string& to) { to = text_or_empty(from_, at_++); }
  void operator()(std::int64_t& to) { to = from_.integer(at_++); }
  void operator()(bool& to) { to = from_.integer(at_++) != 0; }
  void operator()(std::vector<std::string>& to);
  void operator()(money& to) { to.nano_usd = from_.integer(at_++); }
  void operator()(limit_set& to);
  void blob(std::string& to) { to = from_.bytes(at_++); }
  void hex(std::string& to);
  [[nodiscard]] bool corrupt() const noexcept { return corrupt_; }

 private:
  const sql::row& from_;
  std::size_t at_ = 0;
  bool corrupt_ = false;
};

/// All rows through one mapper (row -> result<Record>).
template <class Record, class Mapper>
result<std::vector<Record>> records_of(const result<sql::rows>& found, Mapper map) {
  if (!found) return found.error();
  std::vector<Record> all;
  all.reserve(found->size());
  for (const auto& one : *found) {
    auto made = map(one);
    if (!made) return made.error();
    all.push_back(std::move(*made));
  }
  return all;
}

/// The first row, if any, through the mapper.
template <class Record, class Mapper>
result<std::optional<Record>> first_of(const result<sql::rows>& found, Mapper map) {
  if (!found) return found.error();
  if (found->empty()) return std::optional<Record>();
  auto made = map(found->front());
  if (!made) return made.error();
  return std::optional<Record>(std::move(*made));
}

/// Executes a statement that changes what servers hold in memory, and raises the version in the same transaction. The
/// rows are the statement's; where it returns none (and `only_if_rows`), nothing has changed and no version is raised.
/// The version's row is taken first, so that changes stand in line at it and can never block each other in a circle.
[[nodiscard]] result<sql::rows> change(sql::connection& on, std::string_view statement,
                                       std::span<const sql::value> parameters, bool only_if_rows = false);
/// For statements that return a row when they did something.
[[nodiscard]] result<bool> change_if(sql::connection& on, std::string_view statement,
                                     std::span<const sql::value> parameters);
[[nodiscard]] result<bool> change_if(sql::connection& on, std::string_view statement,
                                     std::initializer_list<sql::value> parameters);
[[nodiscard]] result<void> change_always(sql::connection& on, std::string_view statement,
                                         std::span<const sql::value> parameters);
[[nodiscard]] result<void> change_always(sql::connection& on, std::string_view statement,
                                         std::initializer_list<sql::value> parameters);

}  // namespace spidergate::store
