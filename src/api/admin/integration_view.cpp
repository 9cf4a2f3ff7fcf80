#include "integration_view.hpp"

#include "limit_fields.hpp"

namespace spidergate::api {

bool may_see(const auth::principal& who, const store::integration_record& row) {
  return row.brand_id.empty() ? who.of_operator_brand : row.brand_id == who.brand_id;
}

vault::key_status status_of(const vault::vault& keys, const std::string& id) {
  return keys.status(id).value_or(vault::key_status{.health = "healthy"});
}

void write_integration(json_writer& out, const store::integration_record& row, const vault::vault& keys) {
  const auto live = status_of(keys, row.id);
  out.begin_object()
      .key("id")
      .string(row.id)
      .key("provider_name")
      .string(row.provider)
      .key("key_label")
      .string(row.key_label);
  out.key("masked_key").string(row.masked_key).key("scope").string(row.brand_id.empty() ? "pool" : "brand");
  text_or_null(out, "base_url", row.base_url);
  out.key("origin").string(row.origin).key("source").string(row.source);
  out.key("daily_count").number(live.daily_count).key("daily_limit").number(row.daily_limit);
  out.key("minute_count").number(live.minute_count).key("minute_limit").number(row.minute_limit);
  out.key("health_status").string(live.health);
  text_or_null(out, "health_reason", live.reason);
  out.key("consecutive_failures").number(live.consecutive_failures);
  text_or_null(out, "last_error", live.last_error);
  time_or_null(out, "last_used_at", live.last_used_at);
  time_or_null(out, "resting_until", live.resting_until);
  out.key("is_active")
      .boolean(row.is_active)
      .key("is_primary")
      .boolean(row.is_primary)
      .key("priority")
      .number(row.priority);
  out.key("balance_usd").null().key("price_overrides").raw(row.prices.empty() ? "{}" : row.prices);
  time_or_null(out, "expires_at", row.expires_at);
  time_or_null(out, "created_at", row.created_at);
  time_or_null(out, "updated_at", row.updated_at);
  out.end_object();
}

std::string health_json(const std::vector<store::integration_record>& rows, const vault::vault& keys) {
  std::string body;
  json_writer out(body);
  std::int64_t healthy = 0, degraded = 0, unhealthy = 0;
  out.begin_object().key("data").begin_array();
  for (const auto& row : rows) {
    const auto live = status_of(keys, row.id);
    ++(live.health == "healthy" ? healthy : live.health == "degraded" ? degraded : unhealthy);
    out.begin_object().key("id").string(row.id).key("provider_name").string(row.provider);
    out.key("key_label").string(row.key_label).key("health_status").string(live.health);
    text_or_null(out, "reason", live.reason);
    text_or_null(out, "last_error", live.last_error);
    out.key("consecutive_failures").number(live.consecutive_failures).end_object();
  }
  out.end_array().key("healthy").number(healthy).key("degraded").number(degraded);
  out.key("unhealthy").number(unhealthy).end_object();
  return body;
}

}  // namespace spidergate::api
