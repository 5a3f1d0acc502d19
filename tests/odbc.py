"""Where the two ODBC drivers for SQL Server are. There is no server, so they are tried as far as a connection goes."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

_FREETDS = Path("/usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so")


def freetds() -> Path | None:
    """FreeTDS's driver, of Debian's tdsodbc."""
    return _FREETDS if _FREETDS.is_file() else None


def microsoft() -> Path | None:
    """Microsoft's driver, out of the wheel mssql-python-odbc."""
    spec = find_spec("mssql_python_odbc")
    places = list(spec.submodule_search_locations or ()) if spec else []
    found = sorted(Path(places[0]).glob("libs/linux/debian_ubuntu/x86_64/lib/libmsodbcsql-*.so*")) if places else []
    return found[-1] if found else None


def freetds_version() -> str | None:
    """Something to show, or None."""
    return "(connection only)" if freetds() and _manager() else None


def microsoft_version() -> str | None:
    """Something to show, or None."""
    try:
        return f"{version('mssql-python-odbc')} (connection only)" if microsoft() and _manager() else None
    except PackageNotFoundError:
        return None


def _manager() -> bool:
    """pyodbc is linked with unixODBC, which is Debian's."""
    try:
        import pyodbc
    except ImportError:
        return False
    return bool(pyodbc.version)
