#include "integration_body.hpp"
#include "integration_view.hpp"
#include "limit_fields.hpp"
#include "list_page.hpp"
#include "management_handlers.hpp"

#include <spidergate/openai/request_reader.hpp>
#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>
#include <spidergate/vault/new_integration.hpp>

#include <algorithm>

namespace spidergate::api {

namespace {

using record = store::integration_record;
using rows = std::vector<record>;

model::api_error change_fault(const error_code& code) {
  if (code != store::errc::already_exists) return store_fault(code);
  return model::make_error(model::api_errc::conflict, "There is a key with this label for this provider already.",
                           "key_label");
}

model::api_error no_such_integration(std::string_view id) {
  return model::make_error(model::api_errc::not_found,
                           "There is no integration '" + std::string(id.substr(0, 100)) + "'.");
}

model::api_error credential_error(const vault::credential_fault& fault) {
  return model::make_error(model::api_errc::invalid_value, fault.message, fault.field);
}

/// What the work of an integration needs besides the store; all of it outlives the database's threads.
struct tools {
  std::shared_ptr<const auth::principal> who;
  std::shared_ptr<const flow::routing_snapshot> routing;
  crypto::random_source& random;
  const vault::key_ring& ring;
  const vault::vault& keys;
  bool allow_private_base_urls;
  std::int64_t now_us;
  epoch_ms now;

  explicit tools(const management_call& call)
      : who(call.who),
        routing(call.r.now.routing.get()),
        random(call.shared().random),
        ring(call.shared().keys),
        keys(call.r.with.house.keys),
        allow_private_base_urls(call.r.now.engine_settings.get()->allow_private_base_urls),
        now_us(call.now_us),
        now(call.now) {}

