"""run.sh when clients are missing, lie, or break off: it stops before the target changes and says what to type next.

Into SQL Server the clients are stand-ins (see test_run_sh_mssql.py) before a real Postgres; psql is the real one behind a wrapper.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from dpone_compiler.driver.output import write_bundle
from tests.compiled_bundles import bundle
from tests.engine_fixtures import FreshDatabase
from tests.engines.test_run_sh_mssql import NASTY, ORDERS, Lab

TOOLS = (
    "bash",
    "cat",
    "cp",
    "curl",
    "cut",
    "date",
    "dd",
    "dirname",
    "flock",
    "head",
    "iconv",
    "mkdir",
    "mktemp",
    "mv",
    "psql",
    "realpath",
    "rm",
    "sed",
    "sha256sum",
    "sleep",
    "sqlcmd",
    "bcp",
    "clickhouse-client",
    "tail",
    "tr",
    "wc",
)
# Everything but the rows of the COPY goes through untouched.
PSQL = r"""
import os, subprocess, sys
words, mode = [os.environ["STANDIN_PSQL"], *sys.argv[1:]], os.environ.get("STANDIN_MODE", "")
copies = any("TO STDOUT" in word and "status" in word for word in words)
if mode == "too long" and copies:
    print("ERROR:  54000: string buffer exceeds maximum allowed length (1073741823 bytes)", file=sys.stderr)
    sys.exit(3)
if not (mode in ("cut", "no end") and copies):
    os.execv(words[0], words)
