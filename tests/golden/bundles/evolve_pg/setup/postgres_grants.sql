-- dponec setup for load evolve_pg
-- what the loader may do, for psql
-- run once by a DBA; `dponec run` never does it silently
-- psql -v loader=ROLE; without the variable nothing is granted.
\if :{?loader}
GRANT USAGE ON SCHEMA "dwh" TO :"loader";
GRANT SELECT, INSERT, UPDATE ON "dwh"."dponec_state" TO :"loader";
GRANT USAGE ON SCHEMA "dwh" TO :"loader";
GRANT SELECT, INSERT, UPDATE, DELETE ON "dwh"."orders" TO :"loader";
GRANT USAGE, CREATE ON SCHEMA "dwh" TO :"loader";
-- Columns are added to the target: the loader must be (a member of) the owner of "dwh"."orders".
\endif