  [[nodiscard]] const catalogue::provider* provider(std::string_view id) const {
    return routing->data->find_provider(id);
  }
  [[nodiscard]] vault::sealing sealing(std::string_view salt) const {
    return {.random = random, .keys = ring, .salt = salt, .allow_private_base_urls = allow_private_base_urls};
  }
};

answer row_answer(int status, const record& row, const vault::vault& keys) {
  answer made{.status = status};
  json_writer out(made.body);
  write_integration(out, row, keys);
  return made;
}

model::outcome<rows> visible(sql::connection& on, const auth::principal& who) {
  auto found = store::integrations::list(on);
  if (!found) return store_fault(found.error());
  std::erase_if(*found, [&](const auto& row) { return !may_see(who, row); });
  return std::move(*found);
}

/// The row of that id, if the caller may see it; a foreign one is as if it were not there.
model::outcome<record> addressed(sql::connection& on, const auth::principal& who, const std::string& id) {
  auto row = store::integrations::find(on, id);
  if (!row) return store_fault(row.error());
  if (!*row || !may_see(who, **row)) return no_such_integration(id);
  return std::move(**row);
}

awaitable<void> list_integrations(management_call& call) {
  const auto asked = page_asked(call.r);
  if (!asked) return call.refuse(asked.error());
  return call.show([asked = *asked, with = tools(call), provider = call.r.query("provider_name"),
                    health = call.r.query("health_status")](sql::connection& on) -> model::outcome<answer> {
    auto all = visible(on, *with.who);
    if (!all) return all.error();
    const auto fetch = [&all](std::string_view after, std::size_t limit) -> result<rows> {
      auto begin = all->begin();
      if (!after.empty()) {
        begin = std::find_if(all->begin(), all->end(), [&](const auto& row) { return row.id == after; });
        if (begin == all->end()) return store::make_error_code(store::errc::bad_cursor);
        ++begin;
      }
      const auto rest = static_cast<std::size_t>(all->end() - begin);
      return rows(begin, begin + static_cast<std::ptrdiff_t>(std::min(limit, rest)));
    };
    const auto keep = [&](const record& row) {
      return (provider.empty() || row.provider == provider) &&
             (health.empty() || status_of(with.keys, row.id).health == health);
    };
    return list_page(asked, fetch, keep,
                     [&](json_writer& out, const record& row) { write_integration(out, row, with.keys); });
  });
}

/// What a create needs and what it may not ask for, before the store is looked at.
std::optional<model::api_error> fault_of_new(const tools& with, const integration_body& body) {
  if (!body.provider_name)
    return model::make_error(model::api_errc::missing_field, "'provider_name' is missing.", "provider_name");
  if (with.provider(*body.provider_name) == nullptr)
    return model::make_error(model::api_errc::invalid_value,
                             "There is no provider '" + body.provider_name->substr(0, 100) + "'.", "provider_name");
  if (!body.credentials)
    return model::make_error(model::api_errc::missing_field, "'credentials' is missing.", "credentials");
  if (body.scope.value_or("brand") == "pool" && !with.who->of_operator_brand)
    return model::make_error(model::api_errc::missing_scope, "Pool keys are the operator brand's to make.", "scope");
  return std::nullopt;
}

model::outcome<record> sealed_row(const tools& with, const integration_body& body, std::string_view salt) {
  auto row = vault::make_integration(with.sealing(salt),
                                     {.provider = *with.provider(*body.provider_name),
                                      .brand_id = body.scope.value_or("brand") == "pool" ? "" : with.who->brand_id,
                                      .key_label = body.key_label.value_or("default"),
                                      .credentials = *body.credentials,
                                      .base_url = body.base_url.value_or(""),
                                      .source = "api"},
                                     with.now_us);
  if (!row) return credential_error(row.error());
  if (auto found = body.apply_to(*row)) return std::move(*found);
  return std::move(*row);
}

awaitable<void> create_integration(management_call& call) {
  auto body = read_integration_body(call.body);
  if (!body) return call.refuse(body.error());
  tools with(call);
  if (auto found = fault_of_new(with, *body)) return call.refuse(std::move(*found));
  return call.commit([with, body = std::move(*body)](sql::connection& on) -> model::outcome<answer> {
    const auto salt = vault::vault_salt(on, with.random);
    if (!salt) return store_fault(salt.error());
    const auto row = sealed_row(with, body, *salt);
    if (!row) return row.error();
    if (const auto done = store::integrations::insert(on, *row); !done) return change_fault(done.error());
    return row_answer(201, *row, with.keys);
  });
}

model::outcome<record> patched_row(const tools& with, record row, const integration_body& body, std::string_view salt) {
  if (auto found = body.apply_to(row)) return std::move(*found);
  row.updated_at = with.now;
  if (!body.credentials) return row;
  const auto* provider = with.provider(row.provider);
  if (provider == nullptr)
    return model::make_error(model::api_errc::invalid_value,
                             "The provider '" + row.provider + "' is not configured any more.", "provider_name");
  auto sealed = vault::reseal(with.sealing(salt), std::move(row), *provider, *body.credentials, with.now);
  if (!sealed) return credential_error(sealed.error());
  return std::move(*sealed);
}

awaitable<void> patch_integration(management_call& call) {
  auto body = read_integration_body(call.body);
  if (!body) return call.refuse(body.error());
  const auto* fixed = body->provider_name ? "provider_name"
                      : body->base_url    ? "base_url"
                      : body->scope       ? "scope"
                                          : nullptr;
  if (fixed != nullptr)
    return call.refuse(
        model::make_error(model::api_errc::invalid_value,
                          "'" + std::string(fixed) + "' is fixed when an integration is made; make a new one.", fixed));
  return call.commit([with = tools(call), id = call.r.where.id,
                      body = std::move(*body)](sql::connection& on) -> model::outcome<answer> {
    auto row = addressed(on, *with.who, id);
    if (!row) return row.error();
    const auto salt = vault::vault_salt(on, with.random);
    if (!salt) return store_fault(salt.error());
    const auto changed = patched_row(with, std::move(*row), body, *salt);
    if (!changed) return changed.error();
    const auto done = store::integrations::update(on, *changed);
    if (!done) return change_fault(done.error());
    return row_answer(200, *changed, with.keys);
  });
}

awaitable<void> delete_integration(management_call& call) {
  return call.commit([who = call.who, id = call.r.where.id](sql::connection& on) -> model::outcome<answer> {
    const auto row = addressed(on, *who, id);
    if (!row) return row.error();
    const auto done = store::integrations::remove(on, row->id);
    if (!done) return store_fault(done.error());
    return answer{.body = R"({"id":")" + row->id + R"(","deleted":true})"};
  });
}

/// The cheapest real call that shows whether a key works: one token from the provider's cheapest chat model.
const catalogue::model_entry* cheapest_chat_model(const catalogue::catalogue& data, std::string_view provider) {
  const catalogue::model_entry* best = nullptr;
  for (const auto& m : data.models()) {
    if (m.provider != provider || m.mode != catalogue::mode::chat || m.deprecated ||
        m.api != catalogue::own_endpoint::none)
      continue;
    if (best == nullptr ||
        m.price->input.value_or(unit_price{INT64_MAX}) < best->price->input.value_or(unit_price{INT64_MAX}))
      best = &m;
  }
  return best;
}

/// Tries the key with one token's worth of work; the answer says how it went.
awaitable<model::outcome<answer>> tried(request_scope& r, record row) {
  const auto routing = r.now.routing.get();
  const auto* provider = routing->data->find_provider(row.provider);
  const auto* entry = cheapest_chat_model(*routing->data, row.provider);
  if (provider == nullptr || entry == nullptr) {
    co_return (model::make_error(model::api_errc::invalid_value,
                                 "The catalogue has no chat model of '" + row.provider + "' to test the key with."));
  }
  const auto key = r.with.house.keys.open_for_test(row);
  if (!key)
    co_return (
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
  if (!problem) r.with.house.keys.report(row.id, vault::key_outcome::success, {}, std::nullopt);
  std::string body;
  json_writer out(body);
  out.begin_object()
      .key("id")
      .string(row.id)
      .key("ok")
      .boolean(!problem)
      .key("model")
      .string(provider->id + "/" + entry->id)
      .key("latency_ms")
      .number(took);
  text_or_null(out, "error", problem.value_or(""));
  out.end_object();
  co_return answer{.body = std::move(body)};
}

}  // namespace

awaitable<void> serve_integrations(management_call& call) {
  return call.r.x.head().method == "POST" ? create_integration(call) : list_integrations(call);
}

awaitable<void> serve_integration(management_call& call) {
  const auto method = call.r.x.head().method;
  if (method == "PATCH") return patch_integration(call);
  if (method == "DELETE") return delete_integration(call);
  return call.show([with = tools(call), id = call.r.where.id](sql::connection& on) -> model::outcome<answer> {
    const auto row = addressed(on, *with.who, id);
    if (!row) return row.error();
    return row_answer(200, *row, with.keys);
  });
}

awaitable<void> show_integration_health(management_call& call) {
  return call.show([with = tools(call)](sql::connection& on) -> model::outcome<answer> {
    const auto found = visible(on, *with.who);
    if (!found) return found.error();
    return answer{.body = health_json(*found, with.keys)};
  });
}

awaitable<void> test_integration(management_call& call) {
  auto row = co_await call.look<record>(
      [who = call.who, id = call.r.where.id](sql::connection& on) { return addressed(on, *who, id); });
  if (!row) co_return co_await call.refuse(row.error());
  if (co_await call.answered_before()) co_return;
  auto said = co_await tried(call.r, std::move(*row));
  if (!said) co_return co_await call.refuse(said.error());
  co_await call.finish(std::move(*said));
}

}  // namespace spidergate::api
