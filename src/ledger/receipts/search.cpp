#include "conditions.hpp"
#include "partitions.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/store/errc.hpp>

#include <algorithm>

namespace spidergate::ledger::receipts {

namespace {

constexpr std::string_view select_one = "SELECT payload FROM receipts WHERE request_id = $1";
constexpr std::string_view delete_older =
    "DELETE FROM receipts WHERE request_id IN "
    "(SELECT request_id FROM receipts WHERE recorded_at < $1 ORDER BY recorded_at, request_id LIMIT $2) "
    "RETURNING request_id";
constexpr std::size_t max_page = 500;

/// The place of the last receipt of a page: "<milliseconds>.<request id>".
struct place {
  epoch_ms at = 0;
  std::string request_id;
};

std::string to_cursor(const model::receipt& last) {
  return std::to_string(last.timestamp) + '.' + last.request_id;
}

std::optional<place> from_cursor(std::string_view cursor) {
  const auto dot = cursor.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto at = parse_integer<epoch_ms>(cursor.substr(0, dot));
  const auto id = cursor.substr(dot + 1);
  if (!at || id.empty() || id.find('\0') != std::string_view::npos) return std::nullopt;
  return place{*at, std::string(id)};
}

result<model::receipt> receipt_of(const sql::row& from) {
  model::receipt r;
  if (!model::decode(from.bytes(0), r)) return make_error_code(store::errc::corrupt);
  return r;
}

std::string page_statement(const search& by, const std::optional<place>& after, std::size_t limit, parameters& with) {
  std::string text = "SELECT payload FROM receipts WHERE recorded_at >= " + with.add(by.since);
  if (by.until != 0) text += " AND recorded_at < " + with.add(by.until);
  text += equalities(by, with);
  if (!by.model.empty()) {
    const auto model = with.add(by.model);
    text += " AND (model = " + model + " OR requested_model = " + model + ")";
  }
  if (after)
    text += " AND (recorded_at, request_id) < (" + with.add(after->at) + ", " + with.add(after->request_id) + ")";
  return text + " ORDER BY recorded_at DESC, request_id DESC LIMIT " + with.add(static_cast<std::int64_t>(limit));
}

}  // namespace

std::string equalities(const search& by, parameters& with) {
  std::string text;
  const auto add = [&](std::string_view column, const std::string& wanted) {
    if (!wanted.empty()) text += " AND " + std::string(column) + " = " + with.add(wanted);
  };
  add("brand_id", by.brand_id);
  add("client_id", by.client_id);
  add("token_id", by.token_id);
  add("provider", by.provider);
  add("status", by.status);
  return text;
}

result<std::optional<model::receipt>> find(sql::connection& on, std::string_view request_id) {
  const auto found = on.exec(select_one, {std::string(request_id)});
  if (!found) return found.error();
  if (found->empty()) return std::optional<model::receipt>();
  auto r = receipt_of(found->front());
  if (!r) return r.error();
  return std::optional(std::move(*r));
}

result<page> list(sql::connection& on, const search& by) {
  const auto after = by.cursor.empty() ? std::nullopt : from_cursor(by.cursor);
  if (!by.cursor.empty() && !after) return make_error_code(store::errc::bad_cursor);
  const auto limit = std::clamp<std::size_t>(by.limit, 1, max_page);
  parameters with;
  // One more than asked for tells whether there is a next page.
  const auto statement = page_statement(by, after, limit + 1, with);
  const auto found = on.exec(statement, with.values());
  if (!found) return found.error();
  page answer;
  for (const auto& one : *found) {
    if (answer.items.size() == limit) {
      answer.next_cursor = to_cursor(answer.items.back());
      break;
    }
    auto r = receipt_of(one);
    if (!r) return r.error();
    answer.items.push_back(std::move(*r));
  }
  return answer;
}

result<std::size_t> remove_older(sql::connection& on, epoch_ms before, std::size_t max_rows) {
  if (on.kind() == sql::backend::postgresql) {
    const auto dropped = drop_oldest_day(on, before);
    if (!dropped) return dropped.error();
    return *dropped ? 1U : 0U;
  }
  const auto gone = on.exec(delete_older, {before, static_cast<std::int64_t>(max_rows)});
  if (!gone) return gone.error();
  return gone->size();
}

}  // namespace spidergate::ledger::receipts
