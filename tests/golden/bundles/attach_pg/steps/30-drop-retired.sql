-- step drop-retired
-- purpose: drop what the swap took out of the target
-- engine: postgres (target)
-- idempotency: idempotent
-- why: readers who waited have the new one; nothing is left behind
DO $dponec$
DECLARE
  given record;
BEGIN
  FOR given IN
    SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND NOT c.relispartition AND starts_with(c.relname, 'orders_months__dponec_10542f54_swap_')
  LOOP
    EXECUTE 'DROP TABLE ' || given.name;
  END LOOP;
END
$dponec$;
