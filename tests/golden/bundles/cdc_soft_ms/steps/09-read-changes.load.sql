-- step read-changes (load)
-- purpose: peek at the slot up to the window's end, into a temporary table of the source
-- engine: postgres (source)
-- idempotency: pure
-- why: peeking consumes nothing: a lost read loses nothing
-- params: watermark, window_low, window_high
COPY pg_temp."__dponec_changes" ("__dponec_order", "__dponec_lsn", "__dponec_op", "__dponec_unchanged", "__dponec_old_0", "id", "status", "body", "amount", "at") FROM STDIN (FORMAT text, ENCODING 'UTF8');
