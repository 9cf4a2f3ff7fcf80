#pragma once
#include <spidergate/core/money.hpp>
#include <spidergate/core/time.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The rows of the store as plain values. Ids and times come from the caller; 0 or an empty text means "not set" where
/// noted.
namespace spidergate::store {

/// Limits and budgets of a brand, a client or a token. 0: none of its own (of a token's rpm: the configured default
/// applies); -1: expressly none. Budgets are 0 for none.
struct limit_set {
  std::int64_t rpm = 0, rpd = 0, tpm = 0, max_parallel = 0;
  money per_request, daily, weekly, monthly;  ///< days are UTC, weeks begin on Monday, months are the calendar's
  friend bool operator==(const limit_set&, const limit_set&) = default;
};

struct brand_record {
  std::string id;    ///< "brd_…"
  std::string name;  ///< unique
  bool pool_access = true;
  bool is_operator = false;  ///< the installation's own brand: its owners may make and change brands
  limit_set limits;
  std::string prices;         ///< JSON object "provider/model" -> price override, or empty
  std::string preferences;    ///< JSON object of spec section 9, or empty
  epoch_ms suspended_at = 0;  ///< 0: not; none of its tokens is let in while it is set
  epoch_ms created_at = 0;
  friend bool operator==(const brand_record&, const brand_record&) = default;
};

struct client_record {
  std::string id;  ///< "cli_…"
  std::string brand_id;
  std::string name;  ///< unique within the brand
  limit_set limits;
  epoch_ms revoked_at = 0;  ///< 0: not; with it go all its tokens
  epoch_ms created_at = 0;
  friend bool operator==(const client_record&, const client_record&) = default;
};

struct token_record {
  std::string id;  ///< "tok_…"
  std::string brand_id, client_id;
  /// "key" (sg_key_…), "pat" (spideriq_pat_…) or "triple" (client_id:api_key:api_secret)
  std::string kind;
  std::string label;
  std::string env;                  ///< "prod" or "dev"; empty for pat
  std::string display;              ///< "sg_key_prod_ab12…wxyz"
  std::string hash;                 ///< SHA-256 of the whole token (of a triple: of its api_key), 32 bytes
  std::string secret_hash;          ///< of a triple: SHA-256 of its api_secret, 32 bytes; else empty
  std::string role;                 ///< "owner", "admin", "member", "viewer"
  std::vector<std::string> scopes;  ///< "inference", "usage", "vault", "admin"
  limit_set limits;
  std::vector<std::string> allowed_models, blocked_models;                    ///< globs; empty allows all
  std::vector<std::string> allowed_cidrs;                                     ///< empty allows all
  epoch_ms expires_at = 0, revoked_at = 0, last_used_at = 0, created_at = 0;  ///< 0: not
  std::string created_by;                                                     ///< "cli", "first-start", token id
  std::string rotated_to;  ///< id of the token that replaces this one, or empty
  friend bool operator==(const token_record&, const token_record&) = default;
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
  std::string prices;  ///< JSON object model -> price override, or empty
  epoch_ms expires_at = 0, created_at = 0, updated_at = 0;
  friend bool operator==(const integration_record&, const integration_record&) = default;
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
  friend bool operator==(const rule_record&, const rule_record&) = default;
};

/// What a management POST with an Idempotency-Key was answered, so that a repeat gets the same.
struct idempotency_record {
  std::string brand_id, token_id, key;  ///< together unique
  std::string fingerprint;              ///< of method, path and body: the same key for another request is refused
  std::string sealed_answer;            ///< sealed with the master key, since it may show a secret; bytes
  epoch_ms created_at = 0;
  friend bool operator==(const idempotency_record&, const idempotency_record&) = default;
};

}  // namespace spidergate::store
