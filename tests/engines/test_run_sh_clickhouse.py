"""The ClickHouse half of run.sh: parameters become literals that the server reads back exactly, on Debian's 18.16."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dpone_compiler.driver.shell import render_run_sh
from dpone_compiler.embedded.clickhouse_legacy import ClickHouseServer
from tests.hand_bundle import write_hand_bundle

VALUES = (
    "plain",
    "it's",
    "back\\slash and \\n and \\'",
    "line\nline\ttab",
    "x') ; DROP TABLE t -- ",
    "$(id) `id` ${HOME} {v:String}",
    '\N{SNOWMAN} "double" %s %b',
    "",
)


def _functions(tmp_path: Path) -> str:
    text = render_run_sh(write_hand_bundle(tmp_path / "b"))
    start, end = text.index("# ---- ClickHouse"), text.index("# ---- the protocol")
    return text[start:end]


@pytest.mark.parametrize("value", VALUES)
def test_a_literal_is_read_back_exactly(clickhouse_server: ClickHouseServer, tmp_path: Path, value: str) -> None:
    port = clickhouse_server.native_url_for("default").rpartition(":")[2].partition("/")[0]
    body = tmp_path / "body.sql"
    body.write_text(
        "-- the vendors' own: {v:String} stays\nSELECT hex({v:String}), '{v:String}', hex('a''b{v:String}'), length({l:Array(String)})\n"
    )
    config = f"<config><host>127.0.0.1</host><port>{port}</port></config>\n"
    (tmp_path / "clickhouse.xml").write_text(config)
    script = f"""set -euo pipefail
export LC_ALL=C
declare -A P=([v]="$1" [l]='["a", "b\\"c", "d\\\\e"]')
TMP={tmp_path} CH_LEGACY=1
{_functions(tmp_path)}
ch_bind {body}
ch </dev/null
"""
    done = subprocess.run(
        ("bash", "-c", script, "bash", value), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    read, kept, inner, length = done.stdout.rstrip("\n").split("\t")
    assert bytes.fromhex(read).decode() == value
    assert (kept, bytes.fromhex(inner).decode(), length) == ("{v:String}", "a'b{v:String}", "3")
