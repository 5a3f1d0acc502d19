"""From a connection's URL to an ODBC connection string: words in braces, nothing of it ever shown.

`mssql://user:password@host:1433/database?driver=ODBC+Driver+18+for+SQL+Server&Encrypt=yes`. `driver` is the name of an installed
driver or the path of its library; every other key is the driver's own. Without a user the login is Kerberos (Trusted_Connection).
https://learn.microsoft.com/en-us/sql/connect/odbc/dsn-connection-string-attribute
"""

import re

from dpone_compiler.runtime.connections.resolve import ConnectionProblem, ConnectionUrl

DRIVER = "ODBC Driver 18 for SQL Server"
_KEY = re.compile(r"[A-Za-z][A-Za-z_ ]*")
_OURS = ("driver", "login_timeout")
_LOGIN_SECONDS = 15


def login_timeout(url: ConnectionUrl) -> int:
    """Seconds to wait for a server that does not answer."""
    said = url.query.get("login_timeout", str(_LOGIN_SECONDS))
    if not said.isdigit() or not int(said):
        raise ConnectionProblem(
            "DP603", f"login_timeout of connection '{url.connection_id}' is not a number of seconds"
        )
    return int(said)


def connection_string(url: ConnectionUrl) -> str:
    """The string for SQLDriverConnect; it holds the password, so it goes nowhere else."""
    driver = url.query.get("driver", DRIVER)
    words = {"DRIVER": driver, **_server(url, driver)}
    if url.path.strip("/"):
        words["DATABASE"] = url.path.strip("/")
    if url.user:
        words |= {"UID": url.user, "PWD": url.password}
    elif not any(key.lower() in ("authentication", "trusted_connection") for key in url.query):
        words["Trusted_Connection"] = "yes"
    for key, value in url.query.items():
        if key.lower() in _OURS:
            continue
        if not _KEY.fullmatch(key):
            raise ConnectionProblem("DP603", f"connection '{url.connection_id}' has a key that is no word of ODBC")
        words[key] = value
    words.setdefault("APP", "dponec")
    return ";".join(f"{key}={_braced(value)}" for key, value in words.items())


def address(url: ConnectionUrl) -> tuple[str, int] | None:
    """Host and port, unless the driver is told where the server is in words of its own."""
    if any(key.lower() == "server" for key in url.query):
        return None
    return url.host or "localhost", url.port or 1433


def is_freetds(driver: str) -> bool:
    """FreeTDS names port and protocol in words of its own."""
    return "freetds" in driver.lower() or "tdsodbc" in driver.lower()


def _server(url: ConnectionUrl, driver: str) -> dict[str, str]:
    place = address(url)
    if place is None:
        return {}
    host, port = place
    if is_freetds(driver):
        # 7.4 is the protocol of SQL Server 2012 and later: https://www.freetds.org/userguide/ChoosingTdsProtocol.html
        return {"SERVER": host, "PORT": str(port), "TDS_Version": "7.4", "ClientCharset": "UTF-8"}
    return {"SERVER": f"tcp:{host},{port}"}


def _braced(value: str) -> str:
    """A closing brace is doubled; all other characters mean themselves between braces."""
    return value if re.fullmatch(r"[A-Za-z0-9_./:,-]*", value) else "{" + value.replace("}", "}}") + "}"
