"""Scheme to session; a driver is imported only when a connection of its own is opened."""

from collections.abc import Mapping
from types import MappingProxyType

from dpone_compiler.runtime.connections.resolve import ConnectionProblem, ConnectionUrl
from dpone_compiler.runtime.connections.session import Session

NO_LIMITS: Mapping[str, str] = MappingProxyType({})
_INSTALL = {
    "psycopg": 'pip install "dpone-compiler[postgres]"',
    "clickhouse_driver": 'pip install "dpone-compiler[clickhouse]"',
    "pyodbc": 'pip install "dpone-compiler[mssql]"',
    "chdb": 'pip install "dpone-compiler[embedded]"',
}


def open_session(url: ConnectionUrl, *, limits: Mapping[str, str] = NO_LIMITS) -> Session:
    """Connect. `limits` are session settings of the engine, such as lock_timeout or max_execution_time."""
    try:
        return _open(url, limits)
    except ModuleNotFoundError as error:
        help = _INSTALL.get(error.name or "")
        if help is None:
            raise
        problem = f"connection '{url.connection_id}' needs the driver {error.name}, which is not installed"
        raise ConnectionProblem("DP606", problem, help) from None


def _open(url: ConnectionUrl, limits: Mapping[str, str]) -> Session:
    match url.scheme:
        case "postgresql" | "postgres":
            from dpone_compiler.runtime.connections.postgres import PostgresSession

            return PostgresSession(url, limits)
        case "clickhouse+http" | "clickhouse+https":
            from dpone_compiler.runtime.connections.clickhouse_http import ClickHouseHttpSession

            return ClickHouseHttpSession(url, limits)
        case "clickhouse":
            from dpone_compiler.runtime.connections.clickhouse_native import ClickHouseNativeSession

            return ClickHouseNativeSession(url, limits)
        case "mssql" | "sqlserver":
            return _mssql(url, limits)
        case "chdb":
            from dpone_compiler.runtime.connections.chdb import ChdbSession

            return ChdbSession(url, limits)
        case _:
            known = "postgresql, mssql, clickhouse, clickhouse+http, chdb"
            problem = f"connection '{url.connection_id}' has the scheme '{url.scheme}', which dponec cannot open"
            raise ConnectionProblem("DP607", problem, f"known: {known}")


def _mssql(url: ConnectionUrl, limits: Mapping[str, str]) -> Session:
    try:
        from dpone_compiler.runtime.connections.mssql import MssqlSession
    except ModuleNotFoundError:
        raise
    except ImportError:  # pyodbc is there, and the driver manager that it is linked with is not
        problem = f"connection '{url.connection_id}' needs unixODBC (libodbc.so.2), which is not installed"
        raise ConnectionProblem("DP606", problem, "apt-get install unixodbc") from None
    return MssqlSession(url, limits)
