-- dponec setup for load cdc_slot_pg
-- state table and schemas
-- run once by a DBA; `dponec run` never does it silently
CREATE SCHEMA IF NOT EXISTS "staging";
CREATE TABLE IF NOT EXISTS "dwh"."dponec_state" (
  load text PRIMARY KEY,
  fence bigint NOT NULL DEFAULT 0,
  lease_owner text,
  lease_until timestamp with time zone,
  lease_backend integer,
  lease_backend_start timestamp with time zone,
  attempt bigint NOT NULL DEFAULT 0,
  run_id text,
  phase text NOT NULL DEFAULT 'idle' CHECK (phase IN ('idle', 'open', 'staged', 'committed', 'done')),
  fingerprint text,
  window_low text,
  window_high text,
  partitions text,
  rows_staged bigint,
  digest text,
  watermark text NOT NULL DEFAULT '',
  committed_run_id text,
  rows_applied bigint,
  adopted boolean NOT NULL DEFAULT false,
  target text,
  source text,
  updated_at timestamp with time zone NOT NULL DEFAULT now()
);
COMMENT ON TABLE "dwh"."dponec_state" IS 'dponec: one row a load; the data and this row commit together';
COMMENT ON COLUMN "dwh"."dponec_state".fence IS 'token of the newest lease; a transaction with an older one fails';
COMMENT ON COLUMN "dwh"."dponec_state".watermark IS 'the window''s high end of the last committed run, exclusive';
COMMENT ON COLUMN "dwh"."dponec_state".target IS 'the table that this row speaks of: a load of that name into another one is refused';
