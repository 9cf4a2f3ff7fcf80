-- Limits and budgets of every level, roles, triples, price overrides, preferences; receipts by day on PostgreSQL.

ALTER TABLE brands ADD COLUMN is_operator BIGINT NOT NULL DEFAULT 0;
ALTER TABLE brands ADD COLUMN rpm BIGINT NOT NULL DEFAULT 0;
ALTER TABLE brands ADD COLUMN rpd BIGINT NOT NULL DEFAULT 0;
ALTER TABLE brands ADD COLUMN tpm BIGINT NOT NULL DEFAULT 0;
ALTER TABLE brands ADD COLUMN max_parallel BIGINT NOT NULL DEFAULT 0;
ALTER TABLE brands ADD COLUMN budget_per_request BIGINT NOT NULL DEFAULT 0;
ALTER TABLE brands ADD COLUMN budget_daily BIGINT NOT NULL DEFAULT 0;
ALTER TABLE brands ADD COLUMN budget_weekly BIGINT NOT NULL DEFAULT 0;
ALTER TABLE brands ADD COLUMN budget_monthly BIGINT NOT NULL DEFAULT 0;
ALTER TABLE brands ADD COLUMN prices TEXT NOT NULL DEFAULT '';
ALTER TABLE brands ADD COLUMN preferences TEXT NOT NULL DEFAULT '';
ALTER TABLE brands ADD COLUMN suspended_at BIGINT NOT NULL DEFAULT 0;
UPDATE brands SET is_operator = 1 WHERE name = 'default';

ALTER TABLE clients ADD COLUMN rpm BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN rpd BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN tpm BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN max_parallel BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN budget_per_request BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN budget_daily BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN budget_weekly BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN budget_monthly BIGINT NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN revoked_at BIGINT NOT NULL DEFAULT 0;

-- Of a triple, `hash` is that of its api_key and `secret_hash` (hex) that of its api_secret.
ALTER TABLE tokens ADD COLUMN secret_hash TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN role TEXT NOT NULL DEFAULT 'member';
ALTER TABLE tokens ADD COLUMN budget_per_request BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN budget_daily BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN budget_weekly BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN budget_monthly BIGINT NOT NULL DEFAULT 0;
UPDATE tokens SET role = 'admin' WHERE scopes LIKE '%"vault"%';
UPDATE tokens SET role = 'owner' WHERE scopes LIKE '%"admin"%';
CREATE INDEX tokens_by_creation ON tokens (brand_id, created_at, id);

ALTER TABLE integrations ADD COLUMN prices TEXT NOT NULL DEFAULT '';

CREATE TABLE idempotency_keys (
  brand_id TEXT NOT NULL,
  token_id TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  sealed_answer BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (brand_id, token_id, key)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);

CREATE INDEX usage_hourly_by_brand ON usage_hourly (brand_id, hour);
CREATE INDEX usage_hourly_by_client ON usage_hourly (client_id, hour);
CREATE INDEX usage_hourly_by_token ON usage_hourly (token_id, hour);

-- BEGIN postgresql
-- Retention drops whole days instead of deleting rows. src/ledger/receipts/partitions.cpp makes the days to come, by the same names.
ALTER TABLE receipts RENAME TO receipts_in_one;
ALTER TABLE receipts_in_one DROP CONSTRAINT receipts_pkey;
DROP INDEX receipts_by_time;
DROP INDEX receipts_by_brand;
CREATE TABLE receipts (LIKE receipts_in_one) PARTITION BY RANGE (recorded_at);
ALTER TABLE receipts ADD PRIMARY KEY (request_id, recorded_at);
CREATE INDEX receipts_by_time ON receipts (recorded_at, request_id);
CREATE INDEX receipts_by_brand ON receipts (brand_id, recorded_at, request_id);
DO $$
DECLARE
  day BIGINT;
BEGIN
  FOR day IN SELECT DISTINCT recorded_at / 86400000 FROM receipts_in_one LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF receipts FOR VALUES FROM (%s) TO (%s)',
                   'receipts_' || to_char(to_timestamp(day * 86400) AT TIME ZONE 'UTC', 'YYYYMMDD'), day * 86400000, (day + 1) * 86400000);
  END LOOP;
END $$;
INSERT INTO receipts SELECT * FROM receipts_in_one;
DROP TABLE receipts_in_one;
-- END postgresql
