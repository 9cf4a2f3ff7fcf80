#pragma once
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/crypto/random.hpp>
#include <spidergate/store/records.hpp>
#include <spidergate/store/sql.hpp>
#include <spidergate/vault/credentials.hpp>
#include <spidergate/vault/envelope.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace spidergate::vault {

/// A provider credential as somebody hands it in: through the API, the CLI or the environment.
struct integration_request {
  const catalogue::provider& provider;
  std::string brand_id;  ///< empty: pool key
  std::string key_label;
  std::vector<credential_field> credentials;
  std::string base_url;  ///< empty: the provider's own
  std::int64_t daily_limit = 0, minute_limit = 0, priority = 0;
  bool is_primary = false;
  epoch_ms expires_at = 0;
  std::string source;  ///< "api", "cli", "env:NAME"
};

/// What sealing needs.
struct sealing {
  crypto::random_source& random;
  const key_ring& keys;
  std::string_view salt;  ///< the vault's own, for fingerprints
  bool allow_private_base_urls = false;
};

/// Checks the request and seals it into a row: origin fixed, credential bound to brand, integration and origin. The
/// fault names the field.
[[nodiscard]] boost::system::result<store::integration_record, credential_fault> make_integration(
    const sealing& how, const integration_request& asked, std::int64_t now_us);

/// Replaces the credentials of an existing row (same id, brand and label); origin and everything shown follow.
[[nodiscard]] boost::system::result<store::integration_record, credential_fault> reseal(
    const sealing& how, store::integration_record row, const catalogue::provider& provider,
    const std::vector<credential_field>& credentials, epoch_ms now);

/// The vault's salt for fingerprints, kept in the store; made on first use.
[[nodiscard]] result<std::string> vault_salt(sql::connection& on, crypto::random_source& random);

}  // namespace spidergate::vault
