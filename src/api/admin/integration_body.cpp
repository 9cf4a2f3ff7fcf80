#include "integration_body.hpp"

#include <nlohmann/json.hpp>

namespace spidergate::api {

namespace {

using nlohmann::json;
using fault = std::optional<model::api_error>;

fault wrong(const std::string& field, std::string_view allowed) {
  return model::make_error(model::api_errc::invalid_value, "'" + field + "' must be " + std::string(allowed) + ".",
                           field);
}

fault take_text(const std::string& field, const json& value, std::optional<std::string>& into) {
  if (!value.is_string()) return wrong(field, "a string");
  into = value.get<std::string>();
  return std::nullopt;
}

/// null in a merge patch takes the limit away.
fault take_count(const std::string& field, const json& value, std::optional<std::int64_t>& into) {
  if (value.is_null()) {
    into = 0;
    return std::nullopt;
  }
  if (!value.is_number_integer() || value.get<std::int64_t>() < 0) return wrong(field, "a whole number, 0 or more");
  into = value.get<std::int64_t>();
  return std::nullopt;
}

fault take_flag(const std::string& field, const json& value, std::optional<bool>& into) {
  if (!value.is_boolean()) return wrong(field, "true or false");
  into = value.get<bool>();
  return std::nullopt;
}

fault take_credentials(const json& value, std::optional<std::vector<vault::credential_field>>& into) {
  if (!value.is_object()) return wrong("credentials", "an object such as {\"api_key\": \"…\"}");
  std::vector<vault::credential_field> fields;
  for (const auto& [name, content] : value.items()) {
    if (content.is_string()) {
      fields.push_back({.name = name, .value = secret_string(content.get_ref<const std::string&>())});
    } else if (content.is_object()) {
      fields.push_back({.name = name, .value = secret_string(content.dump())});  // a service account's JSON
    } else {
      return wrong("credentials." + name, "a string");
    }
  }
  into = std::move(fields);
  return std::nullopt;
}

fault take_member(const std::string& field, const json& value, integration_body& into) {
  if (field == "provider_name") return take_text(field, value, into.provider_name);
  if (field == "key_label") return take_text(field, value, into.key_label);
  if (field == "base_url") return take_text(field, value, into.base_url);
  if (field == "scope") return take_text(field, value, into.scope);
  if (field == "credentials") return take_credentials(value, into.credentials);
  if (field == "daily_limit") return take_count(field, value, into.daily_limit);
  if (field == "minute_limit") return take_count(field, value, into.minute_limit);
  if (field == "priority") return take_count(field, value, into.priority);
  if (field == "expires_at") return take_count(field, value, into.expires_at);
  if (field == "is_primary") return take_flag(field, value, into.is_primary);
  if (field == "is_active") return take_flag(field, value, into.is_active);
  return model::make_error(model::api_errc::invalid_value,
                           "There is no field '" + field.substr(0, 100) + "' in an integration.", field.substr(0, 100));
}

}  // namespace

void integration_body::apply_to(store::integration_record& row) const {
  if (key_label) row.key_label = *key_label;
  if (daily_limit) row.daily_limit = *daily_limit;
  if (minute_limit) row.minute_limit = *minute_limit;
  if (priority) row.priority = *priority;
  if (expires_at) row.expires_at = *expires_at;
  if (is_primary) row.is_primary = *is_primary;
  if (is_active) row.is_active = *is_active;
}

model::outcome<integration_body> read_integration_body(std::string_view text) {
  const auto document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return model::make_error(model::api_errc::invalid_json, "The body is not valid JSON.");
  if (!document.is_object()) return model::make_error(model::api_errc::invalid_json, "The body must be a JSON object.");
  integration_body body;
  for (const auto& [field, value] : document.items()) {
    if (auto found = take_member(field, value, body)) return std::move(*found);
  }
  return body;
}

}  // namespace spidergate::api
