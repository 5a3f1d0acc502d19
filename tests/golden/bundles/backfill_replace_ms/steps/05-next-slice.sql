-- step next-slice
-- purpose: take the first slice that is not recorded as loaded
-- engine: mssql (target)
-- idempotency: pure
-- why: what is loaded is recorded with its data, so an interrupted backfill goes on where it stopped
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  SELECT TOP (1) [s].[window_low], [s].[window_high], CONVERT(nvarchar(20), COUNT_BIG(*) OVER () - 1) AS [slices_left]
    FROM (VALUES
      (1, N'0', N'1000'),
      (2, N'1000', N'2000'),
      (3, N'2000', N'2500')
    ) AS [s] ([number], [window_low], [window_high])
   WHERE NOT EXISTS (SELECT 1 FROM [dbo].[dponec_slices] AS [d]
                      WHERE [d].[load] = N'backfill_replace_ms' AND [d].[backfill] = N'replace by id: "shop"."orders" into "dbo"."orders"'
                        AND [d].[window_low] = [s].[window_low] AND [d].[window_high] = [s].[window_high])
   ORDER BY [s].[number];
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
