-- dponec setup for load merge_ch
-- what the loader may do; clickhouse-client --multiquery
-- run once by a DBA; `dponec run` never does it silently
-- Needs access management. Then: GRANT dponec_loader TO the user of the connection.
CREATE ROLE IF NOT EXISTS dponec_loader;
GRANT SELECT, INSERT ON `dwh`.`dponec_state` TO dponec_loader;
GRANT SELECT ON `system`.`tables` TO dponec_loader;
GRANT SELECT ON `system`.`columns` TO dponec_loader;
GRANT SELECT ON `system`.`parts` TO dponec_loader;
GRANT SELECT, INSERT, ALTER DELETE ON `dwh`.`orders` TO dponec_loader;
-- Staging is in the target's database, so the loader may drop any table there; sink.staging names another one.
GRANT SELECT, INSERT, CREATE TABLE, DROP TABLE, ALTER DELETE ON `dwh`.* TO dponec_loader;
