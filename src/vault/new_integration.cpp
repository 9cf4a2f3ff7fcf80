#include <spidergate/crypto/record_id.hpp>
#include <spidergate/store/repositories.hpp>
#include <spidergate/upstream/client.hpp>
#include <spidergate/vault/new_integration.hpp>

#include <algorithm>

namespace spidergate::vault {

namespace {

constexpr std::size_t longest_label = 100;

using fault_or_origin = boost::system::result<std::string, credential_fault>;

/// The URL with {settings} filled in, as the engine will fill it.
std::string filled(std::string url, const std::vector<credential_field>& fields) {
  for (const auto& f : fields) {
    const auto mark = "{" + f.name + "}";
    for (auto at = url.find(mark); at != std::string::npos; at = url.find(mark))
      url.replace(at, mark.size(), f.value.reveal());
  }
  return catalogue::callable_url(std::move(url));
}

fault_or_origin origin_of(const catalogue::provider& provider, const std::string& own_base_url,
                          const std::vector<credential_field>& fields, bool allow_private) {
  const auto url = upstream::parse_url(filled(own_base_url.empty() ? provider.base_url : own_base_url, fields));
  if (!url) return credential_fault{"base_url", "base_url must be a URL such as https://api.example.com/v1."};
  const bool held_to_public = !own_base_url.empty() && !allow_private && !provider.from_config;
  if (held_to_public && !url->where.tls)
    return credential_fault{"base_url", "base_url must be https (or set vault.allow_private_base_urls)."};
  if (held_to_public && (upstream::is_private_address(url->where.host) || url->where.host == "localhost")) {
    return credential_fault{"base_url", "base_url must be on a public address (or set vault.allow_private_base_urls)."};
  }
  return fault_or_origin(boost::system::in_place_value, url->where.to_string());
}

std::optional<credential_fault> fault_of(const store::integration_record& row) {
  if (row.key_label.empty() || row.key_label.size() > longest_label)
    return credential_fault{"key_label", "key_label must have 1 to 100 characters."};
  if (row.daily_limit < 0) return credential_fault{"daily_limit", "daily_limit must not be negative; 0 means none."};
  if (row.minute_limit < 0) return credential_fault{"minute_limit", "minute_limit must not be negative; 0 means none."};
  return std::nullopt;
}

}  // namespace

boost::system::result<store::integration_record, credential_fault> reseal(
    const sealing& how, store::integration_record row, const catalogue::provider& provider,
    const std::vector<credential_field>& credentials, epoch_ms now) {
  if (auto fault = fault_of(row)) return std::move(*fault);
  auto prepared = prepare_credentials(provider, row.base_url, credentials);
  if (!prepared) return prepared.error();
  auto origin = origin_of(provider, row.base_url, credentials, how.allow_private_base_urls);
  if (!origin) return origin.error();
  row.origin = std::move(*origin);
  row.masked_key = prepared->masked_key;
  row.fingerprint = fingerprint_of(how.salt, prepared->json);
  row.sealed =
      seal_credential(how.random, how.keys, {.brand_id = row.brand_id, .integration_id = row.id, .origin = row.origin},
                      prepared->json.reveal());
  row.updated_at = now;
  return row;
}

boost::system::result<store::integration_record, credential_fault> make_integration(const sealing& how,
                                                                                    const integration_request& asked,
                                                                                    std::int64_t now_us) {
  store::integration_record row;
  row.id = crypto::record_id(how.random, "int_", now_us);
  row.brand_id = asked.brand_id;
  row.provider = asked.provider.id;
  row.key_label = asked.key_label;
  row.base_url = asked.base_url;
  row.source = asked.source;
  row.daily_limit = asked.daily_limit;
  row.minute_limit = asked.minute_limit;
  row.priority = asked.priority;
  row.is_primary = asked.is_primary;
  row.expires_at = asked.expires_at;
  row.created_at = now_us / 1000;
  return reseal(how, std::move(row), asked.provider, asked.credentials, now_us / 1000);
}

result<std::string> vault_salt(sql::connection& on, crypto::random_source& random) {
  constexpr std::string_view name = "vault_salt";
  constexpr std::size_t length = 32;
  const auto known = store::meta::get(on, name);
  if (!known) return known.error();
  if (*known) return **known;
  auto made = crypto::random_base62(random, length);
  if (const auto done = store::meta::put(on, name, made); !done) return done.error();
  return made;
}

}  // namespace spidergate::vault
