"""Connections are found by name, and no secret of theirs is ever shown."""

from pathlib import Path

import pytest

from dpone_compiler.runtime.connections import ConnectionProblem, check_clashes, resolve_connection, variable_name

SECRET = "p%40ss-w0rd"
URL = f"postgresql://me:{SECRET}@db.example:5433/sales?sslpassword={SECRET}"


def test_environment_comes_first(tmp_path: Path) -> None:
    (tmp_path / "connections.yaml").write_text("src.pg: clickhouse://other/x\n")
    url = resolve_connection("src.pg", environ={"DPONE_CONN_SRC_PG": URL}, file=tmp_path)
    assert (url.scheme, url.host, url.port, url.user, url.password) == (
        "postgresql",
        "db.example",
        5433,
        "me",
        "p@ss-w0rd",
    )


def test_secret_is_in_no_text() -> None:
    url = resolve_connection("a", environ={"DPONE_CONN_A": URL})
    for text in (repr(url), str(url), url.redacted(), f"{url}"):
        assert SECRET not in text
        assert "me" not in text.split("db.example")[0].replace("scheme", "").split("://")[-1]
    assert url.redacted() == "postgresql://db.example:5433/sales"


@pytest.mark.parametrize("entry", ['"postgresql://u:${PW}@h/d"', '{url: "postgresql://u:${PW}@h/d"}'])
def test_file_with_references(tmp_path: Path, entry: str) -> None:
    (tmp_path / "connections.yaml").write_text(f"wh: {entry}\n")
    assert resolve_connection("wh", environ={"PW": "x"}, file=tmp_path).password == "x"
    with pytest.raises(ConnectionProblem, match="PW") as caught:
        resolve_connection("wh", environ={}, file=tmp_path / "connections.yaml")
    assert caught.value.code == "DP605"


@pytest.mark.parametrize("raw", [f"postgresql://u:{SECRET}@[::1/x", f"{SECRET}", f"postgresql:{SECRET}"])
def test_malformed_urls_are_refused_without_being_quoted(raw: str) -> None:
    with pytest.raises(ConnectionProblem) as caught:
        resolve_connection("a", environ={"DPONE_CONN_A": raw})
    assert caught.value.code == "DP603"
    assert SECRET not in str(caught.value) + repr(caught.value)
    assert caught.value.__cause__ is None


def test_broken_file_names_the_line_and_quotes_nothing(tmp_path: Path) -> None:
    (tmp_path / "connections.yaml").write_text(f"a: ok\nb: [{SECRET}\n")
    with pytest.raises(ConnectionProblem, match="line") as caught:
        resolve_connection("a", environ={}, file=tmp_path)
    assert SECRET not in str(caught.value)


def test_missing_and_clashing_names() -> None:
    assert variable_name("src-pg.é") == "DPONE_CONN_SRC_PG__"
    with pytest.raises(ConnectionProblem, match="DPONE_CONN_NO_SUCH"):
        resolve_connection("no-such", environ={})
    check_clashes(["a", "b", "a"])
    with pytest.raises(ConnectionProblem, match="'a-b' and 'a_b' both read DPONE_CONN_A_B"):
        check_clashes(["a-b", "c", "a_b"])
