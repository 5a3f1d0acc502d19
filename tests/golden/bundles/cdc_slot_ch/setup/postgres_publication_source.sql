-- dponec setup for load cdc_slot_ch
-- the publication whose changes the slot keeps, made by the table's owner
-- run once by a DBA; `dponec run` never does it silently
DO $dponec$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_publication AS p WHERE p.pubname = 'dponec_cdc_slot_ch_a88151d5') THEN
    CREATE PUBLICATION "dponec_cdc_slot_ch_a88151d5" FOR TABLE "shop"."notes";
  END IF;
END
$dponec$;
