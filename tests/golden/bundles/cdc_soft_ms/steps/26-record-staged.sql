-- step record-staged
-- purpose: note in the state row that staging is proved
-- engine: mssql (target), transaction prove
-- idempotency: transactional
-- why: from here on the run can be finished without the source
-- params: run_id, fence
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: this step belongs to an open transaction of its plan', 1;
  DECLARE @dp_staged bigint, @dp_digest varchar(80);
  SET @dp_digest = CONVERT(varchar(80), SESSION_CONTEXT(N'dponec.proved_rows'));
  IF @dp_digest IS NULL
  BEGIN
  SELECT @dp_staged = COUNT_BIG(*), @dp_digest = CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 1, 4)))), 0)) + ':' + CONVERT(varchar(38), COALESCE(SUM(CONVERT(decimal(38,0), CONVERT(bigint, SUBSTRING([d].[h], 5, 4)))), 0))
    FROM (
    SELECT HASHBYTES('MD5', CONCAT(CONVERT(varchar(max), ''), COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c0])) + ':' + [v].[c0], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c1])) + ':' + [v].[c1], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c2])) + ':' + [v].[c2], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c3])) + ':' + [v].[c3], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c4])) + ':' + [v].[c4], 'N'),
           COALESCE('V' + CONVERT(varchar(20), DATALENGTH([v].[c5])) + ':' + [v].[c5], 'N'), '')) AS [h]
      FROM [staging].[notes__dponec_96ef70bc_rows] AS [s]
     CROSS APPLY (SELECT CONVERT(varchar(20), [s].[id]) AS [c0],
       CASE WHEN CONVERT(nvarchar(max), [s].[status]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[status])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[status])) END COLLATE Latin1_General_100_BIN2 AS [c1],
       CASE WHEN CONVERT(nvarchar(max), [s].[body]) LIKE N'%[^ -~]%' COLLATE Latin1_General_100_BIN2 THEN '#' + CONVERT(varchar(max), CONVERT(varbinary(max), CONVERT(nvarchar(max), [s].[body])), 2) ELSE '=' + CONVERT(varchar(max), CONVERT(nvarchar(max), [s].[body])) END COLLATE Latin1_General_100_BIN2 AS [c2],
       CONVERT(varchar(41), [s].[amount]) AS [c3],
       CONVERT(varchar(27), CONVERT(datetime2(7), SWITCHOFFSET([s].[at], '+00:00')), 121) AS [c4],
       CONVERT(varchar(20), [s].[gone]) AS [c5]) AS [v]
  ) AS [d];
  END
  ELSE
    SELECT @dp_staged = COUNT_BIG(*) FROM [staging].[notes__dponec_96ef70bc_rows];
  UPDATE [dbo].[dponec_state]
     SET [phase] = N'staged', [rows_staged] = @dp_staged, [digest] = @dp_digest, [updated_at] = SYSUTCDATETIME()
   WHERE [load] = N'cdc_soft_ms' AND [fence] = CONVERT(bigint, @fence) AND [lease_owner] = @run_id
     AND [run_id] = @run_id AND [phase] IN (N'open', N'staged');
  IF ROWCOUNT_BIG() <> 1
    THROW 50410, N'DP410: another run holds the lease of this load now, so this one may not write; nothing was kept', 1;
  SELECT CONVERT(nvarchar(20), @dp_staged) AS [rows_staged];
  IF @@TRANCOUNT <> 1 THROW 50424, N'DP424: the transaction of this step has ended before its time', 1;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
