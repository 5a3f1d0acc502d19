-- dponec state staging: load pairs_ms_ms
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  SELECT o.[name], CONVERT(nvarchar(20), SUM(p.[rows])) AS [rows]
    FROM sys.tables AS o
   INNER JOIN sys.partitions AS p ON p.[object_id] = o.[object_id] AND p.index_id IN (0, 1)
   WHERE o.[schema_id] = SCHEMA_ID(N'staging') AND o.[name] IN (N'pairs__dponec_5d29be77_rows', N'pairs__dponec_5d29be77_delta', N'pairs__dponec_5d29be77_left', N'pairs__dponec_5d29be77_changes', N'pairs__dponec_5d29be77_versions')
   GROUP BY o.[name]
   ORDER BY o.[name];
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
