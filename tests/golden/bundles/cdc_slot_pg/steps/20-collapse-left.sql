-- step collapse-left
-- purpose: keep the keys that are gone
-- engine: postgres (target), transaction prove
-- idempotency: transactional
-- why: the last change of a key wins, in commit order
INSERT INTO "staging"."notes__dponec_37c7a663_left" ("id")
SELECT "w"."id"
  FROM (
    SELECT c.*, row_number() OVER (PARTITION BY "c"."id" ORDER BY c."__dponec_order" DESC) AS "__dponec_n"
      FROM "staging"."notes__dponec_37c7a663_changes" AS c
     CROSS JOIN (SELECT max(t."__dponec_order") AS at FROM "staging"."notes__dponec_37c7a663_changes" AS t WHERE t."__dponec_op" IN ('T', 'R')) AS cut
     WHERE c."__dponec_op" NOT IN ('T', 'R') AND (cut.at IS NULL OR c."__dponec_order" > cut.at)
) AS w WHERE w."__dponec_n" = 1 AND (w."__dponec_op" = 'D' OR w."__dponec_kept" <> 't')
UNION
SELECT "t"."id" FROM "dwh"."notes" AS t
 WHERE EXISTS (SELECT FROM "staging"."notes__dponec_37c7a663_changes" AS c WHERE c."__dponec_op" IN ('T', 'R'))
   AND NOT EXISTS (SELECT FROM "staging"."notes__dponec_37c7a663_rows" AS s WHERE "t"."id" = "s"."id") AND NOT ("t"."id" IS NULL);
