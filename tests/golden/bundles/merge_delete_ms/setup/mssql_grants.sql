-- dponec setup for load merge_delete_ms
-- what the loader may do, for sqlcmd
-- run once by a DBA; `dponec run` never does it silently
-- loader=ROLE sqlcmd -b -I -i THIS_FILE: variables come from the environment; on Windows -v loader=ROLE does the same
GRANT SELECT, INSERT, UPDATE ON [d'w]]h].[dponec_state] TO [$(loader)];
GRANT SELECT, INSERT, UPDATE, DELETE ON [d'w]]h].[or]]ders `$(id)` --] TO [$(loader)];
GRANT CREATE TABLE TO [$(loader)];
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::[sta]]ging's] TO [$(loader)];
