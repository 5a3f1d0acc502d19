-- step transfer-rows (queryout)
-- purpose: stream the source into staging (rows)
-- engine: mssql (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
SELECT N'=' + [r].[line] AS [line]
  FROM (
SELECT CONCAT(CONVERT(nvarchar(max), N''), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(20), [OrderId])), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(CONVERT(nvarchar(max), [Status]) COLLATE Latin1_General_100_BIN2, N'\', N'\\'), NCHAR(9), N'\t'), NCHAR(10), N'\n'), NCHAR(13), N'\r'), NCHAR(0), N'\0')), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(34), CONVERT(datetime2(6), [ChangedAt]), 121)), N'\N')) AS [line]
  FROM [sales].[Orders]
 WHERE [OrderId] >= CONVERT(bigint, @window_low)
AND [OrderId] < CONVERT(bigint, @window_high)) AS [r]
 UNION ALL
SELECT N'#' + [f].[source_rows] + NCHAR(31) + [f].[source_a] + NCHAR(31) + [f].[source_b]
  FROM (
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 1, 4)))), 0)) AS [source_a], CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 5, 4)))), 0)) AS [source_b]
  FROM (
    SELECT HASHBYTES('MD5', CONCAT(CONVERT(varchar(max), ''), COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c0])) + ':' + [v].[c0], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c1])) + ':' + [v].[c1], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c2])) + ':' + [v].[c2], 'N'), '')) AS [h]
      FROM (SELECT CONVERT(varchar(20), [OrderId]) AS [c0],
                   CONVERT(varchar(max), CONVERT(nvarchar(max), [Status]) COLLATE Latin1_General_100_BIN2_UTF8) AS [c1],
                   CONVERT(varchar(20), DATEDIFF_BIG(MICROSECOND, CAST(CONVERT(DATETIME2(6), '19700101') AS DATETIME2), CAST(CONVERT(DATETIME2(6), CONVERT(datetime2(6), [ChangedAt])) AS DATETIME2))) AS [c2]
              FROM [sales].[Orders]
 WHERE [OrderId] >= CONVERT(bigint, @window_low)
AND [OrderId] < CONVERT(bigint, @window_high)) AS [v]
  ) AS [d]) AS [f]
 UNION ALL
SELECT N'!' + [e].[told] + CONVERT(nvarchar(20), [e].[n]) + [e].[says]
    FROM (SELECT COALESCE(SUM(CONVERT(bigint, CASE WHEN CHARINDEX(NCHAR(0), CONVERT(nvarchar(max), [Status]) COLLATE Latin1_General_100_BIN2) > 0 THEN 1 ELSE 0 END)), 0) AS [n0],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN DATEPART(NANOSECOND, [ChangedAt]) % 1000 <> 0 THEN 1 ELSE 0 END)), 0) AS [n1]
            FROM [sales].[Orders]
 WHERE [OrderId] >= CONVERT(bigint, @window_low)
AND [OrderId] < CONVERT(bigint, @window_high)) AS [counted]
   CROSS APPLY (VALUES
      (N'column "Status": ', [counted].[n0], N' values (texts with U+0000); policy fail'),
      (N'column "ChangedAt": ', [counted].[n1], N' values (fractions of a second beyond 6 digits); policy fail')
    ) AS [e] ([told], [n], [says])
   WHERE [e].[n] > 0;
