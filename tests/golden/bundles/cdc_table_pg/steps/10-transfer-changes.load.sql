-- step transfer-changes (load)
-- purpose: stream the source into staging (changes)
-- engine: postgres (target), transaction stage-changes
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY "staging"."notes__dponec_4c64b8df_changes" ("id", "status", "body", "amount", "at", "__dponec_op", "__dponec_order", "__dponec_kept", "__dponec_unchanged") FROM STDIN (FORMAT binary);
