-- dponec setup for load partitions_ms_ch
-- what the reader may see, for sqlcmd
-- run once by a DBA; `dponec run` never does it silently
-- sqlcmd -b -I -v reader=ROLE
GRANT SELECT ON [sales].[Orders] TO [$(reader)];
