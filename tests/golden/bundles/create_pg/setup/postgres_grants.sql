-- dponec setup for load create_pg
-- what the loader may do, for psql
-- run once by a DBA; `dponec run` never does it silently
-- psql -v loader=ROLE; without the variable nothing is granted.
\if :{?loader}
GRANT USAGE ON SCHEMA "d'w;h" TO :"loader";
GRANT SELECT, INSERT, UPDATE ON "d'w;h"."dponec_state" TO :"loader";
GRANT USAGE, CREATE ON SCHEMA "d'w;h" TO :"loader";
GRANT USAGE, CREATE ON SCHEMA "d'w;h" TO :"loader";
\endif
