-- dponec state staging: load switch_ms
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  SELECT o.[name], CONVERT(nvarchar(20), SUM(p.[rows])) AS [rows]
    FROM sys.tables AS o
   INNER JOIN sys.partitions AS p ON p.[object_id] = o.[object_id] AND p.index_id IN (0, 1)
   WHERE o.[schema_id] = SCHEMA_ID(N'dbo') AND o.[name] IN (N'orders_months__dponec_03d937f4_rows', N'orders_months__dponec_03d937f4_delta', N'orders_months__dponec_03d937f4_left', N'orders_months__dponec_03d937f4_changes', N'orders_months__dponec_03d937f4_versions')
   GROUP BY o.[name]
   ORDER BY o.[name];
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
