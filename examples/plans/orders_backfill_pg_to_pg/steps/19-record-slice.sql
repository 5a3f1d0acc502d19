-- step record-slice
-- purpose: record the slice as loaded
-- engine: postgres (target), transaction finalize
-- idempotency: transactional
-- why: the same backfill never loads it again
-- params: run_id, window_low, window_high
INSERT INTO "dwh"."dponec_slices" (load, backfill, window_low, window_high, run_id)
VALUES ('orders_backfill_pg_to_pg', 'incremental_merge by business_date: "public"."orders" into "dwh"."orders"', current_setting('dponec.window_low'), current_setting('dponec.window_high'),
        current_setting('dponec.run_id'));