done = subprocess.run(words, stdout=subprocess.PIPE)
rows = done.stdout.splitlines(keepends=True)
sys.stdout.buffer.write(b"".join(rows[:-1]) if mode == "cut" else done.stdout[:-3])
sys.exit(done.returncode)
"""
ICONV = r"""
import sys
rows = open(sys.argv[-1], encoding="utf-8").read().splitlines(keepends=True)
sys.stdout.buffer.write("".join(rows[:-1]).encode("utf-16-le"))
"""
BCP = r"""
import os, sys
print("SQLState = 42000, NativeError = " + os.environ["STANDIN_ERROR"])
print("Error = [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]no permission")
sys.exit(1)
"""


@pytest.fixture
def lab(tmp_path: Path, pg_wheel_db: FreshDatabase) -> Lab:
    source = pg_wheel_db()
    _fill(source, NASTY)
    made = Lab(tmp_path, source)
    made.environ["STANDIN_PSQL"] = str(shutil.which("psql"))
    return made


def _fill(source: str, statuses: list[str]) -> None:
    with psycopg.connect(source, autocommit=True) as session:
        session.execute(ORDERS.encode())
        for number, status in enumerate(statuses):
            session.execute("INSERT INTO shop.orders VALUES (%s, '2026-01-01', '2026-01-01', 1, %s)", (number, status))


def put(lab: Lab, name: str, code: str) -> None:
    """A stand-in of this name before all others."""
    tool = lab.folder / "bin" / name
    tool.write_text(f"#!{sys.executable}\n{code}", encoding="utf-8")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)


def stopped(lab: Lab, code: str, said: str, **more: str) -> str:
    """Run; it must stop with this code before the finalizer, and say what to type next."""
    done = lab.run(**more)
    assert done.returncode != 0
    assert f": {code}: " in done.stderr and said in done.stderr, done.stderr
    assert "next: " in done.stderr
    calls = lab.calls() if lab.log.exists() else []
    assert not any(["fence-finalize", ""] in call.get("steps", []) for call in calls)  # type: ignore[operator]
    return done.stderr


@pytest.mark.parametrize("missing", ["psql", "sqlcmd", "bcp"])
def test_a_client_that_is_missing_is_named_before_anything_is_called(missing: str, lab: Lab) -> None:
    said = stopped(lab, "DP606", f"{missing} is not installed", PATH=_without(lab.folder, missing))
    assert "next: dponec run " in said
    assert not lab.log.exists()


@pytest.mark.parametrize(("missing", "scheme"), [("clickhouse-client", "clickhouse"), ("curl", "clickhouse+http")])
def test_a_client_of_clickhouse_that_is_missing_is_named(missing: str, scheme: str, tmp_path: Path) -> None:
    write_bundle(bundle("full_ch"), tmp_path)
    environ = {
        "PATH": _without(tmp_path, missing),
        "DPONE_CONN_CASE_PG": "postgresql://127.0.0.1:1/x",
        "DPONE_CONN_CASE_CH": f"{scheme}://127.0.0.1:1/dwh",
    }
    words = ("bash", str(tmp_path / "full_ch" / "run.sh"))
    done = subprocess.run(words, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, f"DP606: {missing} is not installed" in done.stderr) == (1, True), done.stderr
    assert "next: dponec run " in done.stderr


def test_what_psql_cannot_do_is_refused_before_the_first_step(tmp_path: Path, pg_wheel_db: FreshDatabase) -> None:
    """In a database that holds nothing, where every step would fail."""
    write_bundle(bundle("cdc_slot_pg"), tmp_path)
    url = pg_wheel_db()
    environ = {**os.environ, "DPONE_CONN_CASE_CHANGES": url, "DPONE_CONN_CASE_CHANGED": url}
    words = ("bash", str(tmp_path / "cdc_slot_pg" / "run.sh"))
    done = subprocess.run(words, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "DP433: psql can neither hold an exported snapshot" in done.stderr) == (1, True), (
        done.stderr
    )
    assert "next: dponec run " in done.stderr


def _without(folder: Path, missing: str) -> str:
    """A PATH that holds all that run.sh calls, but this one."""
    place = folder / "path"
    place.mkdir()
    search = f"{folder / 'bin'}:{os.environ['PATH']}"
    for name in TOOLS:
        found = shutil.which(name, path=search)
        if name != missing and found:
            (place / name).symlink_to(found)
    return str(place)


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("cut", "the source counted 3 rows and the work file holds 2"),
        ("no end", "the work file ends in the middle of a row"),
    ],
)
def test_a_work_file_that_was_cut_is_seen_before_bcp(mode: str, said: str, lab: Lab) -> None:
    put(lab, "psql", PSQL)
    stopped(lab, "DP431", said, STANDIN_MODE=mode)


def test_a_file_that_was_cut_on_its_way_to_utf_16_is_seen_by_the_count(lab: Lab) -> None:
    put(lab, "iconv", ICONV)
    stopped(lab, "DP431", "rows and bcp copied")


def test_a_row_that_is_longer_than_a_copy_may_carry_stops_at_the_source(lab: Lab) -> None:
    put(lab, "psql", PSQL)
    stopped(lab, "DP424", "54000", STANDIN_MODE="too long")


@pytest.mark.parametrize("error", ["1088", "4834", "229"])
def test_a_login_that_may_not_load_staging_is_a_matter_of_permission(error: str, lab: Lab) -> None:
    put(lab, "bcp", BCP)
    said = stopped(lab, "DP423", f"SQL Server says {error}: not ", STANDIN_ERROR=error)
    assert "permitted" in said


def test_a_login_without_alter_on_staging_stops_where_staging_is_made(lab: Lab) -> None:
    says = "Msg 2760, Level 16, State 1, Server s, Line 9\nno schema; 1 rows of this run's scope"
    said = stopped(lab, "DP423", "ALTER on the staging schema", STANDIN_FAIL="create-left", STANDIN_SAYS=says)
    assert "stopped at check-values-left" in said
    assert not any("bcp" in call for call in lab.calls())


def test_text_of_another_code_page_never_reaches_bcp(lab: Lab, pg_wheel_db: FreshDatabase) -> None:
    """A database of SQL_ASCII gives bytes as they are, whatever encoding the client asks for."""
    address = urlsplit(pg_wheel_db())
    with psycopg.connect(address.geturl(), autocommit=True) as session:
        session.execute(
            "CREATE DATABASE dponec_ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
    source = address._replace(path="/dponec_ascii").geturl()
    try:
        with psycopg.connect(source, autocommit=True) as session:
            session.execute(ORDERS.encode())
            session.execute(rb"INSERT INTO shop.orders VALUES (1, '2026-01-01', '2026-01-01', 1, E'caf\351')")
        done = lab.run(DPONE_CONN_CASE_PG=source)
        assert done.returncode != 0
        assert "DP424: [22021] a value does not fit (not shown)" in done.stderr
        assert "next: " in done.stderr
        calls = lab.calls() if lab.log.exists() else []
        assert not any("caf" in str(call.get("rows", "")) for call in calls)
        assert not any(["fence-finalize", ""] in call.get("steps", []) for call in calls)  # type: ignore[operator]
    finally:
        with psycopg.connect(address.geturl(), autocommit=True) as session:
            session.execute("DROP DATABASE dponec_ascii WITH (FORCE)")
