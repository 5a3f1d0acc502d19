-- dponec setup for load merge_leased_ch
-- leases of targets without their own
-- run once by a DBA; `dponec run` never does it silently
CREATE TABLE IF NOT EXISTS "public"."dponec_leases" (
  target text PRIMARY KEY,
  fence bigint NOT NULL DEFAULT 0,
  lease_owner text,
  lease_until timestamp with time zone,
  lease_backend integer,
  lease_backend_start timestamp with time zone,
  updated_at timestamp with time zone NOT NULL DEFAULT now()
);
COMMENT ON TABLE "public"."dponec_leases" IS 'dponec: who may load a target that keeps no lease itself; one row a target';
