-- step transfer-changes (extract)
-- purpose: stream the source into staging (changes)
-- engine: postgres (source), transaction stage-changes
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
COPY (
SELECT
  "id",
  "status",
  "body",
  "amount",
  "at",
  CAST((
    CASE LOWER(CAST("op" AS TEXT)) WHEN 'i' THEN 'I' WHEN 'insert' THEN 'I' WHEN 'c' THEN 'I' WHEN 'create' THEN 'I' WHEN 'r' THEN 'I' WHEN 'read' THEN 'I' WHEN 'u' THEN 'U' WHEN 'update' THEN 'U' WHEN 'd' THEN 'D' WHEN 'delete' THEN 'D' WHEN 't' THEN 'T' WHEN 'truncate' THEN 'T' ELSE COALESCE(CAST("op" AS TEXT), '') END
  ) AS text) AS "__dponec_op",
  CAST((
    "seq"
  ) AS bigint) AS "__dponec_order",
  CAST((
    CASE WHEN ("status" <> 'draft') THEN 't' ELSE 'f' END
  ) AS text) AS "__dponec_kept",
  CAST((
    ''
  ) AS text) AS "__dponec_unchanged"
FROM "shop"."note_changes"
WHERE
  "seq" >= CAST(CURRENT_SETTING('dponec.window_low') AS bigint)
  AND "seq" < CAST(CURRENT_SETTING('dponec.window_high') AS bigint)
) TO STDOUT (FORMAT binary);
