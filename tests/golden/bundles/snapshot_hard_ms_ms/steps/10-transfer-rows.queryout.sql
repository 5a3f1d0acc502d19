-- step transfer-rows (queryout)
-- purpose: stream the source into staging (rows)
-- engine: mssql (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: run_id, fence
SELECT N'=' + [r].[line] AS [line]
  FROM (
SELECT REPLACE(N'[' + CONCAT(CONVERT(nvarchar(max), N''), COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(varchar(20), CONVERT(bigint, [OrderId]))), N'json') + N'"', N'null'), N',', COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(varchar(10), CONVERT(date, [Day]), 23)), N'json') + N'"', N'null'), N',', COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(varchar(34), CONVERT(datetimeoffset(6), [ChangedAt]), 121)), N'json') + N'"', N'null'), N',', COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(varchar(41), CONVERT(decimal(18,2), [Amount]))), N'json') + N'"', N'null'), N',', COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(nvarchar(max), [Status]) COLLATE Latin1_General_100_BIN2), N'json') + N'"', N'null')) + N']' COLLATE Latin1_General_100_BIN2, N'\', N'\\') AS [line]
  FROM [sales].[Orders]) AS [r]
 UNION ALL
SELECT N'#' + [f].[source_rows] + NCHAR(31) + [f].[source_a] + NCHAR(31) + [f].[source_b]
  FROM (
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], N'' AS [source_a], N'' AS [source_b]
  FROM [sales].[Orders]) AS [f]
 UNION ALL
SELECT N'!' + [e].[told] + CONVERT(nvarchar(20), [e].[n]) + [e].[says]
    FROM (SELECT COALESCE(SUM(CONVERT(bigint, CASE WHEN DATEPART(NANOSECOND, [ChangedAt]) % 1000 <> 0 THEN 1 ELSE 0 END)), 0) AS [n0],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ROUND([Amount], 2) <> [Amount] THEN 1 ELSE 0 END)), 0) AS [n1],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN DATALENGTH(CONVERT(nvarchar(max), [Status])) / 2 > 50 THEN 1 ELSE 0 END)), 0) AS [n2]
            FROM [sales].[Orders]) AS [counted]
   CROSS APPLY (VALUES
      (N'column "ChangedAt": ', [counted].[n0], N' values (fractions of a second beyond 6 digits); policy fail'),
      (N'column "Amount": ', [counted].[n1], N' values (digits beyond scale 2); policy fail'),
      (N'column "Status": ', [counted].[n2], N' values (texts of more than 50 UTF-16 units (a character beyond U+FFFF is two)); policy fail')
    ) AS [e] ([told], [n], [says])
   WHERE [e].[n] > 0;
