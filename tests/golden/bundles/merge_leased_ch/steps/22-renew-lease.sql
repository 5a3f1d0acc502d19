-- step renew-lease
-- purpose: prolong the lease, or stop when another run has it
-- engine: postgres (lock)
-- idempotency: idempotent
-- why: a run that was silent for longer than its lease must not change the target
-- params: lease_holder, lease_fence
DO $dponec$
DECLARE
  affected bigint;
BEGIN
  UPDATE "public"."dponec_leases" SET lease_until = clock_timestamp() + '60 seconds'::interval
 WHERE target = 'clickhouse case_ch dwh.orders' AND fence = current_setting('dponec.lease_fence')::bigint
   AND lease_owner = current_setting('dponec.lease_holder');
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP410', MESSAGE = 'another run holds the lease of this load now, so this one may not write', HINT = 'nothing of this transaction was kept; look at dponec status and run again';
  END IF;
END
$dponec$;
