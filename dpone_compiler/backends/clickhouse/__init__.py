"""ClickHouse as a target: two profiles (18.16 and 23.12 or newer), one backend value."""

from dpone_compiler.backends.clickhouse.backend import BACKEND

__all__ = ["BACKEND"]
