"""Something else answers where ClickHouse is looked for: a web page, an empty answer, a table that is none."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dpone_compiler.driver.shell import render_run_sh
from dpone_compiler.runtime.connections.open import open_session
from dpone_compiler.runtime.connections.resolve import parse_url
from dpone_compiler.runtime.connections.session import EngineError
from tests.hand_bundle import write_hand_bundle

PAGES = {
    "page": "<html>\n<body>\n<p>It works</p>\n</body>\n",
    "ragged": "a\tb\nString\n1\t2\t3\n",
    "empty": "",
    "line": "hello",
    "headers": "version()\nString\n",
    "arithmetic": "a[$(touch stranger)]",
}


@pytest.fixture
def stranger(request: pytest.FixtureRequest) -> Iterator[str]:
    """A web server that gives one page to everybody; its address."""

    class Page(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            if self.headers.get("Content-Length"):
                self.rfile.read(int(self.headers["Content-Length"]))
            elif self.headers.get("Transfer-Encoding"):
                while size := int(self.rfile.readline(), 16):
                    self.rfile.read(size + 2)
                self.rfile.readline()
            said = PAGES[request.param].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on stderr."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"clickhouse+http://127.0.0.1:{server.server_port}/db"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("stranger", PAGES, indirect=True)
def test_a_session_is_not_opened(stranger: str) -> None:
    with pytest.raises(EngineError, match=r"no ClickHouse server|not a table"):
        open_session(parse_url("ch", stranger))


@pytest.mark.parametrize("stranger", PAGES, indirect=True)
def test_run_sh_stops(stranger: str, tmp_path: Path) -> None:
    """And nothing of the answer is evaluated."""
    text = render_run_sh(write_hand_bundle(tmp_path / "b"))
    parts = ("# ---- ends", "# ---- Postgres"), ("# ---- ClickHouse", "# ---- the protocol")
    functions = "\n".join(text[text.index(start) : text.index(end)] for start, end in parts)
    script = f"""set -euo pipefail
export LC_ALL=C
declare -A P=()
NAME=x STEP=start CHANGED='' TOLD='' TMP='' JOB='' JOURNAL='' LEASED='' GIVEBACK='' SELF=run.sh
exec {{PULSE}}>/dev/null
{functions}
connect target clickhouse ch
"""
    environ = {"PATH": "/usr/bin:/bin", "DPONE_CONN_CH": stranger}
    argv = ("bash", "-c", script)
    done = subprocess.run(argv, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "DP424" in done.stderr) == (1, True), done.stderr
    assert not (tmp_path / "stranger").exists()
