-- dponec setup for load history_run_ms
-- state table and schemas
-- run once by a DBA; `dponec run` never does it silently
SET ANSI_NULLS, ANSI_PADDING, QUOTED_IDENTIFIER ON;
IF OBJECT_ID(N'[dbo].[dponec_state]', N'U') IS NULL
CREATE TABLE [dbo].[dponec_state] (
  [load] nvarchar(400) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
  [fence] bigint NOT NULL DEFAULT 0,
  [lease_owner] nvarchar(36) NULL,
  [lease_until] datetime2(3) NULL,
  [lease_backend] int NULL,
  [attempt] bigint NOT NULL DEFAULT 0,
  [run_id] nvarchar(36) NULL,
  [phase] nvarchar(20) NOT NULL DEFAULT N'idle' CHECK ([phase] IN (N'idle', N'open', N'staged', N'committed', N'done')),
  [fingerprint] nvarchar(200) NULL,
  [window_low] nvarchar(200) NULL,
  [window_high] nvarchar(200) NULL,
  [partitions] nvarchar(max) NULL,
  [rows_staged] bigint NULL,
  [digest] nvarchar(200) NULL,
  [watermark] nvarchar(200) NOT NULL DEFAULT N'',
  [committed_run_id] nvarchar(36) NULL,
  [rows_applied] bigint NULL,
  [adopted] bit NOT NULL DEFAULT 0,
  [target] nvarchar(max) NULL,
  [source] nvarchar(max) NULL,
  [updated_at] datetime2(3) NOT NULL DEFAULT SYSUTCDATETIME()
);
