#include "provider_keys.hpp"

#include "output.hpp"
#include "tenants.hpp"

#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>
#include <spidergate/vault/new_integration.hpp>

#include <algorithm>

namespace spidergate::cli {

namespace {

using store::integration_record;
using store::integration_state_record;
using states_by_id = std::map<std::string, integration_state_record, std::less<>>;

states_by_id saved_states(context& in) {
  states_by_id states;
  for (auto& state : need(in, store::integrations::list_states(in.database()), "The keys' health cannot be read")) {
    auto id = state.integration_id;
    states.emplace(std::move(id), std::move(state));
  }
  return states;
}

integration_state_record state_of(const states_by_id& states, const std::string& id) {
  const auto found = states.find(id);
  auto state = found == states.end() ? integration_state_record{} : found->second;
  if (state.health.empty()) state.health = "healthy";
  return state;
}

record shown(const integration_record& row, const integration_state_record& state, std::string_view brand,
             epoch_ms now) {
  record r;
  r.text("id", row.id).text("provider_name", row.provider).text("key_label", row.key_label);
  r.text("masked_key", row.masked_key).text("scope", row.brand_id.empty() ? "pool" : "brand");
  r.text_or_null("brand", brand).text_or_null("base_url", row.base_url).text("origin", row.origin);
  r.text("source", row.source).number("daily_count", state.day == start_of_day(now) ? state.daily_count : 0);
  r.number("daily_limit", row.daily_limit).number("minute_limit", row.minute_limit);
  r.text("health_status", state.health).text_or_null("health_reason", state.reason);
  r.number("consecutive_failures", state.consecutive_failures).text_or_null("last_error", state.last_error);
  r.time("last_used_at", state.last_used_at).time("resting_until", state.resting_until);
  r.boolean("is_active", row.is_active).boolean("is_primary", row.is_primary).number("priority", row.priority);
  r.time("expires_at", row.expires_at).time("created_at", row.created_at).time("updated_at", row.updated_at);
  return r;
}

void check(const new_provider_key_options& asked) {
  if (!asked.key_as_argument.empty())
    throw command_error{exit_code::usage,
                        "A key given as an argument can be seen by everybody on this machine: pipe it "
                        "in with --api-key-stdin, or leave it out and type it at the prompt. Replace "
                        "this key, it may be known now."};
  check_name("label", asked.label);
  if (asked.daily_limit < 0 || asked.minute_limit < 0)
    throw command_error{exit_code::usage, "--daily-limit and --minute-limit take a number from 0 (no limit)."};
}

epoch_ms expiry_of(context& in, const std::string& text) {
  if (text.empty()) return 0;
  const auto from_now = parse_duration(text);
  if (!from_now || from_now->count() <= 0)
    throw command_error{exit_code::usage, "--expires takes a time from now such as 12h or 90d."};
  return in.now() + from_now->count();
}

integration_record sealed_row(context& in, const new_provider_key_options& asked, const catalogue::provider& provider,
                              const std::string& brand_id, const std::vector<vault::credential_field>& fields) {
  const auto salt = need(in, vault::vault_salt(in.database(), in.random()), "The vault's salt cannot be read");
  auto row = vault::make_integration({.random = in.random(),
                                      .keys = in.keys(),
                                      .salt = salt,
                                      .allow_private_base_urls = in.config().values.vault.allow_private_base_urls},
                                     {.provider = provider,
                                      .brand_id = brand_id,
                                      .key_label = asked.label,
                                      .credentials = fields,
                                      .base_url = asked.source.base_url,
                                      .daily_limit = asked.daily_limit,
                                      .minute_limit = asked.minute_limit,
                                      .priority = asked.priority,
                                      .is_primary = asked.primary,
                                      .expires_at = expiry_of(in, asked.expires),
                                      .source = "cli"},
                                     in.now_us());
  if (!row) throw command_error{exit_code::failed, row.error().field + ": " + row.error().message};
  return std::move(*row);
}

}  // namespace

const catalogue::provider& provider_named(context& in, std::string_view id) {
  const auto& data = *in.config().catalogue;
  if (const auto* found = data.find_provider(id)) return *found;
  std::vector<std::string_view> ids;
  for (const auto& p : data.providers()) ids.emplace_back(p.id);
  throw command_error{exit_code::not_found, "There is no provider '" + printable(id) + "'." + nearest_hint(id, ids) +
                                                " Providers of your own go into the configuration's `providers`."};
}

std::vector<integration_record> provider_keys(context& in, std::string_view provider) {
  auto rows = need(in, store::integrations::list(in.database()), "The provider keys cannot be read");
  if (!provider.empty()) std::erase_if(rows, [&](const auto& row) { return row.provider != provider; });
  return rows;
}

exit_code add_provider_key(context& in, const new_provider_key_options& asked, std::istream& stdin_stream) {
  check(asked);
  const auto& provider = provider_named(in, asked.provider);
  const auto brand = asked.brand.empty() ? store::brand_record{} : brand_named(in, asked.brand);
  const auto fields = read_credentials(in, provider, asked.source, stdin_stream);
  const auto row = sealed_row(in, asked, provider, brand.id, fields);
  const auto stored = store::integrations::insert(in.database(), row);
  if (!stored && stored.error() == store::errc::already_exists)
    throw command_error{exit_code::failed, "There is a key labelled '" + row.key_label + "' for " + provider.id +
                                               " already: give another --label, or remove that one with `spidergate "
                                               "provider remove`."};
  need(in, stored, "The key cannot be stored");
  print_done(in, shown(row, state_of({}, row.id), brand.name, in.now()),
             "Stored the key " + row.masked_key + " for " + provider.name + " as '" + row.key_label + "' (" + row.id +
                 "). Try it with `spidergate provider test " + provider.id + "`.");
  return exit_code::ok;
}

exit_code list_provider_keys(context& in, const provider_options& asked) {
  const auto states = saved_states(in);
  const auto brands = brand_names(in);
  std::vector<record> rows;
  for (const auto& row : provider_keys(in, asked.name)) {
    const auto brand = brands.find(row.brand_id);
    rows.push_back(shown(row, state_of(states, row.id), brand == brands.end() ? "" : brand->second, in.now()));
  }
  print_list(in, rows,
             {"id", "provider_name", "key_label", "masked_key", "scope", "health_status", "daily_count", "daily_limit",
              "is_primary"},
             "There are no provider keys yet: add one with `spidergate provider add NAME`.");
  return exit_code::ok;
}

exit_code show_provider_health(context& in) {
  const auto states = saved_states(in);
  std::vector<record> rows;
  for (const auto& row : provider_keys(in, {})) {
    const auto state = state_of(states, row.id);
    record r;
    r.text("id", row.id).text("provider_name", row.provider).text("key_label", row.key_label);
    r.text("health_status", state.health).text_or_null("reason", state.reason);
    r.text_or_null("last_error", state.last_error).number("consecutive_failures", state.consecutive_failures);
    r.time("last_used_at", state.last_used_at).time("resting_until", state.resting_until);
    rows.push_back(std::move(r));
  }
  print_list(in, rows, {"provider_name", "key_label", "health_status", "reason", "last_used_at", "last_error"},
             "There are no provider keys yet: add one with `spidergate provider add NAME`.");
  return exit_code::ok;
}

exit_code remove_provider_key(context& in, const provider_options& asked) {
  const bool removed = need(in, store::integrations::remove(in.database(), asked.name), "The key cannot be removed");
  if (!removed)
    throw command_error{exit_code::not_found, "There is no provider key '" + printable(asked.name) +
                                                  "': `spidergate provider list` shows their ids."};
  record r;
  r.text("id", asked.name).boolean("removed", true);
  print_done(in, r, "Removed " + asked.name + ": running servers stop using it within a second.");
  return exit_code::ok;
}

}  // namespace spidergate::cli
