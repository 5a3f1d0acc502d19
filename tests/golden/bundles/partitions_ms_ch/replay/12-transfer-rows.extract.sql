-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: mssql (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: partitions, staging_rows
SELECT CONCAT(CONVERT(nvarchar(max), N''), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(20), [OrderId])), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(10), [Day], 23)), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(34), CONVERT(datetime2(6), [ChangedAt]), 121)), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(41), CONVERT(decimal(38,2), [Amount]))), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(CONVERT(nvarchar(max), [Status]) COLLATE Latin1_General_100_BIN2, N'\', N'\\'), NCHAR(9), N'\t'), NCHAR(10), N'\n'), NCHAR(13), N'\r'), NCHAR(0), N'\0')), N'\N')) AS [line]
  FROM [sales].[Orders]
 WHERE EXISTS(
  SELECT
    1
  FROM OPENJSON(@partitions) AS j
  WHERE
    [Day] >= CONVERT(date, j.[value], 23)
    AND [Day] < DATEADD(MONTH, 1, CONVERT(date, j.[value], 23))
);
