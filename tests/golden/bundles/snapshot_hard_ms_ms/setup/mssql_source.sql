-- dponec setup for load snapshot_hard_ms_ms
-- what the reader may see, for sqlcmd
-- run once by a DBA; `dponec run` never does it silently
-- reader=ROLE sqlcmd -b -I -i THIS_FILE: variables come from the environment; on Windows -v reader=ROLE does the same
GRANT SELECT ON [sales].[Orders] TO [$(reader)];
