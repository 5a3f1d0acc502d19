-- dponec setup for load orders_backfill_pg_to_ch
-- what the reader may see
-- run once by a DBA; `dponec run` never does it silently
-- psql -v reader=ROLE
\if :{?reader}
GRANT USAGE ON SCHEMA "public" TO :"reader";
GRANT SELECT ON "public"."orders" TO :"reader";
\endif
