-- step check-values-rows
-- purpose: count the values that the target cannot hold, in the snapshot of the extraction
-- engine: mssql (source)
-- idempotency: pure
-- why: a value that is cut, rounded or clamped on its way would be lost without a word
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET NOCOUNT, XACT_ABORT ON;
SET LOCK_TIMEOUT 30000;
BEGIN TRY
  DECLARE @dp_message nvarchar(2048);
  DECLARE @dp_found nvarchar(max) = N'';
  SELECT @dp_found = @dp_found + N'; ' + [e].[told] + CONVERT(nvarchar(20), [e].[n]) + [e].[says]
    FROM (SELECT COALESCE(SUM(CONVERT(bigint, CASE WHEN ROUND([float_money], 2) <> [float_money] THEN 1 ELSE 0 END)), 0) AS [n0],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ([float_money] < CONVERT(float, '-9999999999999999.99') OR [float_money] > CONVERT(float, '9999999999999999.99')) THEN 1 ELSE 0 END)), 0) AS [n1],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ROUND([real_money], 4) <> [real_money] THEN 1 ELSE 0 END)), 0) AS [n2],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ([real_money] < CONVERT(float, '-999999999999999.9999') OR [real_money] > CONVERT(float, '999999999999999.9999')) THEN 1 ELSE 0 END)), 0) AS [n3],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ROUND([decimal_int], 0) <> [decimal_int] THEN 1 ELSE 0 END)), 0) AS [n4],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ([decimal_int] < CONVERT(decimal(38,0), '-2147483648') OR [decimal_int] > CONVERT(decimal(38,0), '2147483647')) THEN 1 ELSE 0 END)), 0) AS [n5],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ROUND([money_bigint], 0) <> [money_bigint] THEN 1 ELSE 0 END)), 0) AS [n6],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ([money_bigint] < CONVERT(decimal(38,0), '-9223372036854775808') OR [money_bigint] > CONVERT(decimal(38,0), '9223372036854775807')) THEN 1 ELSE 0 END)), 0) AS [n7],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN CONVERT(VARCHAR(23), TRY_CONVERT(DATETIME, CONVERT(datetime2(7), [fine_datetime])), 121) + '0000' <> CONVERT(VARCHAR(27), CONVERT(datetime2(7), [fine_datetime]), 121) THEN 1 ELSE 0 END)), 0) AS [n8],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN (CONVERT(datetime2(7), [fine_datetime]) < CONVERT(datetime2(7), '1753-01-01 00:00:00', 121) OR CONVERT(datetime2(7), [fine_datetime]) > CONVERT(datetime2(7), '9999-12-31 23:59:59.997', 121)) THEN 1 ELSE 0 END)), 0) AS [n9],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN (DATEPART(SECOND, [fine_small]) <> 0 OR DATEPART(NANOSECOND, [fine_small]) <> 0) THEN 1 ELSE 0 END)), 0) AS [n10],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN (CONVERT(datetime2(7), [fine_small]) < CONVERT(datetime2(7), '1900-01-01 00:00:00', 121) OR CONVERT(datetime2(7), [fine_small]) > CONVERT(datetime2(7), '2079-06-06 23:59:29', 121)) THEN 1 ELSE 0 END)), 0) AS [n11],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN CONVERT(VARCHAR(23), TRY_CONVERT(DATETIME, CONVERT(datetime2(7), SWITCHOFFSET([offset_datetime], '+00:00'))), 121) + '0000' <> CONVERT(VARCHAR(27), CONVERT(datetime2(7), SWITCHOFFSET([offset_datetime], '+00:00')), 121) THEN 1 ELSE 0 END)), 0) AS [n12],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN (CONVERT(datetime2(7), SWITCHOFFSET([offset_datetime], '+00:00')) < CONVERT(datetime2(7), '1753-01-01 00:00:00', 121) OR CONVERT(datetime2(7), SWITCHOFFSET([offset_datetime], '+00:00')) > CONVERT(datetime2(7), '9999-12-31 23:59:59.997', 121)) THEN 1 ELSE 0 END)), 0) AS [n13],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN CONVERT(TIME(7), CONVERT(datetime2(7), SWITCHOFFSET([offset_date], '+00:00'))) <> '00:00:00' THEN 1 ELSE 0 END)), 0) AS [n14],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN CASE WHEN ABS([narrow_float]) > 3.4028234663852886e38 THEN 1 WHEN CONVERT(float, CONVERT(real, CASE WHEN ABS([narrow_float]) > 3.4028234663852886e38 THEN 0 ELSE [narrow_float] END)) <> [narrow_float] THEN 1 ELSE 0 END = 1 THEN 1 ELSE 0 END)), 0) AS [n15],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ([wide_int] < CONVERT(decimal(38,0), '-2147483648') OR [wide_int] > CONVERT(decimal(38,0), '2147483647')) THEN 1 ELSE 0 END)), 0) AS [n16],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN ROUND([money_cents], 2) <> [money_cents] THEN 1 ELSE 0 END)), 0) AS [n17],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN DATEPART(NANOSECOND, [coarse_time]) % 1000000 <> 0 THEN 1 ELSE 0 END)), 0) AS [n18],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN DATALENGTH(CONVERT(nvarchar(max), RTRIM([char_text]))) / 2 > 10 THEN 1 ELSE 0 END)), 0) AS [n19],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN DATALENGTH(CONVERT(nvarchar(max), RTRIM([nchar_text]))) / 2 > 10 THEN 1 ELSE 0 END)), 0) AS [n20],
                 COALESCE(SUM(CONVERT(bigint, CASE WHEN DATALENGTH(CONVERT(nvarchar(max), CONVERT(varchar(41), CONVERT(decimal(19,4), [money_text])))) / 2 > 40 THEN 1 ELSE 0 END)), 0) AS [n21]
            FROM [sales].[pairs]) AS [counted]
   CROSS APPLY (VALUES
      (N'column "float_money": ', [counted].[n0], N' values (digits beyond scale 2); policy fail'),
      (N'column "float_money": ', [counted].[n1], N' values (numbers of more than 16 digits before the point); policy fail'),
      (N'column "real_money": ', [counted].[n2], N' values (digits beyond scale 4); policy fail'),
      (N'column "real_money": ', [counted].[n3], N' values (numbers of more than 15 digits before the point); policy fail'),
      (N'column "decimal_int": ', [counted].[n4], N' values (digits beyond scale 0); policy fail'),
      (N'column "decimal_int": ', [counted].[n5], N' values (numbers out of the range of int32); policy fail'),
      (N'column "money_bigint": ', [counted].[n6], N' values (digits beyond scale 0); policy fail'),
      (N'column "money_bigint": ', [counted].[n7], N' values (numbers out of the range of int64); policy fail'),
      (N'column "fine_datetime": ', [counted].[n8], N' values (times that are no multiple of 1/300 s, which are rounded); policy fail'),
      (N'column "fine_datetime": ', [counted].[n9], N' values (years outside of 1753 to 9999 and infinity); policy fail'),
      (N'column "fine_small": ', [counted].[n10], N' values (seconds, which are rounded to the minute); policy fail'),
      (N'column "fine_small": ', [counted].[n11], N' values (years outside of 1900 to 2079 and infinity); policy fail'),
      (N'column "offset_datetime": ', [counted].[n12], N' values (times that are no multiple of 1/300 s, which are rounded); policy fail'),
      (N'column "offset_datetime": ', [counted].[n13], N' values (years outside of 1753 to 9999 and infinity); policy fail'),
      (N'column "offset_date": ', [counted].[n14], N' values (the time of day); policy fail'),
      (N'column "narrow_float": ', [counted].[n15], N' values (numbers that need double precision, which are rounded); policy fail'),
      (N'column "wide_int": ', [counted].[n16], N' values (numbers out of the range of int32); policy fail'),
      (N'column "money_cents": ', [counted].[n17], N' values (digits beyond scale 2); policy fail'),
      (N'column "coarse_time": ', [counted].[n18], N' values (fractions of a second beyond 3 digits); policy fail'),
      (N'column "char_text": ', [counted].[n19], N' values (texts of more than 10 UTF-16 units (a character beyond U+FFFF is two)); policy fail'),
      (N'column "nchar_text": ', [counted].[n20], N' values (texts of more than 10 UTF-16 units (a character beyond U+FFFF is two)); policy fail'),
      (N'column "money_text": ', [counted].[n21], N' values (texts of more than 40 UTF-16 units (a character beyond U+FFFF is two)); policy fail')
    ) AS [e] ([told], [n], [says])
   WHERE [e].[n] > 0;
  IF @dp_found <> N''
  BEGIN
    SET @dp_message = REPLACE(CONCAT(N'DP524: ', N'values that the target cannot hold', @dp_found, N'; correct them, change the type of the target, or say lossy: null, clamp or text for the column'), N'%', N'%%');
    THROW 50524, @dp_message, 1;
  END;
END TRY
BEGIN CATCH
  IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
