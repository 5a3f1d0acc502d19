-- dponec setup for load cdc_slot_ms
-- the publication whose changes the slot keeps, made by the table's owner
-- run once by a DBA; `dponec run` never does it silently
DO $dponec$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_publication AS p WHERE p.pubname = 'shop notes') THEN
    CREATE PUBLICATION "shop notes" FOR TABLE "shop"."notes";
  END IF;
END
$dponec$;
