-- step check-changes
-- purpose: every change can be applied, and their order has no ties
-- engine: postgres (target), transaction prove
-- idempotency: pure
-- why: an unknown operation or an order by chance would give rows that the source never had
DO $dponec$
DECLARE
  wrong bigint;
BEGIN
  SELECT count(*) INTO wrong FROM "staging"."notes__dponec_37c7a663_changes" AS c WHERE "c"."__dponec_op" NOT IN ('I', 'U', 'D', 'T', 'R');
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP520', MESSAGE = format('%s changes have an operation that is not known', wrong), HINT = 'known: I, U, D, T, insert, update, delete, truncate, c, r, u, d';
  END IF;
  SELECT count(*) INTO wrong FROM "staging"."notes__dponec_37c7a663_changes" AS c WHERE "c"."__dponec_op" NOT IN ('T', 'R') AND ("c"."id" IS NULL);
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP503', MESSAGE = format('%s changes have NULL in the key', wrong), HINT = 'fix the source: a change without a key cannot be applied';
  END IF;
  SELECT count(*) INTO wrong FROM "staging"."notes__dponec_37c7a663_changes" AS c WHERE "c"."__dponec_order" IS NULL;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP521', MESSAGE = format('%s changes have no place in the order', wrong), HINT = 'fill the sequence column of the change table';
  END IF;
  SELECT count(*) INTO wrong FROM (
    SELECT FROM "staging"."notes__dponec_37c7a663_changes" AS c WHERE "c"."__dponec_op" NOT IN ('T', 'R') GROUP BY "c"."id", c."__dponec_order" HAVING count(*) > 1
  ) AS ties;
  IF wrong > 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'DP521', MESSAGE = format('%s times two changes of one key have the same place in the order', wrong),
      HINT = 'name a sequence_column that orders the changes of one key';
  END IF;
END
$dponec$;
