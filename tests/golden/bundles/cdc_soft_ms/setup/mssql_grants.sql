-- dponec setup for load cdc_soft_ms
-- what the loader may do, for sqlcmd
-- run once by a DBA; `dponec run` never does it silently
-- loader=ROLE sqlcmd -b -I -i THIS_FILE: variables come from the environment; on Windows -v loader=ROLE does the same
GRANT SELECT, INSERT, UPDATE ON [dbo].[dponec_state] TO [$(loader)];
GRANT SELECT, INSERT, UPDATE, DELETE ON [dbo].[notes] TO [$(loader)];
GRANT CREATE TABLE TO [$(loader)];
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::[staging] TO [$(loader)];
