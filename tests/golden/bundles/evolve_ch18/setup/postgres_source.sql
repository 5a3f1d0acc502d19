-- dponec setup for load evolve_ch18
-- what the reader may see
-- run once by a DBA; `dponec run` never does it silently
-- psql -v reader=ROLE
\if :{?reader}
GRANT USAGE ON SCHEMA "shop" TO :"reader";
GRANT SELECT ON "shop"."orders" TO :"reader";
\endif
