-- dponec setup for load cdc_table_ms
-- what the reader may see
-- run once by a DBA; `dponec run` never does it silently
-- psql -v reader=ROLE
\if :{?reader}
GRANT USAGE ON SCHEMA "shop" TO :"reader";
GRANT SELECT ON "shop"."note_changes" TO :"reader";
\endif
