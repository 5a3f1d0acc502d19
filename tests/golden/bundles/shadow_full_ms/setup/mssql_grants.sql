-- dponec setup for load shadow_full_ms
-- what the loader may do, for sqlcmd
-- run once by a DBA; `dponec run` never does it silently
-- loader=ROLE sqlcmd -b -I -i THIS_FILE: variables come from the environment; on Windows -v loader=ROLE does the same
GRANT SELECT, INSERT, UPDATE ON [dbo].[dponec_state] TO [$(loader)];
GRANT SELECT, INSERT, UPDATE, DELETE ON [dbo].[orders] TO [$(loader)];
GRANT CREATE TABLE TO [$(loader)];
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::[staging] TO [$(loader)];
-- A swap makes a table beside the target, renames two, and grants what the old one had.
GRANT CONTROL ON SCHEMA::[dbo] TO [$(loader)];
GRANT VIEW DEFINITION TO [$(loader)];
GRANT SELECT ON sys.sql_expression_dependencies TO [$(loader)];
