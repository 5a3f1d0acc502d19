"""SQL Server: full_refresh, append, merge and partition_replace in one transaction with their state. See docs/adr/0003."""

from dpone_compiler.backends.mssql.backend import BACKEND

__all__ = ["BACKEND"]
