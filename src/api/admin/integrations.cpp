#include "../handlers.hpp"
#include "integration_body.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/openai/request_reader.hpp>
#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>
#include <spidergate/vault/new_integration.hpp>

#include <algorithm>

namespace spidergate::api {

namespace {

constexpr std::chrono::seconds store_patience{10};
using record = store::integration_record;

model::api_error store_error(const error_code& code) {
  if (code == store::errc::already_exists)
    return model::make_error(model::api_errc::conflict, "There is a key with this label for this provider already.",
                             "key_label");
  return model::make_error(model::api_errc::store_unavailable, "The store cannot be used right now: " + code.message());
}

model::api_error no_such_integration(std::string_view id) {
  return model::make_error(model::api_errc::not_found,
                           "There is no integration '" + std::string(id.substr(0, 100)) + "'.");
}

model::api_error credential_error(const vault::credential_fault& fault) {
  return model::make_error(model::api_errc::invalid_value, fault.message, fault.field);
}

/// Its own brand's keys; pool keys too for an admin.
bool may_see(const auth::principal& who, const record& row) {
  return row.brand_id == who.brand_id || (row.brand_id.empty() && who.has(auth::scope::admin));
}

void time_or_null(json_writer& out, std::string_view name, epoch_ms time) {
  out.key(name);
  time > 0 ? out.string(to_iso8601(time)) : out.null();
}

void text_or_null(json_writer& out, std::string_view name, std::string_view text) {
  out.key(name);
  text.empty() ? out.null() : out.string(text);
}

/// Everything but the secret.
void write_integration(json_writer& out, const record& row, const vault::vault& keys) {
  const auto live = keys.status(row.id).value_or(vault::key_status{.health = "healthy"});
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
  out.key("balance_usd").null();
  time_or_null(out, "expires_at", row.expires_at);
  time_or_null(out, "created_at", row.created_at);
  time_or_null(out, "updated_at", row.updated_at);
  out.end_object();
}

std::string integration_json(const record& row, const vault::vault& keys) {
  std::string body;
  json_writer out(body);
  write_integration(out, row, keys);
  return body;
}

/// One management call: who asks, and the store with a deadline.
struct call {
  request_scope& r;
  std::shared_ptr<const auth::principal> who;
  steady_time deadline;

  explicit call(request_scope& in) : r(in), deadline(in.with.house.time.steady_now() + store_patience) {}

  awaitable<result<std::vector<record>>> visible() {
    auto rows = co_await r.with.database.read(
        r.with.home, [](sql::connection& on) { return store::integrations::list(on); }, deadline);
    if (rows) std::erase_if(*rows, [&](const auto& row) { return !may_see(*who, row); });
    co_return rows;
  }

  /// The row of the path's id, if the caller may see it.
  awaitable<model::outcome<record>> addressed() {
    auto row = co_await r.with.database.read(
        r.with.home, [id = r.where.id](sql::connection& on) { return store::integrations::find(on, id); }, deadline);
    if (!row) co_return store_error(row.error());
    if (!*row || !may_see(*who, **row)) co_return no_such_integration(r.where.id);
    co_return std::move(**row);
  }

  [[nodiscard]] vault::sealing sealing(std::string_view salt) const {
    return {.random = r.with.shared.random,
            .keys = r.with.shared.keys,
            .salt = salt,
            .allow_private_base_urls = r.now.engine_settings.get()->allow_private_base_urls};
  }

  [[nodiscard]] const catalogue::provider* provider(std::string_view id) const {
    return r.now.routing.get()->data->find_provider(id);
  }

