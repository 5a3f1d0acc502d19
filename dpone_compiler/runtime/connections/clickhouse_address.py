"""A clickhouse:// URL as the driver and the vendor's client take it: keys about TLS are the connection's, all others are settings.

`clickhouse://user:password@host:9440/database?secure=1&ca_certs=/etc/ssl/ours.pem`. With `secure=1` the first byte is TLS and the usual
port is 9440; `verify=0` takes any certificate. The names are clickhouse-driver's
(https://clickhouse-driver.readthedocs.io/en/latest/api.html#connection).
"""

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from dpone_compiler.runtime.connections.resolve import ConnectionProblem, ConnectionUrl

_PORT, _TLS_PORT = 9000, 9440
_OF_CERTIFICATES = ("verify", "ca_certs")
_FLAGS = {**dict.fromkeys(("1", "true", "yes", "on"), True), **dict.fromkeys(("0", "false", "no", "off"), False)}


def arguments(url: ConnectionUrl) -> dict[str, Any]:
    """For clickhouse_driver.Client. Raises ConnectionProblem for keys about TLS that cannot be meant."""
    secure = _flag(url, "secure", usually=False)
    found: dict[str, Any] = {
        "host": url.host or "localhost",
        "port": url.port or (_TLS_PORT if secure else _PORT),
        "user": url.user or "default",
        "password": url.password,
        "database": url.path.strip("/") or "default",
    }
    if secure:
        trusted = url.query.get("ca_certs", "")
        found |= {"secure": True, "verify": _flag(url, "verify", usually=True)}
        return found | ({"ca_certs": trusted} if trusted else {})
    if any(name in url.query for name in _OF_CERTIFICATES):
        problem = (
            f"connection '{url.connection_id}' says how a certificate is checked, and the password would go in clear"
        )
        raise ConnectionProblem("DP603", problem, "add secure=1")
    return found


def settings(url: ConnectionUrl) -> dict[str, str]:
    """What the URL sets for the session."""
    return {name: value for name, value in url.query.items() if name not in ("secure", *_OF_CERTIFICATES)}


def client_configuration(arguments: Mapping[str, Any]) -> str:
    """config.xml of clickhouse-client for `arguments`. Without a word Poco asks the terminal about a certificate that it does not trust
    (https://docs.pocoproject.org/current/Poco.Net.SSLManager.html)."""
    parts = [_element(name, escape(str(arguments[name]))) for name in ("host", "port", "user", "password", "database")]
    if arguments.get("secure"):
        parts += [_element("secure", "1"), _element("openSSL", _element("client", _certificates(arguments)))]
    return _element("config", "".join(parts))


def _certificates(arguments: Mapping[str, Any]) -> str:
    trusted = str(arguments.get("ca_certs", ""))
    said = {"verificationMode": "none", "invalidCertificateHandler": _element("name", "AcceptCertificateHandler")}
    if arguments["verify"]:
        said = {
            "verificationMode": "strict",
            "extendedVerification": "true",
            "invalidCertificateHandler": _element("name", "RejectCertificateHandler"),
            **({"caConfig": escape(trusted)} if trusted else {"loadDefaultCAFile": "true"}),
        }
    return "".join(_element(name, content) for name, content in said.items())


def _element(name: str, content: str) -> str:
    return "".join(("<", name, ">", content, "</", name, ">"))


def _flag(url: ConnectionUrl, name: str, *, usually: bool) -> bool:
    said = url.query.get(name)
    if said is None:
        return usually
    if said.lower() not in _FLAGS:
        raise ConnectionProblem("DP603", f"{name} of connection '{url.connection_id}' is neither 1 nor 0")
    return _FLAGS[said.lower()]
