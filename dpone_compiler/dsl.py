"""What a Python manifest imports: `from dpone_compiler.dsl import load, postgres, mssql, col, day`."""

from dpone_compiler.frontends.dsl.arguments import column
from dpone_compiler.frontends.dsl.builder import load
from dpone_compiler.frontends.dsl.conditions import col
from dpone_compiler.frontends.dsl.sides import bigquery, clickhouse, day, hour, kafka, month, mssql, postgres, year

__all__ = [
    "load",
    "postgres",
    "mssql",
    "clickhouse",
    "bigquery",
    "kafka",
    "col",
    "column",
    "hour",
    "day",
    "month",
    "year",
]
