-- The first schema. One file for SQLite and PostgreSQL: BIGINT (times are epoch milliseconds, money nano-dollars, flags 0 and 1),
-- TEXT (lists are JSON arrays), BYTEA.

CREATE TABLE brands (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  pool_access BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE clients (
  id TEXT NOT NULL PRIMARY KEY,
  brand_id TEXT NOT NULL REFERENCES brands (id),
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (brand_id, name),
  UNIQUE (brand_id, id)
);

CREATE TABLE tokens (
  id TEXT NOT NULL PRIMARY KEY,
  brand_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  label TEXT NOT NULL,
  env TEXT NOT NULL,
  display TEXT NOT NULL,
  hash BYTEA NOT NULL UNIQUE,
  scopes TEXT NOT NULL,
  rpm BIGINT NOT NULL,
  rpd BIGINT NOT NULL,
  tpm BIGINT NOT NULL,
  max_parallel BIGINT NOT NULL,
  allowed_models TEXT NOT NULL,
  blocked_models TEXT NOT NULL,
  allowed_cidrs TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT NOT NULL,
  last_used_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  rotated_to TEXT NOT NULL,
  -- Both columns at once, so that a token's client is one of its own brand.
  FOREIGN KEY (brand_id, client_id) REFERENCES clients (brand_id, id)
);

-- No brand: a pool key.
CREATE TABLE integrations (
  id TEXT NOT NULL PRIMARY KEY,
  brand_id TEXT REFERENCES brands (id),
  provider TEXT NOT NULL,
  key_label TEXT NOT NULL,
  origin TEXT NOT NULL,
  base_url TEXT NOT NULL,
  sealed BYTEA NOT NULL,
  masked_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  source TEXT NOT NULL,
  daily_limit BIGINT NOT NULL,
  minute_limit BIGINT NOT NULL,
  is_primary BIGINT NOT NULL,
  is_active BIGINT NOT NULL,
  priority BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX integrations_by_label ON integrations (COALESCE(brand_id, ''), provider, key_label);

CREATE TABLE integration_states (
  integration_id TEXT NOT NULL PRIMARY KEY REFERENCES integrations (id) ON DELETE CASCADE,
  day BIGINT NOT NULL,
  daily_count BIGINT NOT NULL,
  health TEXT NOT NULL,
  reason TEXT NOT NULL,
  consecutive_failures BIGINT NOT NULL,
  last_error TEXT NOT NULL,
  last_used_at BIGINT NOT NULL,
  resting_until BIGINT NOT NULL
);

-- No brand: for all of them.
CREATE TABLE aliases (
  brand_id TEXT REFERENCES brands (id),
  name TEXT NOT NULL,
  chain TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX aliases_by_name ON aliases (COALESCE(brand_id, ''), name);

CREATE TABLE rules (
  brand_id TEXT REFERENCES brands (id),
  position BIGINT NOT NULL,
  pattern TEXT NOT NULL,
  provider TEXT NOT NULL
);
CREATE UNIQUE INDEX rules_by_position ON rules (COALESCE(brand_id, ''), position);

CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  content TEXT NOT NULL
);
INSERT INTO meta (name, content) VALUES ('config_version', '1');

-- A receipt outlives the brand, client and token that it names, so it refers to none of them.
CREATE TABLE receipts (
  request_id TEXT NOT NULL PRIMARY KEY,
  recorded_at BIGINT NOT NULL,
  brand_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  token_id TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  requested_model TEXT NOT NULL,
  alias TEXT NOT NULL,
  status TEXT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  payload BYTEA NOT NULL
);
CREATE INDEX receipts_by_time ON receipts (recorded_at, request_id);
CREATE INDEX receipts_by_brand ON receipts (brand_id, recorded_at, request_id);

CREATE TABLE usage_hourly (
  hour BIGINT NOT NULL,
  brand_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  token_id TEXT NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  alias TEXT NOT NULL,
  status TEXT NOT NULL,
  requests BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  cost_nano_usd BIGINT NOT NULL,
  PRIMARY KEY (hour, brand_id, client_id, token_id, provider, model, alias, status)
);
