-- step transfer-delta (extract)
-- purpose: stream the source into staging (delta)
-- engine: mssql (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-delta
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high, staging_delta
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
END;
