-- step advance-slot
-- purpose: let the slot go on to the committed position
-- engine: postgres (source)
-- idempotency: idempotent
-- why: the source may remove WAL only now; a crash before reads the same changes again and skips them
-- params: window_high
DO $dponec$
DECLARE
  confirmed pg_lsn;
BEGIN
  SELECT s.confirmed_flush_lsn INTO confirmed FROM pg_replication_slots AS s WHERE s.slot_name = 'dponec_cdc_soft_ms_f6c89cb8';
  -- A slot that is gone cannot go on; the next run says so before it reads anything.
  IF confirmed < '0/0'::pg_lsn + current_setting('dponec.window_high')::numeric THEN
    PERFORM pg_replication_slot_advance('dponec_cdc_soft_ms_f6c89cb8', '0/0'::pg_lsn + current_setting('dponec.window_high')::numeric);
  END IF;
END
$dponec$;
