-- step transfer-rows (extract)
-- purpose: stream the source into staging (rows)
-- engine: mssql (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: run_id, fence
SELECT REPLACE(N'[' + CONCAT(CONVERT(nvarchar(max), N''), COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(varchar(20), CONVERT(bigint, [OrderId]))), N'json') + N'"', N'null'), N',', COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(varchar(10), CONVERT(date, [Day]), 23)), N'json') + N'"', N'null'), N',', COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(varchar(34), CONVERT(datetimeoffset(6), [ChangedAt]), 121)), N'json') + N'"', N'null'), N',', COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(varchar(41), CONVERT(decimal(18,2), [Amount]))), N'json') + N'"', N'null'), N',', COALESCE(N'"' + STRING_ESCAPE(CONVERT(nvarchar(max), CONVERT(nvarchar(max), [Status]) COLLATE Latin1_General_100_BIN2), N'json') + N'"', N'null')) + N']' COLLATE Latin1_General_100_BIN2, N'\', N'\\') AS [line]
  FROM [sales].[Orders];
