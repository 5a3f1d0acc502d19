-- dponec setup for load create_ms
-- what the reader may see
-- run once by a DBA; `dponec run` never does it silently
-- psql -v reader=ROLE
\if :{?reader}
GRANT USAGE ON SCHEMA "we""ird; --" TO :"reader";
GRANT SELECT ON "we""ird; --"."o'rders
$(touch x)" TO :"reader";
\endif
