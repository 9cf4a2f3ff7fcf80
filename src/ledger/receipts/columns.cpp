#include "columns.hpp"

#include <spidergate/core/utf8.hpp>

#include <algorithm>

namespace spidergate::ledger::receipts {

namespace {

constexpr std::size_t max_column_bytes = 512;

}  // namespace

std::string column(const std::string& outside) {
  std::string text;
  for (std::string_view rest = outside; !rest.empty();) {
    const auto size = rest.front() == '\0' ? 0 : utf8_sequence_length(rest);
    if (text.size() + std::max<std::size_t>(size, 1) > max_column_bytes) break;
    text += size == 0 ? "?" : rest.substr(0, size);
    rest.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return text;
}

std::vector<sql::value> row_of(const model::receipt& r) {
  sql::blob payload;
  model::encode(r, payload.bytes);
  return {column(r.request_id), r.timestamp,        column(r.brand_id), column(r.client_id),
          column(r.token_id),   column(r.provider), column(r.model),    column(r.requested_model),
          column(r.alias),      column(r.status),   r.tokens.prompt,    r.tokens.cached,
          r.tokens.completion,  r.tokens.reasoning, r.cost.nano_usd,    std::move(payload)};
}

}  // namespace spidergate::ledger::receipts
