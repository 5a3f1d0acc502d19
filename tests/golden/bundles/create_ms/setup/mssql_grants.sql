-- dponec setup for load create_ms
-- what the loader may do, for sqlcmd
-- run once by a DBA; `dponec run` never does it silently
-- sqlcmd -b -I -v loader=ROLE
GRANT SELECT, INSERT, UPDATE ON [m'a]]de].[dponec_state] TO [$(loader)];
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::[m'a]]de] TO [$(loader)];
GRANT CREATE TABLE TO [$(loader)];
GRANT SELECT, INSERT, UPDATE, DELETE, ALTER ON SCHEMA::[m'a]]de] TO [$(loader)];
