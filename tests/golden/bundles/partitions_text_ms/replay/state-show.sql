-- dponec state show: load partitions_text_ms
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  SELECT [load], [phase], [watermark], CONVERT(nvarchar(20), [fence]) AS [fence], CONVERT(nvarchar(20), [attempt]) AS [attempt],
         [run_id], [committed_run_id], [window_low], [window_high], [partitions],
         CONVERT(nvarchar(20), [rows_staged]) AS [rows_staged], CONVERT(nvarchar(20), [rows_applied]) AS [rows_applied], [digest],
         [fingerprint], [target], [source], CASE WHEN [adopted] = 1 THEN N'true' ELSE N'false' END AS [adopted], [lease_owner],
         CONVERT(nvarchar(23), [lease_until], 121) AS [lease_until], CONVERT(nvarchar(23), [updated_at], 121) AS [updated_at]
    FROM [dbo].[dponec_state] WHERE [load] = N'partitions_text_ms';
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