  awaitable<void> answer_row(int status, const record& row) {
    r.with.shared.store_changed();
    return r.answer_json(status, integration_json(row, r.with.house.keys));
  }
};

awaitable<model::outcome<integration_body>> read_body_of(request_scope& r) {
  const auto body = co_await r.x.read_body();
  if (!body) co_return body_error(body.error());
  co_return read_integration_body(*body);
}

awaitable<void> list_integrations(call& c) {
  auto rows = co_await c.visible();
  if (!rows) co_return co_await c.r.answer_error(store_error(rows.error()));
  const auto provider = c.r.query("provider_name");
  const auto health = c.r.query("health_status");
  std::string body;
  json_writer out(body);
  out.begin_object().key("object").string("list").key("data").begin_array();
  for (const auto& row : *rows) {
    if (!provider.empty() && row.provider != provider) continue;
    const auto live = c.r.with.house.keys.status(row.id);
    if (!health.empty() && (live ? live->health : "healthy") != health) continue;
    write_integration(out, row, c.r.with.house.keys);
  }
  out.end_array().key("has_more").boolean(false).key("next_cursor").null().end_object();
  co_await c.r.answer_json(200, std::move(body));
}

model::outcome<record> sealed_row(const call& c, const integration_body& body, std::string_view salt) {
  if (!body.provider_name)
    return model::make_error(model::api_errc::missing_field, "'provider_name' is missing.", "provider_name");
  const auto* provider = c.provider(*body.provider_name);
  if (provider == nullptr)
    return model::make_error(model::api_errc::invalid_value,
                             "There is no provider '" + body.provider_name->substr(0, 100) + "'.", "provider_name");
  if (!body.credentials)
    return model::make_error(model::api_errc::missing_field, "'credentials' is missing.", "credentials");
  const bool pool = body.scope && *body.scope == "pool";
  if (body.scope && !pool && *body.scope != "brand")
    return model::make_error(model::api_errc::invalid_value, "'scope' must be \"brand\" or \"pool\".", "scope");
  if (pool && !c.who->has(auth::scope::admin))
    return model::make_error(model::api_errc::missing_scope, "Pool keys need the scope 'admin'.");
  auto row = vault::make_integration(c.sealing(salt),
                                     {.provider = *provider,
                                      .brand_id = pool ? std::string() : c.who->brand_id,
                                      .key_label = body.key_label.value_or("default"),
                                      .credentials = *body.credentials,
                                      .base_url = body.base_url.value_or(""),
                                      .daily_limit = body.daily_limit.value_or(0),
                                      .minute_limit = body.minute_limit.value_or(0),
                                      .priority = body.priority.value_or(0),
                                      .is_primary = body.is_primary.value_or(false),
                                      .expires_at = body.expires_at.value_or(0),
                                      .source = "api"},
                                     c.r.with.house.time.epoch_now());
  if (!row) return credential_error(row.error());
  row->is_active = body.is_active.value_or(true);
  return std::move(*row);
}

awaitable<void> create_integration(call& c) {
  const auto body = co_await read_body_of(c.r);
  if (!body) co_return co_await c.r.answer_error(body.error());
  const auto salt = co_await c.r.with.database.write(
      c.r.with.home, [&random = c.r.with.shared.random](sql::connection& on) { return vault::vault_salt(on, random); },
      c.deadline);
  if (!salt) co_return co_await c.r.answer_error(store_error(salt.error()));
  auto row = sealed_row(c, *body, *salt);
  if (!row) co_return co_await c.r.answer_error(row.error());
  const auto stored = co_await c.r.with.database.write(
      c.r.with.home, [row = *row](sql::connection& on) { return store::integrations::insert(on, row); }, c.deadline);
  if (!stored) co_return co_await c.r.answer_error(store_error(stored.error()));
  co_await c.answer_row(201, *row);
}

model::outcome<record> patched_row(const call& c, record row, const integration_body& body, std::string_view salt) {
  const auto* fixed = body.provider_name ? "provider_name"
                      : body.base_url    ? "base_url"
                      : body.scope       ? "scope"
                                         : nullptr;
  if (fixed != nullptr)
    return model::make_error(model::api_errc::invalid_value,
                             "'" + std::string(fixed) + "' is fixed when an integration is made; make a new one.",
                             fixed);
  body.apply_to(row);
  row.updated_at = c.r.with.house.time.epoch_now();
  if (!body.credentials) return row;
  const auto* provider = c.provider(row.provider);
  if (provider == nullptr)
    return model::make_error(model::api_errc::invalid_value,
                             "The provider '" + row.provider + "' is not configured any more.", "provider_name");
  auto sealed =
      vault::reseal(c.sealing(salt), std::move(row), *provider, *body.credentials, c.r.with.house.time.epoch_now());
  if (!sealed) return credential_error(sealed.error());
  return std::move(*sealed);
}

awaitable<void> patch_integration(call& c) {
  auto row = co_await c.addressed();
  if (!row) co_return co_await c.r.answer_error(row.error());
  const auto body = co_await read_body_of(c.r);
  if (!body) co_return co_await c.r.answer_error(body.error());
  const auto salt = co_await c.r.with.database.write(
      c.r.with.home, [&random = c.r.with.shared.random](sql::connection& on) { return vault::vault_salt(on, random); },
      c.deadline);
  if (!salt) co_return co_await c.r.answer_error(store_error(salt.error()));
  auto changed = patched_row(c, std::move(*row), *body, *salt);
  if (!changed) co_return co_await c.r.answer_error(changed.error());
  const auto stored = co_await c.r.with.database.write(
      c.r.with.home, [row = *changed](sql::connection& on) { return store::integrations::update(on, row); },
      c.deadline);
  if (!stored) co_return co_await c.r.answer_error(store_error(stored.error()));
  co_await c.answer_row(200, *changed);
}

awaitable<void> delete_integration(call& c) {
  const auto row = co_await c.addressed();
  if (!row) co_return co_await c.r.answer_error(row.error());
  const auto removed = co_await c.r.with.database.write(
      c.r.with.home, [id = row->id](sql::connection& on) { return store::integrations::remove(on, id); }, c.deadline);
  if (!removed) co_return co_await c.r.answer_error(store_error(removed.error()));
  c.r.with.shared.store_changed();
  co_await c.r.answer_json(200, R"({"id":")" + row->id + R"(","deleted":true})");
}

/// The cheapest real call that shows whether a key works: one token from the provider's cheapest chat model.
const catalogue::model_entry* cheapest_chat_model(const catalogue::catalogue& data, std::string_view provider) {
  const catalogue::model_entry* best = nullptr;
  for (const auto& m : data.models()) {
    if (m.provider != provider || m.mode != catalogue::mode::chat || m.deprecated || !m.api.empty()) continue;
    if (best == nullptr ||
        m.price.input.value_or(unit_price{INT64_MAX}) < best->price.input.value_or(unit_price{INT64_MAX}))
      best = &m;
  }
  return best;
}

}  // namespace

awaitable<void> serve_integrations(request_scope& r) {
  auto who = co_await welcome(r, auth::scope::vault);
  if (!who) co_return co_await r.answer_error(who.error());
  call c(r);
  c.who = std::move(*who);
  co_return co_await (r.x.head().method == "POST" ? create_integration(c) : list_integrations(c));
}

awaitable<void> serve_integration(request_scope& r) {
  auto who = co_await welcome(r, auth::scope::vault);
  if (!who) co_return co_await r.answer_error(who.error());
  call c(r);
  c.who = std::move(*who);
  if (r.x.head().method == "PATCH") co_return co_await patch_integration(c);
  if (r.x.head().method == "DELETE") co_return co_await delete_integration(c);
  const auto row = co_await c.addressed();
  if (!row) co_return co_await r.answer_error(row.error());
  co_await r.answer_json(200, integration_json(*row, r.with.house.keys));
}

awaitable<void> show_integration_health(request_scope& r) {
  auto who = co_await welcome(r, auth::scope::vault);
  if (!who) co_return co_await r.answer_error(who.error());
  call c(r);
  c.who = std::move(*who);
  const auto rows = co_await c.visible();
  if (!rows) co_return co_await r.answer_error(store_error(rows.error()));
  std::string body;
  json_writer out(body);
  std::int64_t healthy = 0, degraded = 0, unhealthy = 0;
  out.begin_object().key("data").begin_array();
  for (const auto& row : *rows) {
    const auto live = r.with.house.keys.status(row.id).value_or(vault::key_status{.health = "healthy"});
    ++(live.health == "healthy" ? healthy : live.health == "degraded" ? degraded : unhealthy);
    out.begin_object()
        .key("id")
        .string(row.id)
        .key("provider_name")
        .string(row.provider)
        .key("key_label")
        .string(row.key_label)
        .key("health_status")
        .string(live.health);
    text_or_null(out, "reason", live.reason);
    text_or_null(out, "last_error", live.last_error);
    out.key("consecutive_failures").number(live.consecutive_failures).end_object();
  }
  out.end_array()
      .key("healthy")
      .number(healthy)
      .key("degraded")
      .number(degraded)
      .key("unhealthy")
      .number(unhealthy)
      .end_object();
  co_await r.answer_json(200, std::move(body));
}

awaitable<void> test_integration(request_scope& r) {
  auto who = co_await welcome(r, auth::scope::vault);
  if (!who) co_return co_await r.answer_error(who.error());
  call c(r);
  c.who = std::move(*who);
  const auto row = co_await c.addressed();
  if (!row) co_return co_await r.answer_error(row.error());
  const auto routing = r.now.routing.get();
  const auto* provider = routing->data->find_provider(row->provider);
  const auto* entry = cheapest_chat_model(*routing->data, row->provider);
  if (provider == nullptr || entry == nullptr) {
    co_return co_await r.answer_error(
        model::make_error(model::api_errc::invalid_value,
                          "The catalogue has no chat model of '" + row->provider + "' to test the key with."));
  }
  const auto key = r.with.house.keys.open_for_test(row->id);
  if (!key)
    co_return co_await r.answer_error(
        model::make_error(model::api_errc::store_unavailable,
                          "The stored key cannot be opened: it was sealed with another master key, or changed."));

  std::string text = R"({"model":"test","messages":[{"role":"user","content":"ping"}],"max_tokens":1})";
  text.reserve(text.size() + 64);
  const auto asked = openai::read_request(model::endpoint::chat, text);
  auto settings = *r.now.engine_settings.get();
  settings.timeout = std::min(settings.timeout, std::chrono::milliseconds(20'000));
  const auto begun = r.with.house.time.steady_now();
  const auto problem = co_await r.with.house.engine.probe({.provider = provider, .entry = entry, .model = entry->id},
                                                          *key, *asked, settings);
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(r.with.house.time.steady_now() - begun).count();
  if (!problem) r.with.house.keys.report(row->id, vault::key_outcome::success, {}, std::nullopt);
  std::string body;
  json_writer out(body);
  out.begin_object()
      .key("id")
      .string(row->id)
      .key("ok")
      .boolean(!problem)
      .key("model")
      .string(provider->id + "/" + entry->id)
      .key("latency_ms")
      .number(took);
  text_or_null(out, "error", problem.value_or(""));
  out.end_object();
  co_await r.answer_json(200, std::move(body));
}

}  // namespace spidergate::api
