-- step transfer-changes (load)
-- purpose: stream the source into staging (changes)
-- engine: postgres (target), transaction stage-changes
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: watermark, window_low, window_high
COPY "staging"."notes__dponec_37c7a663_changes" ("id", "status", "body", "amount", "at", "__dponec_op", "__dponec_order", "__dponec_kept", "__dponec_unchanged", "__dponec_old_0") FROM STDIN (FORMAT binary);
