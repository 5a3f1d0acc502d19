-- dponec state staging: load evolve_ms
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  SELECT o.[name], CONVERT(nvarchar(20), SUM(p.[rows])) AS [rows]
    FROM sys.tables AS o
   INNER JOIN sys.partitions AS p ON p.[object_id] = o.[object_id] AND p.index_id IN (0, 1)
   WHERE o.[schema_id] = SCHEMA_ID(N'dbo') AND o.[name] IN (N'orders__dponec_d29683a0_rows', N'orders__dponec_d29683a0_delta', N'orders__dponec_d29683a0_left', N'orders__dponec_d29683a0_changes', N'orders__dponec_d29683a0_versions')
   GROUP BY o.[name]
   ORDER BY o.[name];
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
