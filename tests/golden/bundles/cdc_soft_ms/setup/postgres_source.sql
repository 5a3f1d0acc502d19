-- dponec setup for load cdc_soft_ms
-- what the reader may see
-- run once by a DBA; `dponec run` never does it silently
-- psql -v reader=ROLE
\if :{?reader}
GRANT USAGE ON SCHEMA "shop" TO :"reader";
GRANT SELECT ON "shop"."notes" TO :"reader";
-- Making, reading and advancing a slot; decoded changes pass through a temporary table.
ALTER ROLE :"reader" REPLICATION;
GRANT TEMPORARY ON DATABASE :"DBNAME" TO :"reader";
\endif
