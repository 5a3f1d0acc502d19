"""Tests of T-SQL text. There is no SQL Server here, so Microsoft's own parser stands between the text and a real one."""
