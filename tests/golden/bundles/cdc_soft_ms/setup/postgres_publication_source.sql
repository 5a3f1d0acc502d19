-- dponec setup for load cdc_soft_ms
-- the publication whose changes the slot keeps, made by the table's owner
-- run once by a DBA; `dponec run` never does it silently
DO $dponec$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_publication AS p WHERE p.pubname = 'dponec_cdc_soft_ms_f6c89cb8') THEN
    CREATE PUBLICATION "dponec_cdc_soft_ms_f6c89cb8" FOR TABLE "shop"."notes";
  END IF;
END
$dponec$;
