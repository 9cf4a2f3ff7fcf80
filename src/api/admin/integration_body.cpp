#include "integration_body.hpp"

namespace spidergate::api {

namespace {

void read_credentials(body_reader& from, std::optional<std::vector<vault::credential_field>>& into) {
  const auto value = from.take("credentials");
  if (!value.exists()) return;
  if (!value.is(json::kind::object)) return from.refuse("credentials", "an object such as {\"api_key\": \"…\"}");
  std::vector<vault::credential_field> fields;
  for (const auto& member : value.members()) {
    std::string name;
    json::append_unescaped(name, member.name);
    if (member.value.is(json::kind::string)) {
      fields.push_back({.name = name, .value = secret_string(member.value.text())});
    } else if (member.value.is(json::kind::object)) {
      fields.push_back({.name = name, .value = secret_string(member.value.raw())});  // a service account's JSON
    } else {
      return from.refuse("credentials." + name.substr(0, 100), "a string");
    }
  }
  into = std::move(fields);
}

}  // namespace

std::optional<model::api_error> integration_body::apply_to(store::integration_record& row) const {
  row.key_label = key_label.value_or(row.key_label);
  row.daily_limit = daily_limit.value_or(row.daily_limit);
  row.minute_limit = minute_limit.value_or(row.minute_limit);
  row.priority = priority.value_or(row.priority);
  row.expires_at = expires_at.value_or(row.expires_at);
  row.is_primary = is_primary.value_or(row.is_primary);
  row.is_active = is_active.value_or(row.is_active);
  return prices.apply_to(row.prices, check_price_overrides);
}

model::outcome<integration_body> read_integration_body(std::string_view json) {
  body_reader from(json);
  integration_body body;
  from.text("provider_name", body.provider_name).text("key_label", body.key_label).text("base_url", body.base_url);
  from.word("scope", body.scope, {"brand", "pool"});
  read_credentials(from, body.credentials);
  from.whole("daily_limit", body.daily_limit).whole("minute_limit", body.minute_limit);
  from.whole("priority", body.priority).moment("expires_at", body.expires_at);
  from.flag("is_primary", body.is_primary).flag("is_active", body.is_active);
  body.prices.read(from, "price_overrides");
  if (auto found = from.finish("an integration")) return std::move(*found);
  return body;
}

}  // namespace spidergate::api
