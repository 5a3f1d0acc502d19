-- step check-staged-rows
-- purpose: staging holds what the source sent
-- engine: mssql (target), transaction prove
-- idempotency: pure
-- why: a stream that was cut or changed must not reach the target
-- params: source_rows, source_a, source_b
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_staged bigint, @dp_digest varchar(80);
  SELECT @dp_staged = COUNT_BIG(*), @dp_digest = CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 1, 4)))), 0)) + ':' + CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 5, 4)))), 0))
    FROM (
    SELECT HASHBYTES('MD5', CONCAT(CONVERT(varchar(max), ''), COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c0])) + ':' + [v].[c0], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c1])) + ':' + [v].[c1], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c2])) + ':' + [v].[c2], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c3])) + ':' + [v].[c3], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c4])) + ':' + [v].[c4], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c5])) + ':' + [v].[c5], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c6])) + ':' + [v].[c6], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c7])) + ':' + [v].[c7], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c8])) + ':' + [v].[c8], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c9])) + ':' + [v].[c9], 'N'), '')) AS [h]
      FROM [staging].[notes__dponec_96ef70bc_changes] AS [s]
     CROSS APPLY (SELECT CONVERT(varchar(20), [s].[id]) AS [c0],
       CASE WHEN CONVERT(nvarchar(max), [s].[status]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[status])) END COLLATE Latin1_General_100_BIN2 AS [c1],
       CASE WHEN CONVERT(nvarchar(max), [s].[body]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[body])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[body])) END COLLATE Latin1_General_100_BIN2 AS [c2],
       CONVERT(varchar(41), [s].[amount]) AS [c3],
       CONVERT(varchar(27), CONVERT(datetime2(7), SWITCHOFFSET([s].[at], '+00:00')), 121) AS [c4],
       CASE WHEN CONVERT(nvarchar(max), [s].[__dponec_op]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[__dponec_op])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[__dponec_op])) END COLLATE Latin1_General_100_BIN2 AS [c5],
       CONVERT(varchar(20), [s].[__dponec_order]) AS [c6],
       CASE WHEN CONVERT(nvarchar(max), [s].[__dponec_kept]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[__dponec_kept])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[__dponec_kept])) END COLLATE Latin1_General_100_BIN2 AS [c7],
       CASE WHEN CONVERT(nvarchar(max), [s].[__dponec_unchanged]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[__dponec_unchanged])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[__dponec_unchanged])) END COLLATE Latin1_General_100_BIN2 AS [c8],
       CONVERT(varchar(20), [s].[__dponec_old_0]) AS [c9]) AS [v]
  ) AS [d];
  IF @dp_staged <> CONVERT(bigint, @source_rows)
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP501: ', N'the source sent ', @source_rows, N' rows, staging holds ', @dp_staged, N'; nothing reached the target; run again'), N'%', N'%%');
    THROW 50501, @dp_message, 1;
  END;
  IF @dp_digest <> CONCAT(@source_a, ':', @source_b)
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP501: ', N'staging holds as many rows as the source sent, and not the same ones', N'; a value changed on its way: see the types in plan.md for the columns that may lose something'), N'%', N'%%');
    THROW 50501, @dp_message, 1;
  END;
  EXEC sys.sp_set_session_context @key = N'dponec.proved_changes', @value = @dp_digest;
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
