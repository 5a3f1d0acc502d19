-- step collapse-rows
-- purpose: keep the last row of each key that lives
-- engine: postgres (target), transaction prove
-- idempotency: transactional
-- why: the last change of a key wins, in commit order
DO $dponec$
DECLARE
  wrong bigint;
  moved record;
BEGIN
  INSERT INTO "staging"."notes__dponec_4c64b8df_rows" ("id", "status", "body", "amount", "at", "gone")
  SELECT "w"."id",
         "w"."status",
         "w"."body",
         "w"."amount",
         "w"."at",
         w."__dponec_newest" > w."__dponec_order" OR coalesce(w."__dponec_cut" > w."__dponec_order", false)
    FROM (
    SELECT c.*, max(c."__dponec_order") OVER (PARTITION BY "c"."id") AS "__dponec_newest", cut.at AS "__dponec_cut",
           row_number() OVER (PARTITION BY "c"."id" ORDER BY c."__dponec_op" <> 'D' AND c."__dponec_kept" = 't' DESC, c."__dponec_order" DESC) AS "__dponec_n"
      FROM "staging"."notes__dponec_4c64b8df_changes" AS c
     CROSS JOIN (SELECT max(t."__dponec_order") AS at FROM "staging"."notes__dponec_4c64b8df_changes" AS t WHERE t."__dponec_op" IN ('T', 'R')) AS cut
     WHERE c."__dponec_op" NOT IN ('T', 'R')
  ) AS w WHERE w."__dponec_n" = 1 AND w."__dponec_op" <> 'D' AND w."__dponec_kept" = 't';
END
$dponec$;
