-- step transfer-rows (queryout)
-- purpose: stream the source into staging (rows)
-- engine: mssql (source)
-- idempotency: idempotent-as-a-unit, repeat from clear-rows
-- why: one pass, constant memory, the vendors' bulk formats
-- params: partitions, staging_rows
SELECT N'=' + [r].[line] AS [line]
  FROM (
SELECT CONCAT(CONVERT(nvarchar(max), N''), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(20), [OrderId])), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(10), [Day], 23)), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(34), CONVERT(datetime2(6), [ChangedAt]), 121)), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), CONVERT(varchar(41), CONVERT(decimal(38,2), [Amount]))), N'\N'), NCHAR(9), COALESCE(CONVERT(nvarchar(max), REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(CONVERT(nvarchar(max), [Status]) COLLATE Latin1_General_100_BIN2, N'\', N'\\'), NCHAR(9), N'\t'), NCHAR(10), N'\n'), NCHAR(13), N'\r'), NCHAR(0), N'\0')), N'\N')) AS [line]
  FROM [sales].[Orders]
 WHERE EXISTS(
  SELECT
    1
  FROM OPENJSON(@partitions) AS j
  WHERE
    [Day] >= CONVERT(date, j.[value], 23)
    AND [Day] < DATEADD(MONTH, 1, CONVERT(date, j.[value], 23))
)) AS [r]
 UNION ALL
SELECT N'#' + [f].[source_rows] + NCHAR(31) + [f].[source_a] + NCHAR(31) + [f].[source_b]
  FROM (
SELECT CONVERT(nvarchar(20), COUNT_BIG(*)) AS [source_rows], CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 1, 4)))), 0)) AS [source_a], CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 5, 4)))), 0)) AS [source_b]
  FROM (
    SELECT HASHBYTES('MD5', CONCAT(CONVERT(varchar(max), ''), COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c0])) + ':' + [v].[c0], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c1])) + ':' + [v].[c1], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c2])) + ':' + [v].[c2], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c3])) + ':' + [v].[c3], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c4])) + ':' + [v].[c4], 'N'), '')) AS [h]
      FROM (SELECT CONVERT(varchar(20), [OrderId]) AS [c0],
                   CONVERT(varchar(12), DATEDIFF(DAY, CAST(CONVERT(DATE, '19700101') AS DATETIME2), CAST([Day] AS DATETIME2))) AS [c1],
                   CONVERT(varchar(20), DATEDIFF_BIG(MICROSECOND, CAST(CONVERT(DATETIME2(6), '19700101') AS DATETIME2), CAST(CONVERT(DATETIME2(6), CONVERT(datetime2(6), [ChangedAt])) AS DATETIME2))) AS [c2],
                   REPLACE(RTRIM(REPLACE(REPLACE(RTRIM(REPLACE(CONVERT(varchar(41), CONVERT(decimal(38,2), [Amount])), '0', ' ')), ' ', '0'), '.', ' ')), ' ', '.') AS [c3],
                   CONVERT(varchar(max), CONVERT(nvarchar(max), [Status]) COLLATE Latin1_General_100_BIN2_UTF8) AS [c4]
              FROM [sales].[Orders]
 WHERE EXISTS(
  SELECT
    1
  FROM OPENJSON(@partitions) AS j
  WHERE
    [Day] >= CONVERT(date, j.[value], 23)
    AND [Day] < DATEADD(MONTH, 1, CONVERT(date, j.[value], 23))
)) AS [v]
  ) AS [d]) AS [f]
 UNION ALL
SELECT N'!' + [e].[told] + CONVERT(nvarchar(20), [e].[n]) + [e].[says]
    FROM (SELECT COALESCE(SUM(CONVERT(bigint, CASE WHEN ([Day] < CONVERT(date, '1900-01-01') OR [Day] > CONVERT(date, '2299-12-31')) THEN 1 ELSE 0 END)), 0) AS [n0],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN (CONVERT(datetime2(7), [ChangedAt]) < CONVERT(datetime2(7), '1900-01-01 00:00:00', 121) OR CONVERT(datetime2(7), [ChangedAt]) > CONVERT(datetime2(7), '2299-12-31 23:59:59.999999', 121)) THEN 1 ELSE 0 END)), 0) AS [n1],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN DATEPART(NANOSECOND, [ChangedAt]) % 1000 <> 0 THEN 1 ELSE 0 END)), 0) AS [n2],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ROUND([Amount], 2) <> [Amount] THEN 1 ELSE 0 END)), 0) AS [n3]
            FROM [sales].[Orders]
 WHERE EXISTS(
  SELECT
    1
  FROM OPENJSON(@partitions) AS j
  WHERE
    [Day] >= CONVERT(date, j.[value], 23)
    AND [Day] < DATEADD(MONTH, 1, CONVERT(date, j.[value], 23))
)) AS [counted]
   CROSS APPLY (VALUES
      (N'column "Day": ', [counted].[n0], N' values (dates outside of 1900-01-01 to 2299-12-31 (and infinity)); policy fail'),
      (N'column "ChangedAt": ', [counted].[n1], N' values (instants outside of 1900-01-01 to 2299-12-31 (and infinity)); policy fail'),
      (N'column "ChangedAt": ', [counted].[n2], N' values (digits after decimal place 6 of a second); policy fail'),
      (N'column "Amount": ', [counted].[n3], N' values (digits after decimal place 2); policy fail')
    ) AS [e] ([told], [n], [says])
   WHERE [e].[n] > 0;
