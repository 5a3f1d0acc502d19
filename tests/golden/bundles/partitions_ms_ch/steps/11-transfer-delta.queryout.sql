-- step transfer-delta (queryout)
-- purpose: stream the source into staging (delta)
-- engine: mssql (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-delta
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, staging_delta
SELECT N'=' + [r].[line] AS [line]
  FROM (
SELECT CONCAT(CONVERT(nvarchar(max), N''), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(20), [OrderId])), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(10), [Day], 23)), N'\N')) AS [line]
  FROM [sales].[Orders]
 WHERE [ChangedAt] >= CASE
  WHEN @window_low = N'-infinity'
  THEN CONVERT(datetime2(7), N'0001-01-01', 121)
  ELSE CONVERT(datetime2(7), @window_low, 121)
END
AND [ChangedAt] < CASE
  WHEN @window_high = N'-infinity'
  THEN CONVERT(datetime2(7), N'0001-01-01', 121)
  ELSE CONVERT(datetime2(7), @window_high, 121)
END) AS [r]
 UNION ALL
SELECT N'#' + [f].[source_rows] + NCHAR(31) + [f].[source_a] + NCHAR(31) + [f].[source_b]
  FROM (
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], N'' AS [source_a], N'' AS [source_b]
  FROM [sales].[Orders]
 WHERE [ChangedAt] >= CASE
  WHEN @window_low = N'-infinity'
  THEN CONVERT(datetime2(7), N'0001-01-01', 121)
  ELSE CONVERT(datetime2(7), @window_low, 121)
END
AND [ChangedAt] < CASE
  WHEN @window_high = N'-infinity'
  THEN CONVERT(datetime2(7), N'0001-01-01', 121)
  ELSE CONVERT(datetime2(7), @window_high, 121)
END) AS [f]
 UNION ALL
SELECT N'!' + [e].[told] + CONVERT(nvarchar(20), [e].[n]) + [e].[says]
    FROM (SELECT COALESCE(SUM(CONVERT(bigint, CASE WHEN ([Day] < CONVERT(date, '1900-01-01') OR [Day] > CONVERT(date, '2299-12-31')) THEN 1 ELSE 0 END)), 0) AS [n0]
            FROM [sales].[Orders]
 WHERE [ChangedAt] >= CASE
  WHEN @window_low = N'-infinity'
  THEN CONVERT(datetime2(7), N'0001-01-01', 121)
  ELSE CONVERT(datetime2(7), @window_low, 121)
END
AND [ChangedAt] < CASE
  WHEN @window_high = N'-infinity'
  THEN CONVERT(datetime2(7), N'0001-01-01', 121)
  ELSE CONVERT(datetime2(7), @window_high, 121)
END) AS [counted]
   CROSS APPLY (VALUES
      (N'column "Day": ', [counted].[n0], N' values (dates outside of 1900-01-01 to 2299-12-31 (and infinity)); policy fail')
    ) AS [e] ([told], [n], [says])
   WHERE [e].[n] > 0;
