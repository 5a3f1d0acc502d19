-- dponec setup for load switch_ms
-- what the reader may see
-- run once by a DBA; `dponec run` never does it silently
-- psql -v reader=ROLE
\if :{?reader}
GRANT USAGE ON SCHEMA "shop" TO :"reader";
GRANT SELECT ON "shop"."orders" TO :"reader";
-- The window's end is the start of the oldest open transaction, also of other roles.
GRANT pg_read_all_stats TO :"reader";
\endif
