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
  IF EXISTS (SELECT FROM "staging"."notes__dponec_37c7a663_changes" AS c WHERE c."__dponec_unchanged" <> '') THEN
    CREATE INDEX ON "staging"."notes__dponec_37c7a663_changes" ("id", "__dponec_order");
    CREATE INDEX ON "staging"."notes__dponec_37c7a663_changes" ("__dponec_order");
    ANALYZE "staging"."notes__dponec_37c7a663_changes";
    FOR moved IN SELECT c."__dponec_order" AS at FROM "staging"."notes__dponec_37c7a663_changes" AS c WHERE "c"."__dponec_old_0" IS NOT NULL AND c."__dponec_unchanged" <> '' ORDER BY 1 LOOP
      SELECT count(*) INTO wrong FROM "staging"."notes__dponec_37c7a663_changes" AS c WHERE c."__dponec_order" = moved.at AND coalesce((SELECT p."__dponec_op" = 'D' OR p."__dponec_unchanged" <> '' FROM "staging"."notes__dponec_37c7a663_changes" AS p
          WHERE "p"."id" = "c"."__dponec_old_0" AND p."__dponec_order" < c."__dponec_order" - 1 AND (p."__dponec_unchanged" = '' OR "p"."__dponec_old_0" IS NOT NULL)
          ORDER BY p."__dponec_order" DESC LIMIT 1),
          NOT EXISTS (SELECT FROM "dwh"."notes" AS t WHERE "t"."id" = "c"."__dponec_old_0"));
      IF wrong = 0 THEN
        UPDATE "staging"."notes__dponec_37c7a663_changes" AS c SET "status" = CASE WHEN strpos("c"."__dponec_unchanged", ',1,') = 0 THEN "c"."status" ELSE (
      SELECT q.v FROM (
        (SELECT p."status" AS v, 1 AS near FROM "staging"."notes__dponec_37c7a663_changes" AS p
          WHERE "p"."id" = "c"."__dponec_old_0" AND p."__dponec_order" < "c"."__dponec_order" AND p."__dponec_op" NOT IN ('D', 'T', 'R') AND strpos(p."__dponec_unchanged", ',1,') = 0 ORDER BY p."__dponec_order" DESC LIMIT 1)
        UNION ALL
        (SELECT t."status", 0 FROM "dwh"."notes" AS t WHERE "t"."id" = "c"."__dponec_old_0" LIMIT 1)
      ) AS q ORDER BY q.near DESC LIMIT 1) END,
          "body" = CASE WHEN strpos("c"."__dponec_unchanged", ',2,') = 0 THEN "c"."body" ELSE (
      SELECT q.v FROM (
        (SELECT p."body" AS v, 1 AS near FROM "staging"."notes__dponec_37c7a663_changes" AS p
          WHERE "p"."id" = "c"."__dponec_old_0" AND p."__dponec_order" < "c"."__dponec_order" AND p."__dponec_op" NOT IN ('D', 'T', 'R') AND strpos(p."__dponec_unchanged", ',2,') = 0 ORDER BY p."__dponec_order" DESC LIMIT 1)
        UNION ALL
        (SELECT t."body", 0 FROM "dwh"."notes" AS t WHERE "t"."id" = "c"."__dponec_old_0" LIMIT 1)
      ) AS q ORDER BY q.near DESC LIMIT 1) END,
          "amount" = CASE WHEN strpos("c"."__dponec_unchanged", ',3,') = 0 THEN "c"."amount" ELSE (
      SELECT q.v FROM (
        (SELECT p."amount" AS v, 1 AS near FROM "staging"."notes__dponec_37c7a663_changes" AS p
          WHERE "p"."id" = "c"."__dponec_old_0" AND p."__dponec_order" < "c"."__dponec_order" AND p."__dponec_op" NOT IN ('D', 'T', 'R') AND strpos(p."__dponec_unchanged", ',3,') = 0 ORDER BY p."__dponec_order" DESC LIMIT 1)
        UNION ALL
        (SELECT t."amount", 0 FROM "dwh"."notes" AS t WHERE "t"."id" = "c"."__dponec_old_0" LIMIT 1)
      ) AS q ORDER BY q.near DESC LIMIT 1) END, "__dponec_unchanged" = '' WHERE c."__dponec_order" = moved.at;
      END IF;
    END LOOP;
    SELECT count(*) INTO wrong FROM (
    SELECT c.*, row_number() OVER (PARTITION BY "c"."id" ORDER BY c."__dponec_order" DESC) AS "__dponec_n"
      FROM "staging"."notes__dponec_37c7a663_changes" AS c
     CROSS JOIN (SELECT max(t."__dponec_order") AS at FROM "staging"."notes__dponec_37c7a663_changes" AS t WHERE t."__dponec_op" IN ('T', 'R')) AS cut
     WHERE c."__dponec_op" NOT IN ('T', 'R') AND (cut.at IS NULL OR c."__dponec_order" > cut.at)
    ) AS w WHERE w."__dponec_n" = 1 AND w."__dponec_op" <> 'D' AND w."__dponec_kept" = 't' AND w."__dponec_unchanged" <> ''
       AND ("w"."__dponec_old_0" IS NOT NULL OR coalesce((SELECT p."__dponec_op" = 'D' OR p."__dponec_unchanged" <> '' FROM "staging"."notes__dponec_37c7a663_changes" AS p
          WHERE "p"."id" = "w"."id" AND p."__dponec_order" < w."__dponec_order" AND (p."__dponec_unchanged" = '' OR "p"."__dponec_old_0" IS NOT NULL)
          ORDER BY p."__dponec_order" DESC LIMIT 1),
          NOT EXISTS (SELECT FROM "dwh"."notes" AS t WHERE "t"."id" = "w"."id")));
    IF wrong > 0 THEN
      RAISE EXCEPTION USING ERRCODE = 'DP523',
        MESSAGE = format('%s rows have a large value that did not change and that the target does not hold', wrong),
        HINT = 'a row came into the filter, or the target lost it: ALTER TABLE … REPLICA IDENTITY FULL on the source, and load anew';
    END IF;
  END IF;
  INSERT INTO "staging"."notes__dponec_37c7a663_rows" ("id", "status", "body", "amount", "at")
  SELECT "w"."id",
         CASE WHEN strpos("w"."__dponec_unchanged", ',1,') = 0 THEN "w"."status" ELSE (
      SELECT q.v FROM (
        (SELECT p."status" AS v, 1 AS near FROM "staging"."notes__dponec_37c7a663_changes" AS p
          WHERE "p"."id" = "w"."id" AND p."__dponec_order" < "w"."__dponec_order" AND p."__dponec_op" NOT IN ('D', 'T', 'R') AND strpos(p."__dponec_unchanged", ',1,') = 0 ORDER BY p."__dponec_order" DESC LIMIT 1)
        UNION ALL
        (SELECT t."status", 0 FROM "dwh"."notes" AS t WHERE "t"."id" = "w"."id" LIMIT 1)
      ) AS q ORDER BY q.near DESC LIMIT 1) END,
         CASE WHEN strpos("w"."__dponec_unchanged", ',2,') = 0 THEN "w"."body" ELSE (
      SELECT q.v FROM (
        (SELECT p."body" AS v, 1 AS near FROM "staging"."notes__dponec_37c7a663_changes" AS p
          WHERE "p"."id" = "w"."id" AND p."__dponec_order" < "w"."__dponec_order" AND p."__dponec_op" NOT IN ('D', 'T', 'R') AND strpos(p."__dponec_unchanged", ',2,') = 0 ORDER BY p."__dponec_order" DESC LIMIT 1)
        UNION ALL
        (SELECT t."body", 0 FROM "dwh"."notes" AS t WHERE "t"."id" = "w"."id" LIMIT 1)
      ) AS q ORDER BY q.near DESC LIMIT 1) END,
         CASE WHEN strpos("w"."__dponec_unchanged", ',3,') = 0 THEN "w"."amount" ELSE (
      SELECT q.v FROM (
        (SELECT p."amount" AS v, 1 AS near FROM "staging"."notes__dponec_37c7a663_changes" AS p
          WHERE "p"."id" = "w"."id" AND p."__dponec_order" < "w"."__dponec_order" AND p."__dponec_op" NOT IN ('D', 'T', 'R') AND strpos(p."__dponec_unchanged", ',3,') = 0 ORDER BY p."__dponec_order" DESC LIMIT 1)
        UNION ALL
        (SELECT t."amount", 0 FROM "dwh"."notes" AS t WHERE "t"."id" = "w"."id" LIMIT 1)
      ) AS q ORDER BY q.near DESC LIMIT 1) END,
         "w"."at"
    FROM (
    SELECT c.*, row_number() OVER (PARTITION BY "c"."id" ORDER BY c."__dponec_order" DESC) AS "__dponec_n"
      FROM "staging"."notes__dponec_37c7a663_changes" AS c
     CROSS JOIN (SELECT max(t."__dponec_order") AS at FROM "staging"."notes__dponec_37c7a663_changes" AS t WHERE t."__dponec_op" IN ('T', 'R')) AS cut
     WHERE c."__dponec_op" NOT IN ('T', 'R') AND (cut.at IS NULL OR c."__dponec_order" > cut.at)
  ) AS w WHERE w."__dponec_n" = 1 AND w."__dponec_op" <> 'D' AND w."__dponec_kept" = 't';
END
$dponec$;
