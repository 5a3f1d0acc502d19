-- step fingerprint-source
-- purpose: count and digest what will be read, in its snapshot
-- engine: mssql (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: window_low, window_high
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 1, 4)))), 0)) AS [source_a], CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 5, 4)))), 0)) AS [source_b]
  FROM (
    SELECT HASHBYTES('MD5', CONCAT(CONVERT(varchar(max), ''), COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c0])) + ':' + [v].[c0], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c1])) + ':' + [v].[c1], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c2])) + ':' + [v].[c2], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c3])) + ':' + [v].[c3], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c4])) + ':' + [v].[c4], 'N'), '')) AS [h]
      FROM (SELECT CONVERT(varchar(20), CONVERT(bigint, [OrderId])) AS [c0],
                   CONVERT(varchar(10), CONVERT(date, [Day]), 23) AS [c1],
                   CONVERT(varchar(27), CONVERT(datetime2(7), SWITCHOFFSET(CONVERT(datetimeoffset(6), [ChangedAt]), '+00:00')), 121) AS [c2],
                   CONVERT(varchar(41), CONVERT(decimal(18,2), [Amount])) AS [c3],
                   CASE WHEN CONVERT(nvarchar(max), CONVERT(nvarchar(max), [Status])) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), CONVERT(nvarchar(max), [Status]))), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), CONVERT(nvarchar(max), [Status]))) END COLLATE Latin1_General_100_BIN2 AS [c4]
              FROM [sales].[Orders]
 WHERE [Day] >= CASE
  WHEN @window_low = N'-infinity'
  THEN CONVERT(date, N'0001-01-01', 23)
  ELSE CONVERT(date, @window_low, 23)
END
AND [Day] < CASE
  WHEN @window_high = N'-infinity'
  THEN CONVERT(date, N'0001-01-01', 23)
  ELSE CONVERT(date, @window_high, 23)
END) AS [v]
  ) AS [d];
