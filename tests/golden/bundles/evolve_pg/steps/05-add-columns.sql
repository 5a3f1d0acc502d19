-- step add-columns
-- purpose: add the columns that the target lacks
-- engine: postgres (target)
-- idempotency: idempotent
-- why: schema_evolution: additive; staging and what is made beside the target take their form from it, and a lock that is waited for here holds no row of the load
-- params: run_id, fence
DO $dponec1$
DECLARE
  affected bigint;
BEGIN
  IF EXISTS (SELECT FROM unnest(ARRAY['st''at;us $(id) `x` "y" ]z', 'a$dponec$\ %s']) AS e (name) WHERE NOT EXISTS (
       SELECT FROM pg_attribute AS a
        WHERE a.attrelid = '"dwh"."orders"'::regclass AND a.attname = e.name AND a.attnum > 0 AND NOT a.attisdropped)) THEN
    PERFORM set_config('lock_timeout', '30s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('dponec:dwh.orders', 0));
    PERFORM FROM "dwh"."dponec_state"
 WHERE load = 'evolve_pg' AND fence = current_setting('dponec.fence')::bigint
   AND lease_owner = current_setting('dponec.run_id')
       FOR UPDATE;
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP410', MESSAGE = 'another run holds the lease of this load now, so this one may not write', HINT = 'nothing of this transaction was kept; look at dponec status and run again';
  END IF;
ALTER TABLE "dwh"."orders"
  ADD COLUMN IF NOT EXISTS "st'at;us $(id) `x` ""y"" ]z" text,
  ADD COLUMN IF NOT EXISTS "a$dponec$\ %s" numeric(18,2);
  END IF;
END
$dponec1$;
