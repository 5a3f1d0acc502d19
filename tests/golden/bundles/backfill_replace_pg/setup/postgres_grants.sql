-- dponec setup for load backfill_replace_pg
-- what the loader may do, for psql
-- run once by a DBA; `dponec run` never does it silently
-- psql -v loader=ROLE; without the variable nothing is granted.
\if :{?loader}
GRANT USAGE ON SCHEMA "dwh" TO :"loader";
GRANT SELECT, INSERT, UPDATE ON "dwh"."dponec_state" TO :"loader";
GRANT SELECT, INSERT ON "dwh"."dponec_slices" TO :"loader";
GRANT USAGE ON SCHEMA "dwh" TO :"loader";
GRANT SELECT, INSERT, UPDATE, DELETE ON "dwh"."orders" TO :"loader";
GRANT USAGE, CREATE ON SCHEMA "dwh" TO :"loader";
\endif
