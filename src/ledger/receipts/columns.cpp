#include "columns.hpp"

#include <spidergate/core/utf8.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <variant>

namespace spidergate::ledger::receipts {

namespace {

constexpr std::size_t max_column_bytes = 512;

/// Whether it is ASCII without NUL, as nearly all of them are: eight bytes at a time.
bool is_plain(std::string_view text) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101, top = 0x8080808080808080;
  std::uint64_t found = 0;
  for (; text.size() >= sizeof found; text.remove_prefix(sizeof found)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    // The top bit of a byte is set if it is in the word, or when taking one from a zero borrows.
    found |= word | (word - each);
  }
  std::uint64_t rest = each;
  std::memcpy(&rest, text.data(), text.size());
  return ((found | rest | (rest - each)) & top) == 0;
}

std::string mended(std::string_view outside) {
  std::string text;
  for (std::string_view rest = outside; !rest.empty();) {
    const auto size = rest.front() == '\0' ? 0 : utf8_sequence_length(rest);
    if (text.size() + std::max<std::size_t>(size, 1) > max_column_bytes) break;
    text += size == 0 ? "?" : rest.substr(0, size);
    rest.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return text;
}

struct owner {
  sql::value operator()(std::monostate) const { return {}; }
  sql::value operator()(std::int64_t number) const { return number; }
  sql::value operator()(std::string_view text) const { return std::string(text); }
  sql::value operator()(sql::blob_view b) const { return sql::blob{std::string(b.bytes)}; }
};

}  // namespace

table_rows::table_rows(std::span<const entry> batch) {
  columns_.reserve(batch.size());
  cells_.reserve(batch.size() * column_names.size());
  for (const auto& one : batch) {
    auto c = one.columns;
    for (auto* text : {&c.request_id, &c.brand_id, &c.client_id, &c.token_id, &c.provider, &c.model, &c.requested_model,
                       &c.alias, &c.status}) {
      *text = searchable(*text);
    }
    columns_.push_back(c);
    cells_.insert(cells_.end(), {c.request_id, c.timestamp, c.brand_id, c.client_id, c.token_id, c.provider, c.model,
                                 c.requested_model, c.alias, c.status, c.prompt_tokens, c.cached_tokens,
                                 c.completion_tokens, c.reasoning_tokens, c.cost.nano_usd, sql::blob_view{one.stored}});
  }
}

std::vector<sql::value> table_rows::parameters(std::size_t i) const {
  std::vector<sql::value> values;
  for (const auto& cell : cells().subspan(i * column_names.size(), column_names.size())) {
    values.push_back(std::visit(owner{}, cell));
  }
  return values;
}

std::string_view table_rows::searchable(std::string_view outside) {
  if (outside.size() <= max_column_bytes && is_plain(outside)) return outside;
  return mended_.emplace_back(mended(outside));
}

}  // namespace spidergate::ledger::receipts
