-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: mssql (source), transaction stage-rows
-- idempotency: transactional
-- why: one pass, constant memory, the vendors' bulk formats
-- params: window_low, window_high
SELECT CONCAT(CONVERT(nvarchar(max), N''), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(20), [OrderId])), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(CONVERT(nvarchar(max), [Status]) COLLATE Latin1_General_100_BIN2, N'\', N'\\'), NCHAR(9), N'\t'), NCHAR(10), N'\n'), NCHAR(13), N'\r'), NCHAR(0), N'\0')), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(34), CONVERT(datetime2(6), [ChangedAt]), 121)), N'\N')) AS [line]
  FROM [sales].[Orders]
 WHERE [OrderId] >= CONVERT(bigint, @window_low)
AND [OrderId] < CONVERT(bigint, @window_high);
