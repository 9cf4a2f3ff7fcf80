#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/store/sql.hpp>

#include <optional>
#include <pqxx/pqxx>
#include <span>
#include <string>
#include <vector>

namespace spidergate::store::postgresql {

/// One parameter or one cell of a COPY, as libpqxx takes it. Refers to the value.
struct field {
  sql::value_view of;
};
[[nodiscard]] std::vector<field> fields_of(std::span<const sql::value> values);

/// Of a COPY.
inline constexpr std::size_t widest_row = 32;
void write_row(pqxx::stream_to& to, std::span<const sql::value_view> row);

/// PostgreSQL's text cannot hold a NUL, and libpq would cut it there without a word.
[[nodiscard]] bool holds_nul(std::span<const sql::value> values) noexcept;
[[nodiscard]] bool holds_nul(std::span<const sql::value_view> values) noexcept;

/// Nothing when a column has a type that is not used here.
[[nodiscard]] std::optional<sql::rows> rows_of(const pqxx::result& from);

}  // namespace spidergate::store::postgresql

namespace pqxx {
template <>
struct string_traits<spidergate::store::postgresql::field> {
  static constexpr const char* name() noexcept { return "field"; }
  static constexpr bool has_null() noexcept { return true; }
  static bool is_null(const spidergate::store::postgresql::field& f) noexcept {
    return std::holds_alternative<std::monostate>(f.of);
  }
  static std::string to_string(const spidergate::store::postgresql::field& f);
};
}  // namespace pqxx
