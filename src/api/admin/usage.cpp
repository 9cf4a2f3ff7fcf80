#include "list_page.hpp"
#include "management_handlers.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/core/json_text.hpp>
#include <spidergate/store/errc.hpp>

#include <algorithm>
#include <optional>

namespace spidergate::api {

namespace {

using ledger::receipts::group;
using ledger::receipts::search;

constexpr std::chrono::seconds store_patience{10};
constexpr std::pair<std::string_view, group> groups[] = {
    {"", group::none},         {"none", group::none},   {"model", group::model}, {"provider", group::provider},
    {"client", group::client}, {"token", group::token}, {"key", group::token},   {"brand", group::brand},
    {"alias", group::alias},   {"day", group::day},     {"hour", group::hour}};

model::api_error bad_value(std::string_view param, std::string_view allowed) {
  return model::make_error(model::api_errc::invalid_value,
                           "'" + std::string(param) + "' must be " + std::string(allowed) + ".", std::string(param));
}

/// "7d", "24h" back from now, or epoch milliseconds.
std::optional<epoch_ms> moment(std::string_view text, epoch_ms now) {
  if (const auto absolute = parse_integer<epoch_ms>(text); absolute && *absolute > 1'000'000'000) return absolute;
  const auto back = parse_duration(text);
  return back ? std::optional(now - back->count()) : std::nullopt;
}

/// The filters that lists and sums share. Nobody sees beyond their own brand.
model::outcome<search> filters(const request_scope& r, const auth::principal& who) {
  search by;
  by.brand_id = who.brand_id;
  by.client_id = r.query("client_id");
  by.token_id = r.query("token_id");
  by.model = r.query("model");
  by.provider = r.query("provider");
  by.status = r.query("status");
  by.cursor = r.query("cursor");
  const auto now = r.with.house.time.epoch_now();
  for (const auto& [name, into] :
       {std::pair{std::string_view("since"), &by.since}, std::pair{std::string_view("until"), &by.until}}) {
    const auto text = r.query(name);
    if (text.empty()) continue;
    const auto time = moment(text, now);
    if (!time) return bad_value(name, "a duration back from now such as 7d, or epoch milliseconds");
    *into = *time;
  }
  if (const auto limit = r.query("limit"); !limit.empty()) {
    const auto number = parse_integer<std::size_t>(limit);
    if (!number || *number < 1 || *number > 500) return bad_value("limit", "a number from 1 to 500");
    by.limit = *number;
  }
  return by;
}

model::api_error store_error(const error_code& code) {
  if (code == store::errc::bad_cursor) return bad_value("cursor", "a next_cursor of an earlier page");
  return model::make_error(model::api_errc::store_unavailable,
                           "The ledger cannot be read right now: " + code.message());
}

std::string page_json(const ledger::receipts::page& found) {
  const auto items = [&found](json_writer& out) {
    for (const auto& receipt : found.items) out.raw(model::full_json(receipt));
  };
  return list_json(items, found.next_cursor);
}

std::string usage_json(std::string_view by, const std::vector<ledger::receipts::usage_row>& rows) {
  std::string body;
  json_writer out(body);
  out.begin_object()
      .key("object")
      .string("list")
      .key("group_by")
      .string(by.empty() ? "none" : by)
      .key("data")
      .begin_array();
  for (const auto& row : rows) {
    out.begin_object().key("key").string(row.key).key("requests").number(row.requests).key("errors").number(row.errors);
    out.key("prompt_tokens").number(row.prompt_tokens).key("cached_tokens").number(row.cached_tokens);
    out.key("completion_tokens").number(row.completion_tokens).key("reasoning_tokens").number(row.reasoning_tokens);
    out.key("total_tokens").number(row.prompt_tokens + row.completion_tokens);
    out.key("cost_usd").raw(row.cost.to_usd()).end_object();
  }
  out.end_array().end_object();
  return body;
}

}  // namespace

awaitable<void> list_requests(management_call& call) {
  auto& r = call.r;
  auto by = filters(r, *call.who);
  if (!by) co_return co_await r.answer_error(by.error());
  const auto deadline = r.with.house.time.steady_now() + store_patience;
  (void)co_await r.with.ledger.flush(r.with.home, deadline);  // what was answered a moment ago belongs into the list
  auto found = co_await r.with.database.read(
      r.with.home, [by = *by](sql::connection& on) { return ledger::receipts::list(on, by); }, deadline);
  if (!found) co_return co_await r.answer_error(store_error(found.error()));
  co_await r.answer_json(200, page_json(*found));
}

awaitable<void> show_usage(management_call& call) {
  auto& r = call.r;
  auto name = r.query("group_by");
  if (name.empty()) name = r.query("by");
  const auto* wanted =
      std::find_if(std::begin(groups), std::end(groups), [&](const auto& g) { return g.first == name; });
  if (wanted == std::end(groups))
    co_return co_await r.answer_error(
        bad_value("group_by", "model, provider, client, token, brand, alias, day or hour"));
  auto by = filters(r, *call.who);
  if (!by) co_return co_await r.answer_error(by.error());
  const auto deadline = r.with.house.time.steady_now() + store_patience;
  (void)co_await r.with.ledger.flush(r.with.home, deadline);
  auto rows = co_await r.with.database.read(
      r.with.home,
      [by = *by, how = wanted->second](sql::connection& on) { return ledger::receipts::usage(on, how, by); }, deadline);
  if (!rows) co_return co_await r.answer_error(store_error(rows.error()));
  co_await r.answer_json(200, usage_json(name, *rows));
}

}  // namespace spidergate::api
