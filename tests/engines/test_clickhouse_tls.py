"""clickhouse://…?secure=1: TLS from the first byte, before any user or password, by the driver, by clickhouse-client and by run.sh."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from dpone_compiler.driver.shell import render_run_sh
from dpone_compiler.embedded.clickhouse_legacy import ClickHouseServer
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import parse_url
from dpone_compiler.runtime.connections.session import Chunk, EngineError
from tests.engines.tls_standin import HELLO, Certificate, TlsStandIn, certificate
from tests.hand_bundle import write_hand_bundle

_SECRET = b"s3ntinel-Pa55word"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate of our own."""
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def front(clickhouse_server: ClickHouseServer, ours: Certificate) -> Iterator[TlsStandIn]:
    """TLS in front of the server's native port."""
    with TlsStandIn(clickhouse_server.native_port, ours) as stand_in:
        yield stand_in


def _url(front: TlsStandIn, query: str, login: str = "") -> str:
    return f"clickhouse://{login}localhost:{front.port}/default?{query}"


def _trusting(ours: Certificate) -> str:
    return f"secure=1&ca_certs={quote(str(ours.path))}&max_threads=1"


@pytest.mark.parametrize("by", ["the vendor's client", "the driver"])
def test_rows_go_through_tls_alone(
    front: TlsStandIn, ours: Certificate, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "the driver":
        monkeypatch.setattr(shutil, "which", lambda _: None)
    with closing(open_session(parse_url("ch", _url(front, _trusting(ours))))) as session:
        session.run("DROP TABLE IF EXISTS tls; CREATE TABLE tls (a Int32) ENGINE = Memory", {})
        assert session.copy_in("INSERT INTO tls FORMAT TabSeparated", {}, [Chunk(b"1\n2\n", 2)]) == 2
        assert session.run("SELECT a FROM tls ORDER BY a", {}).rows == (("1",), ("2",))
        assert session.run("SELECT value FROM system.settings WHERE name = 'max_threads'", {}).rows == (("1",),)
        session.cancel()
    assert len(front.openings) == 3, "the session, the rows, and what cancels"
    assert set(front.openings) == {HELLO}


@pytest.mark.parametrize("query", ["secure=1", "secure=true&ca_certs={other}", "secure=1&verify=1&ca_certs=/nowhere"])
def test_a_certificate_that_is_not_trusted_is_told_no_password(front: TlsStandIn, tmp_path: Path, query: str) -> None:
    other = certificate(tmp_path, "other")
    url = _url(front, query.format(other=other.path), f"loader:{_SECRET.decode()}@")
    with pytest.raises(EngineError, match="cannot be reached"):
        open_session(parse_url("ch", url))
    assert set(front.openings) <= {HELLO}
    assert front.heard == []


def test_any_certificate_is_taken_when_that_is_asked_for(front: TlsStandIn) -> None:
    with closing(open_session(parse_url("ch", _url(front, "secure=1&verify=0")))) as session:
        assert session.run("SELECT 1", {}).rows == (("1",),)
    assert front.openings == [HELLO]


def _connected(tmp_path: Path, url: str) -> subprocess.CompletedProcess[str]:
    """A statement by run.sh's own functions."""
    text = render_run_sh(write_hand_bundle(tmp_path / "b"))
    parts = ("# ---- ends", "# ---- Postgres"), ("# ---- ClickHouse", "# ---- the protocol")
    functions = "\n".join(text[text.index(start) : text.index(end)] for start, end in parts)
    script = f"""set -euo pipefail
export LC_ALL=C
declare -A P=()
NAME=tls STEP=start CHANGED='' TOLD='' TMP='' JOB='' JOURNAL='' LEASED='' GIVEBACK='' SELF=run.sh
exec {{PULSE}}>/dev/null
{functions}
connect target clickhouse ch
CH_QUERY='SELECT 41 + 1'
work ch_rows "$TMP/answer" --format TabSeparated
cat "$TMP/answer"
"""
    argv, environ = ("bash", "-c", script), {"PATH": "/usr/bin:/bin:/usr/sbin", "DPONE_CONN_CH": url}
    return subprocess.run(argv, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)


def test_run_sh_speaks_tls(front: TlsStandIn, ours: Certificate, tmp_path: Path) -> None:
    done = _connected(tmp_path, _url(front, _trusting(ours)))
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    done = _connected(tmp_path, _url(front, "secure=on&verify=off"))
    assert (done.returncode, done.stdout) == (0, "42\n"), done.stderr
    assert set(front.openings) == {HELLO}


def test_run_sh_tells_no_password_to_who_is_not_trusted(front: TlsStandIn, tmp_path: Path) -> None:
    done = _connected(tmp_path, _url(front, "secure=1", f"loader:{_SECRET.decode()}@"))
    assert done.returncode != 0
    assert front.openings == [HELLO]
    assert front.heard == []


@pytest.mark.parametrize(
    "query", ["ca_certs=/etc/ssl/ours.pem", "verify=1", "secure=0&verify=1", "secure=maybe", "secure="]
)
def test_run_sh_refuses_what_cannot_be_meant(clickhouse_server: ClickHouseServer, tmp_path: Path, query: str) -> None:
    done = _connected(tmp_path, f"clickhouse://localhost:1/default?{query}")
    assert (done.returncode, "DP603" in done.stderr) == (1, True), done.stderr
