-- step read-changes (extract)
-- purpose: peek at the slot up to the window's end, into a temporary table of the source
-- engine: postgres (source)
-- idempotency: pure
-- why: peeking consumes nothing: a lost read loses nothing
-- params: watermark, window_low, window_high
COPY (
  SELECT data FROM pg_logical_slot_peek_binary_changes('dponec_cdc_soft_ms_f6c89cb8', '0/0'::pg_lsn + current_setting('dponec.window_high')::numeric, NULL,
    'proto_version', '1', 'publication_names', '"dponec_cdc_soft_ms_f6c89cb8"')
) TO STDOUT (FORMAT binary);
