#pragma once
#include <spidergate/ledger/ledger.hpp>

#include <array>
#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::ledger::receipts {

/// The table's columns, in the order of a row's cells.
inline constexpr std::array<std::string_view, 16> column_names = {"request_id",
                                                                  "recorded_at",
                                                                  "brand_id",
                                                                  "client_id",
                                                                  "token_id",
                                                                  "provider",
                                                                  "model",
                                                                  "requested_model",
                                                                  "alias",
                                                                  "status",
                                                                  "prompt_tokens",
                                                                  "cached_tokens",
                                                                  "completion_tokens",
                                                                  "reasoning_tokens",
                                                                  "cost_nano_usd",
                                                                  "payload"};

/// A batch as rows of the table. Refers to the batch.
///
/// Columns are for searching; the payload has everything. What comes from outside is cut to a bounded size, at a whole
/// character, and what PostgreSQL does not take (NUL, bytes that are not UTF-8) becomes '?'.
class table_rows {
 public:
  explicit table_rows(std::span<const entry> batch);

  [[nodiscard]] std::size_t size() const noexcept { return columns_.size(); }
  /// What row `i` is searched and summed by, as the table has it.
  [[nodiscard]] const model::receipt_columns& columns(std::size_t i) const noexcept { return columns_[i]; }
  /// Of all rows, one after the other.
  [[nodiscard]] std::span<const sql::value_view> cells() const noexcept { return cells_; }
  /// Row `i` as parameters of a statement.
  [[nodiscard]] std::vector<sql::value> parameters(std::size_t i) const;

 private:
  [[nodiscard]] std::string_view searchable(std::string_view outside);

  std::deque<std::string> mended_;  ///< texts that could not stay as they are
  std::vector<model::receipt_columns> columns_;
  std::vector<sql::value_view> cells_;
};

}  // namespace spidergate::ledger::receipts
