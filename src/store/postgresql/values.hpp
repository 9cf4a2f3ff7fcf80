#pragma once
#include "libpq.hpp"

#include <spidergate/core/result.hpp>
#include <spidergate/store/sql.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace spidergate::store::postgresql {

/// A statement's parameters as libpq takes them, in the text form. Refers to the values.
class parameter_list {
 public:
  explicit parameter_list(std::span<const sql::value> values);
  [[nodiscard]] const char* const* texts() const noexcept { return texts_.data(); }
  [[nodiscard]] int size() const noexcept { return static_cast<int>(texts_.size()); }

 private:
  std::vector<std::string> written_;  ///< of what is not text
  std::vector<const char*> texts_;
};

/// Appends the line that COPY takes for a row, in its text form.
void append_line(std::string& to, std::span<const sql::value_view> row);

/// PostgreSQL's text cannot hold a NUL, and libpq would cut it there without a word.
[[nodiscard]] bool holds_nul(std::span<const sql::value> values) noexcept;
[[nodiscard]] bool holds_nul(std::span<const sql::value_view> values) noexcept;

/// Nothing when a column has a type that is not used here.
[[nodiscard]] std::optional<sql::rows> rows_of(const libpq& pq, const PGresult& from);

}  // namespace spidergate::store::postgresql
