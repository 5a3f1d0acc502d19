-- step fingerprint-source
-- purpose: count and digest what will be read, in its snapshot
-- engine: mssql (source)
-- idempotency: pure
-- why: a source that is asked again later has changed
-- params: partitions
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
  ) AS [d];
