"""A clickhouse:// URL as the driver's arguments, the session's settings and the client's configuration."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from dpone_compiler.runtime.connections.clickhouse_address import arguments, client_configuration, settings
from dpone_compiler.runtime.connections.resolve import ConnectionProblem, parse_url

_PLAIN = {"host": "h", "port": 9000, "user": "u", "password": "p<&", "database": "db"}


def test_keys_about_tls_are_the_connections_and_all_others_are_settings() -> None:
    url = parse_url("ch", "clickhouse://u:p%3C%26@h/db?secure=1&verify=no&ca_certs=%2Fca+1.pem&max_threads=2")
    secure = {"secure": True, "verify": False, "ca_certs": "/ca 1.pem"}
    assert arguments(url) == {**_PLAIN, "port": 9440, **secure}
    assert settings(url) == {"max_threads": "2"}


@pytest.mark.parametrize(
    ("query", "port"), [("", 9000), ("?secure=0", 9000), ("?secure=1", 9440), ("?secure=True", 9440)]
)
def test_the_usual_port(query: str, port: int) -> None:
    assert arguments(parse_url("ch", f"clickhouse://h/db{query}"))["port"] == port
    assert arguments(parse_url("ch", f"clickhouse://h:1/db{query}"))["port"] == 1


@pytest.mark.parametrize(
    "query", ["verify=1", "ca_certs=/ca.pem", "secure=0&verify=0", "secure=maybe", "secure=", "secure=1&verify=x"]
)
def test_what_cannot_be_meant_is_refused_and_shows_nothing(query: str) -> None:
    with pytest.raises(ConnectionProblem, match="DP603") as caught:
        arguments(parse_url("ch", f"clickhouse://u:s3ntinel@h/db?{query}"))
    assert "s3ntinel" not in str(caught.value)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("secure=1", ("strict", "true", None, "RejectCertificateHandler")),
        ("secure=1&ca_certs=/a%26b", ("strict", None, "/a&b", "RejectCertificateHandler")),
        ("secure=1&verify=0&ca_certs=/a", ("none", None, None, "AcceptCertificateHandler")),
    ],
)
def test_the_clients_configuration_says_what_is_trusted(query: str, said: tuple[str | None, ...]) -> None:
    made = ET.fromstring(client_configuration(arguments(parse_url("ch", f"clickhouse://h/db?{query}"))))
    names = ("verificationMode", "loadDefaultCAFile", "caConfig", "invalidCertificateHandler/name")
    assert tuple(made.findtext(f"openSSL/client/{name}") for name in names) == said
    assert made.findtext("secure") == "1"


def test_without_tls_the_configuration_says_nothing_of_it() -> None:
    made = ET.fromstring(client_configuration(arguments(parse_url("ch", "clickhouse://u:p%3C%26@h/db"))))
    assert {each.tag: each.text for each in made} == {name: str(value) for name, value in _PLAIN.items()}
