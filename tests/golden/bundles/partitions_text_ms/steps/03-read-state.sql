-- step read-state
-- purpose: read watermark, unfinished attempt and lease
-- engine: mssql (target)
-- idempotency: pure
-- why: the target is the only journal that survives every crash
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  DECLARE @dp_owner nvarchar(255), @dp_backend int, @dp_alive nvarchar(1);
  SELECT @dp_owner = CONCAT(N'dponec.lease:', [lease_owner]), @dp_backend = [lease_backend]
    FROM [dbo].[dponec_state] WHERE [load] = N'partitions_text_ms';
  SET @dp_alive = CASE WHEN @dp_backend IS NULL THEN N''
                       WHEN APPLOCK_TEST(N'public', @dp_owner, N'Exclusive', N'Session') = 1 THEN N'0' ELSE N'1' END;
  SELECT COALESCE(s.[phase], N'idle') AS [phase],
         COALESCE(s.[run_id], N'') AS [attempt_run_id],
         COALESCE(s.[fingerprint], N'') AS [attempt_fingerprint],
         COALESCE(s.[window_low], N'') AS [attempt_low],
         COALESCE(s.[window_high], N'') AS [attempt_high],
         COALESCE(s.[partitions], N'') AS [attempt_partitions],
         CONVERT(nvarchar(20), COALESCE(s.[rows_staged], 0)) AS [rows_staged],
         COALESCE(s.[digest], N'') AS [digest],
         COALESCE(s.[watermark], N'') AS [watermark],
         CONVERT(nvarchar(20), COALESCE(s.[fence], 0)) AS [fence],
         COALESCE(s.[lease_owner], N'') AS [lease_owner],
         CONVERT(nvarchar(20), COALESCE(DATEDIFF(second, SYSUTCDATETIME(), s.[lease_until]), 0)) AS [lease_seconds],
         @dp_alive AS [lease_alive],
         CASE WHEN EXISTS (SELECT 1 FROM [dbo].[orders]) THEN N'0' ELSE N'1' END AS [target_empty],
         CASE WHEN s.[adopted] = 1 THEN N'1' ELSE N'0' END AS [adopted],
         CASE WHEN s.[target] <> N'"dbo"."orders"' COLLATE Latin1_General_100_BIN2 THEN N'1' ELSE N'0' END AS [elsewhere]
    FROM (SELECT N'partitions_text_ms' AS [load]) AS o
    LEFT JOIN [dbo].[dponec_state] AS s ON s.[load] = o.[load];
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
