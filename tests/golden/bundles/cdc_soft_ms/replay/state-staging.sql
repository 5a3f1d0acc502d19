-- dponec state staging: load cdc_soft_ms
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  SELECT o.[name], CONVERT(nvarchar(20), SUM(p.[rows])) AS [rows]
    FROM sys.tables AS o
   INNER JOIN sys.partitions AS p ON p.[object_id] = o.[object_id] AND p.index_id IN (0, 1)
   WHERE o.[schema_id] = SCHEMA_ID(N'staging') AND o.[name] IN (N'notes__dponec_96ef70bc_rows', N'notes__dponec_96ef70bc_delta', N'notes__dponec_96ef70bc_left', N'notes__dponec_96ef70bc_changes', N'notes__dponec_96ef70bc_versions')
   GROUP BY o.[name]
   ORDER BY o.[name];
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
