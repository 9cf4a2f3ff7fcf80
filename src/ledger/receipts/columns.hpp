#pragma once
#include <spidergate/model/receipt.hpp>
#include <spidergate/store/sql.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::ledger::receipts {

/// The table's columns, in the order of row_of().
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
[[nodiscard]] std::vector<sql::value> row_of(const model::receipt& r);

/// Columns are for searching; the payload has everything. What comes from outside is cut to a bounded size, at a whole
/// character, and what PostgreSQL does not take (NUL, bytes that are not UTF-8) becomes '?'.
[[nodiscard]] std::string column(const std::string& outside);

}  // namespace spidergate::ledger::receipts
