#pragma once
#include <spidergate/core/time.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The rows of the store as plain values. Ids and times come from the caller; 0 or an empty text means "not set" where
/// noted.
namespace spidergate::store {

struct brand_record {
  std::string id;    ///< "brd_…"
  std::string name;  ///< unique
  bool pool_access = true;
  epoch_ms created_at = 0;
};

struct client_record {
  std::string id;  ///< "cli_…"
  std::string brand_id;
  std::string name;  ///< unique within the brand
  epoch_ms created_at = 0;
};

struct token_record {
  std::string id;  ///< "tok_…"
  std::string brand_id, client_id;
  std::string kind;  ///< "key" (sg_key_…) or "pat" (spideriq_pat_…)
  std::string label;
  std::string env;                  ///< "prod" or "dev"; empty for pat
  std::string display;              ///< "sg_key_prod_ab12…wxyz"
  std::string hash;                 ///< SHA-256 of the whole token, 32 bytes
  std::vector<std::string> scopes;  ///< "inference", "usage", "vault", "admin"
  std::int64_t rpm = 0, rpd = 0, tpm = 0,
               max_parallel = 0;  ///< 0: no limit of its own (rpm: the configured default applies); -1: unlimited
  std::vector<std::string> allowed_models, blocked_models;                    ///< globs; empty allows all
  std::vector<std::string> allowed_cidrs;                                     ///< empty allows all
  epoch_ms expires_at = 0, revoked_at = 0, last_used_at = 0, created_at = 0;  ///< 0: not
  std::string created_by;                                                     ///< "cli", "first-start", token id
  std::string rotated_to;  ///< id of the token that replaces this one, or empty
};

struct integration_record {
  std::string id;        ///< "int_…"
  std::string brand_id;  ///< empty: pool key
  std::string provider;
  std::string key_label;   ///< unique per (brand, provider)
  std::string origin;      ///< "https://api.openai.com:443", part of the AAD
  std::string base_url;    ///< empty: the catalogue's
  std::string sealed;      ///< the envelope, bytes
  std::string masked_key;  ///< "sk-or-***9f2c"
  std::string
      fingerprint;     ///< SHA-256 of the credentials under the vault's own salt, hex: tells an unchanged key on import
  std::string source;  ///< "api", "cli", "env:GROQ_API_KEY"
  std::int64_t daily_limit = 0, minute_limit = 0;  ///< 0: none
  bool is_primary = false, is_active = true;
  std::int64_t priority = 0;
  epoch_ms expires_at = 0, created_at = 0, updated_at = 0;
};

/// What changes with every use of a key; written behind, at most once a second.
struct integration_state_record {
  std::string integration_id;
  epoch_ms day = 0;  ///< start of the UTC day that daily_count belongs to
  std::int64_t daily_count = 0;
  std::string health;  ///< "healthy", "degraded", "unhealthy"
  std::string reason;  ///< "invalid_credentials", … or empty
  std::int64_t consecutive_failures = 0;
  std::string last_error;
  epoch_ms last_used_at = 0, resting_until = 0;
};

struct alias_record {
  std::string brand_id;  ///< empty: for all brands
  std::string name;
  std::vector<std::string> chain;
  epoch_ms updated_at = 0;
};

struct rule_record {
  std::string brand_id;
  std::int64_t position = 0;
  std::string match, provider;
};

}  // namespace spidergate::store
